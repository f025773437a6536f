import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunHandle, RunNotCompleted } from 'pawl';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { orderFulfilment } from '../../workflows/index.ts';
import type { order } from '../../workflows/order/order.ts';
import { openExamples } from './open-examples.ts';

type OrderInput = z.input<typeof order>;

const examples = openExamples();

async function sample(file: string, changes: Partial<OrderInput> = {}): Promise<OrderInput> {
  const input = JSON.parse(await readFile(join('events', file), 'utf8')) as OrderInput;
  return { ...input, pace: 0, outDir: examples.outDir, ...changes };
}

async function failureOf(run: RunHandle): Promise<RunNotCompleted['run']> {
  const error = await run.result().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RunNotCompleted);
  return (error as RunNotCompleted).run;
}

/** What lies in the order's folder. */
async function filesOf(orderId: string): Promise<string[]> {
  const entries = await readdir(join(examples.outDir, orderId), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

async function compensations(id: string): Promise<string[]> {
  const done = (await examples.history(id)).filter(({ type }) => type === 'task_completed');
  return done.map(({ key }) => String(key)).filter((key) => key.startsWith('compensate:'));
}

describe('an order below the approval limit', () => {
  test('is reserved, charged and shipped', async () => {
    const run = await examples.pawl.start(orderFulfilment, await sample('order.json'));
    const output = await run.result();
    expect(output).toMatchObject({
      orderId: '2026-0001',
      netCents: 32_840,
      taxPercent: 19,
      taxCents: 6_240,
      totalCents: 39_080,
      tracking: [1, 2, 3, 4, 5, 6].map((number) => `2026-0001-00${number}`),
    });
    expect(output).not.toHaveProperty('approvedBy');
    const invoice = await readFile(output.invoice, 'utf8');
    expect(invoice).toContain('390.80 EUR');
    expect(await readFile(output.packingSlip, 'utf8')).toMatch(/A1 +1 × Desk lamp, oak\n.*A2 +1 × Chair/);
    expect(await filesOf('2026-0001')).toContain(`${output.chargeId}.json`);
    expect((await run.get()).report).toEqual({ stage: 'done', parcels: 6 });
  });

  test('ships the parcel whose label jammed at its second attempt', async () => {
    const run = await examples.pawl.start(orderFulfilment, await sample('order.json'));
    await run.result();
    const tasks = await examples.pawl.listTasks(run.id);
    expect(tasks.filter(({ key }) => key.startsWith('parcels/')).map(({ attempts }) => attempts)).toEqual(
      expect.arrayContaining([1, 1, 1, 2, 1, 1]),
    );
    expect(tasks.find(({ key }) => key === 'parcels/3/ship')).toMatchObject({ status: 'completed', attempts: 2 });
  });

  test('ships two parcels at a time', async () => {
    const run = await examples.pawl.start(orderFulfilment, await sample('order.json', { pace: 0.05 }));
    await run.result();
    const ships = (await examples.pawl.listTasks(run.id)).filter(({ key }) => key.startsWith('parcels/'));
    const spans = ships.map(
      ({ startedAt, endedAt }) => [Date.parse(startedAt ?? ''), Date.parse(endedAt ?? '')] as const,
    );
    const besides = spans.map(
      ([at], index) => spans.filter(([from, to], other) => other !== index && from <= at && at < to).length,
    );
    expect(Math.max(...besides)).toBe(1);
  });
});

describe('an order above the approval limit', () => {
  test('goes on when it is approved', async () => {
    const run = await examples.pawl.start(orderFulfilment, await sample('order-large.json'));
    await run.signal('approval', { approved: true, by: 'maria' });
    expect(await run.result()).toMatchObject({ approvedBy: 'maria', totalCents: 312_480 });
  });

  test('is charged only after the approval', async () => {
    const run = await examples.pawl.start(orderFulfilment, await sample('order-large.json'));
    await expect.poll(async () => (await run.get()).status).toBe('waiting');
    expect((await examples.pawl.listTasks(run.id)).map(({ key }) => key)).not.toContain('charge');
    expect((await run.get()).report).toEqual({ stage: 'waiting for approval', amount: '3124.80 EUR' });
    await run.signal('approval', { approved: true, by: 'maria' });
    await run.result();
  });

  test('releases the stock, last first, when it is denied', async () => {
    const run = await examples.pawl.start(orderFulfilment, await sample('order-large.json'));
    await run.signal('approval', { approved: false, by: 'maria', reason: 'over budget' });
    expect(await failureOf(run)).toMatchObject({
      status: 'failed',
      error: { name: 'ApprovalDenied', message: 'maria denied the order: over budget' },
    });
    expect(await compensations(run.id)).toEqual([3, 2, 1].map((number) => expect.stringContaining(`#${number}`)));
    expect(await filesOf('2026-0002')).toEqual([]);
  });

  test('releases the stock when nobody answers in time', async () => {
    const input = await sample('order-large.json', { approvalTimeout: '30ms' });
    const run = await examples.pawl.start(orderFulfilment, input);
    expect(await failureOf(run)).toMatchObject({ status: 'failed', error: { name: 'TimeoutError' } });
    expect(await filesOf('2026-0002')).toEqual([]);
  });

  test('fails, and gives everything back, on an answer of the wrong shape', async () => {
    const run = await examples.pawl.start(orderFulfilment, await sample('order-large.json'));
    await run.signal('approval', { approved: 'yes' });
    expect(await failureOf(run)).toMatchObject({ status: 'failed', error: { code: 'invalid_input' } });
    expect(await filesOf('2026-0002')).toEqual([]);
  });
});

describe('an order that fails', () => {
  test('at an unknown sku is not tried again and leaves nothing reserved', async () => {
    const { lines } = await sample('order.json');
    const input = await sample('order.json', {
      lines: [...lines.slice(0, 2), { sku: 'sofa', quantity: 1, priceCents: 1 }],
    });
    const run = await examples.pawl.start(orderFulfilment, input);
    const { error } = await failureOf(run);
    expect(error).toMatchObject({ name: 'NonRetryableError', message: 'The warehouse has no sofa' });
    const tasks = await examples.pawl.listTasks(run.id);
    expect(tasks.find(({ key }) => key === 'reserve:sofa')).toMatchObject({ status: 'failed', attempts: 1 });
    expect(await filesOf('2026-0001')).toEqual([]);
  });

  test('at more than the stock says what there is', async () => {
    const input = await sample('order.json', { lines: [{ sku: 'desk-ash', quantity: 7, priceCents: 1 }] });
    const run = await examples.pawl.start(orderFulfilment, input);
    expect((await failureOf(run)).error?.message).toBe('The warehouse has 6 of desk-ash, the order wants 7');
  });

  test('at the payment releases the stock', async () => {
    const run = await examples.pawl.start(orderFulfilment, await sample('order.json', { card: 'declined' }));
    expect((await failureOf(run)).error?.message).toBe('The card was declined');
    expect(await filesOf('2026-0001')).toEqual([]);
  });

  test('at shipping takes the parcels and the invoice back, refunds, then releases the stock in reverse order', async () => {
    const run = await examples.pawl.start(orderFulfilment, await sample('order.json', { failShipping: 'pen-blue' }));
    expect((await failureOf(run)).error?.message).toBe('The carrier refuses pen-blue');
    expect((await compensations(run.id)).map((key) => Number(key.split('#')[1]))).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect((await compensations(run.id))[0]).toContain('cancel-parcels');
    expect((await compensations(run.id))[1]).toContain('papers/invoice/write');
    expect((await compensations(run.id))[2]).toContain('charge');
    const files = await filesOf('2026-0001');
    expect(files).toContainEqual(expect.stringMatching(/-refund\.json$/));
    expect(files.filter((file) => file.startsWith('2026-0001-'))).toEqual([]);
  });

  test('because it was cancelled is undone as well', async () => {
    const run = await examples.pawl.start(orderFulfilment, await sample('order-large.json'));
    await expect.poll(async () => (await run.get()).status).toBe('waiting');
    await run.cancel('ordered twice');
    expect(await failureOf(run)).toMatchObject({ status: 'cancelled' });
    expect(await filesOf('2026-0002')).toEqual([]);
  });
});

test.each([
  ['no lines', { lines: [] }, 'lines'],
  ['an id that is no file name', { id: '../other' }, 'id'],
  ['an address that is none', { customer: { name: 'A', email: 'a', address: 'b', country: 'DE' } }, 'customer.email'],
  ['a quantity of none', { lines: [{ sku: 'pen-blue', quantity: 0, priceCents: 1 }] }, 'lines[0].quantity'],
] satisfies [string, Partial<OrderInput>, string][])('refuses %s, with the path', async (_what, changes, path) => {
  const start = examples.pawl.start(orderFulfilment, await sample('order.json', changes));
  await expect(start).rejects.toMatchObject({
    code: 'invalid_input',
    problems: [expect.objectContaining({ path })],
  });
});
