import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestPawl, replay, type TestPawl } from 'pawl/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadGraph } from '../../lib/graph/parse-graph.ts';
import { graphWorkflow } from '../../lib/graph/workflow.ts';
import { orderHandlers } from '../../workflows/order/handlers.ts';
import { orderFulfilment } from '../../workflows/order-fulfilment.ts';

const file = 'workflows/order-graph.yaml';
const orderGraph = graphWorkflow(loadGraph(await readFile(file, 'utf8'), { file }), { handlers: orderHandlers });

let t: TestPawl;
let outDir: string;
beforeEach(async () => {
  outDir = await mkdtemp(join(tmpdir(), 'pawl-graph-'));
  t = await createTestPawl({ workflows: [orderGraph, orderFulfilment] });
});
afterEach(async () => {
  await t.close();
  await rm(outDir, { recursive: true });
});

async function sample(name: string, changes: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  return { ...JSON.parse(await readFile(join('events', name), 'utf8')), pace: 0, outDir, ...changes };
}

/** What lies in the order's folder, but for names that are made anew in every run. */
async function files(orderId: string): Promise<string[]> {
  const entries = await readdir(join(outDir, orderId), { recursive: true, withFileTypes: true });
  return entries
    .flatMap((entry) => (entry.isFile() && !entry.parentPath.endsWith('payments') ? [entry.name] : []))
    .sort();
}

async function undone(run: Awaited<ReturnType<TestPawl['start']>>): Promise<string[]> {
  const done = (await run.history()).filter(({ type }) => type === 'task_completed').map(({ key }) => String(key));
  return done.filter((key) => key.startsWith('compensate:')).map((key) => key.slice('compensate:'.length));
}

describe('the order as a graph', () => {
  test('gives the same as the order in code, and leaves the same files', async () => {
    const inCode = (await (await t.start('order-fulfilment', await sample('order.json'))).result()) as object;
    const made = await files('2026-0001');
    await rm(join(outDir, '2026-0001'), { recursive: true });
    const run = await t.start(orderGraph, await sample('order.json'));
    const output = (await run.result()) as { chargeId: string };
    expect(output).toEqual({ ...inCode, chargeId: expect.stringMatching(/^\w+$/) });
    expect(await files('2026-0001')).toEqual(made);
    expect(made).toHaveLength(14);
    expect(await readdir(join(outDir, '2026-0001', 'payments'))).toEqual([`${output.chargeId}.json`]);
  });

  test.each(['order.json', 'order-large.json'])('computes the totals of %s as the code does', async (name) => {
    const results = await Promise.all(
      [orderGraph, orderFulfilment].map(async (flow) => {
        const run = await t.start(flow.name, await sample(name, { outDir: join(outDir, flow.name) }));
        await run.signal('approval', { approved: true, by: 'maria' });
        const {
          chargeId: _,
          packingSlip: _slip,
          invoice: _invoice,
          ...rest
        } = (await run.result()) as Record<string, unknown>;
        return rest;
      }),
    );
    expect(results[0]).toEqual(results[1]);
  });

  test('waits for an approval above the limit, and gives the stock back when it is denied', async () => {
    const run = await t.start(orderGraph, await sample('order-large.json'));
    expect((await run.get()).awaiting).toContainEqual(expect.objectContaining({ key: 'signal:approval' }));
    expect((await run.tasks()).map(({ key }) => key)).not.toContain('charge');
    await run.signal('approval', { approved: false, by: 'maria', reason: 'over budget' });
    expect(await run.ended()).toMatchObject({
      status: 'failed',
      error: { name: 'ApprovalDenied', message: 'maria denied the order: over budget' },
    });
    expect(await undone(run)).toEqual([
      'reservations[2]/reserve#3',
      'reservations[1]/reserve#2',
      'reservations[0]/reserve#1',
    ]);
    expect(await files('2026-0002')).toEqual([]);
  });

  test('gives the stock back when nobody answers, or answers with something else', async () => {
    const late = await t.start(orderGraph, await sample('order-large.json'));
    expect(await late.ended()).toMatchObject({ status: 'failed', error: { name: 'TimeoutError' } });
    const odd = await t.start(orderGraph, await sample('order-large.json'));
    await odd.signal('approval', { approved: 'yes' });
    expect(await odd.ended()).toMatchObject({ status: 'failed', error: { name: 'PayloadError' } });
    expect(await files('2026-0002')).toEqual([]);
  });

  test('takes parcels and invoice back, refunds, and releases the stock, in reverse order, when shipping fails', async () => {
    const run = await t.start(orderGraph, await sample('order.json', { failShipping: 'pen-blue' }));
    expect(await run.ended()).toMatchObject({ error: { message: 'The carrier refuses pen-blue' } });
    const keys = await undone(run);
    expect(keys.map((key) => Number(key.split('#')[1]))).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(keys.slice(0, 3).map((key) => key.split('#')[0])).toEqual(['shipment', 'papers/invoice', 'charge']);
    expect(await files('2026-0001')).toEqual(['packing-slip.txt']);
    expect(await readdir(join(outDir, '2026-0001', 'payments'))).toHaveLength(2);
  });

  test.each(['reservations[0]/reserve', 'charge', 'papers/invoice', 'parcels[5]/ship'])(
    'charges once though its process dies right after %s took effect',
    async (key) => {
      t.crashAt(key);
      const run = await t.start(orderGraph, await sample('order.json'));
      const output = await run.result();
      expect(output).toMatchObject({ totalCents: 39_080 });
      expect((await run.attempts(key)).map(({ outcome }) => outcome)).toEqual(['lost', 'completed']);
      expect(await readdir(join(outDir, '2026-0001', 'payments'))).toHaveLength(1);
      expect(await replay(orderGraph, JSON.parse(JSON.stringify(await run.export())))).toEqual({
        status: 'completed',
        output,
      });
    },
  );

  test('refuses an order that makes no sense, with the path', async () => {
    const lines = [{ sku: 'pen-blue', quantity: 0, priceCents: 1 }];
    await expect(t.start(orderGraph, await sample('order.json', { lines }))).rejects.toMatchObject({
      code: 'invalid_input',
      problems: [expect.objectContaining({ path: 'lines[0].quantity' })],
    });
  });
});
