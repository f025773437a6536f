import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestPawl, replay, type TestPawl } from 'pawl/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { collectWorkflows } from '../../lib/wiring/collect-workflows.ts';
import * as workflows from '../../workflows/index.ts';

const { nightlyReport, orderFulfilment } = workflows;

let t: TestPawl;
let outDir: string;
beforeEach(async () => {
  outDir = await mkdtemp(join(tmpdir(), 'pawl-crashes-'));
  t = await createTestPawl({ workflows: collectWorkflows({ ...workflows }) });
});
afterEach(async () => {
  await t.close();
  await rm(outDir, { recursive: true });
});

async function sample(file: string): Promise<Parameters<typeof orderFulfilment.parseInput>[0] & object> {
  return { ...JSON.parse(await readFile(join('events', file), 'utf8')), pace: 0, outDir };
}

async function payments(orderId: string): Promise<string[]> {
  return readdir(join(outDir, orderId, 'payments'));
}

describe('an order whose process dies right after a step took effect', () => {
  test.each(['reserve:lamp-oak', 'charge', 'papers/invoice/write', 'parcels/5/ship'])('%s', async (step) => {
    t.crashAt(step);
    const run = await t.start('order-fulfilment', await sample('order.json'));
    expect(await run.result()).toMatchObject({ totalCents: 39_080 });
    expect((await run.attempts(step)).map(({ outcome }) => outcome)).toEqual(['lost', 'completed']);
    expect(await payments('2026-0001')).toHaveLength(1);
    expect(await readdir(join(outDir, '2026-0001', 'labels'))).toHaveLength(6);
  });
});

test('a process that dies while it compensates leaves nothing undone and refunds once', async () => {
  t.failStep('parcels/2/ship', { error: new Error('no van') });
  t.crashAt('compensate:charge');
  const run = await t.start('order-fulfilment', await sample('order.json'));
  expect(await run.ended()).toMatchObject({ status: 'failed', error: { message: 'no van' } });
  expect(await payments('2026-0001')).toHaveLength(2);
  expect(await readdir(join(outDir, '2026-0001', 'reserved'))).toEqual([]);
});

test('an approval may come in the last minute, and not after', async () => {
  const run = await t.start('order-fulfilment', await sample('order-large.json'));
  await run.signal('approval', { approved: true, by: 'maria' }, { after: '9m' });
  expect(await run.result()).toMatchObject({ approvedBy: 'maria' });

  const late = await t.start('order-fulfilment', await sample('order-large.json'));
  await late.signal('approval', { approved: true, by: 'maria' }, { after: '11m' });
  expect(await late.ended()).toMatchObject({ status: 'failed', error: { name: 'TimeoutError' } });
});

test('the report waits six hours for late tills, and a store whose process dies is read again', async () => {
  t.crashAt('read', { workflow: 'store-sales' });
  const run = await t.start(nightlyReport, { date: '2026-03-01', settle: '6h', outDir });
  expect(await run.result()).toMatchObject({ stores: 3, receipts: 104 });
  const { createdAt, closedAt } = await run.get();
  expect(Date.parse(closedAt ?? '') - Date.parse(createdAt)).toBeGreaterThanOrEqual(6 * 3_600_000);
});

test('a recorded order replays to the same output', async () => {
  const run = await t.start('order-fulfilment', await sample('order.json'));
  const output = await run.result();
  expect(await replay(orderFulfilment, await run.export())).toEqual({ status: 'completed', output });
});
