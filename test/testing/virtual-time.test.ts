import { workflow } from 'pawl';
import { createTestPawl, RunStillOpen } from 'pawl/testing';
import { describe, expect, test } from 'vitest';
import { largeOrder, order, smallOrder } from './order-workflow.ts';

const day = 86_400_000;

describe('time passes only when a test lets it', () => {
  test('a sleep of 30 days passes at once when the result is asked for', async () => {
    const t = await createTestPawl({ workflows: [order], now: '2031-05-01' });
    const run = await t.start(order, smallOrder);

    expect(await run.result()).toEqual({ payment: { paid: 10 }, shipped: ['nut is out', 'bolt is out'] });
    expect(new Date(t.now()).toISOString()).toBe('2031-05-31T00:00:00.000Z');
  });

  test('a run does what it can without time, and then waits', async () => {
    const t = await createTestPawl({ workflows: [order] });
    const before = t.now();
    const run = await t.start(order, smallOrder);

    expect(await run.get()).toMatchObject({ status: 'waiting', awaiting: [{ key: 'sleep:return-period' }] });
    expect(t.now()).toBe(before);
  });

  test('advance moves time by exactly so much', async () => {
    const t = await createTestPawl({ workflows: [order] });
    const before = t.now();
    const run = await t.start(order, smallOrder);

    await t.advance('29d');
    expect((await run.get()).status).toBe('waiting');
    await t.advance('1d');
    expect((await run.get()).status).toBe('completed');
    expect(t.now()).toBe(before + 30 * day);
  });

  test('advance passes deadlines too', async () => {
    const t = await createTestPawl({ workflows: [order] });
    const run = await t.start(order, largeOrder);

    await t.advance('91d');
    expect(await run.get()).toMatchObject({ status: 'failed', error: { name: 'TimeoutError' } });
  });

  test('timers of many runs fire in the order of their times', async () => {
    const woken: string[] = [];
    const sleeper = workflow({ name: 'sleeper' }, async (ctx, input: { name: string; for: `${number}h` }) => {
      await ctx.sleep(input.for);
      await ctx.step('wake', () => woken.push(`${input.name} at ${t.now() - began}`));
    });
    const t = await createTestPawl({ workflows: [sleeper] });
    const began = t.now();
    const hour = 3_600_000;
    const slow = await t.start(sleeper, { name: 'slow', for: '2h' });
    await t.start(sleeper, { name: 'fast', for: '1h' });

    await slow.result();
    expect(woken).toEqual([`fast at ${hour}`, `slow at ${2 * hour}`]);
  });

  test('105 timers side by side each fire at their time', async () => {
    const many = workflow({ name: 'many' }, (ctx) =>
      ctx.map(
        'timers',
        Array.from({ length: 105 }, (_, index) => 105 - index),
        async (hours, scope) => {
          await scope.sleep(hours * 3_600_000);
          return scope.now() - began === hours * 3_600_000;
        },
        { concurrency: 105 },
      ),
    );
    const t = await createTestPawl({ workflows: [many], now: '2030-01-01' });
    const began = t.now();
    const onTime = await (await t.start(many)).result();
    expect(onTime.every(Boolean)).toBe(true);
  });

  test('a step that does real work is waited for in real time', async () => {
    const reader = workflow({ name: 'reader' }, (ctx) =>
      ctx.step('read', () => new Promise<string>((resolve) => setTimeout(resolve, 30, 'read')), { timeout: '1s' }),
    );
    const t = await createTestPawl({ workflows: [reader] });

    expect(await (await t.start(reader)).result()).toBe('read');
  });
});

describe('a run that waits for what does not come by itself', () => {
  test('says which signal it waits for', async () => {
    const t = await createTestPawl({ workflows: [order] });
    const run = await t.start(order, largeOrder, { key: 'a' });

    const error = await run.result().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RunStillOpen);
    expect((error as Error).message).toBe(
      `Run ${run.id} of order waits for the signal 'approve', and nothing else is due. ` +
        'Send what it waits for, or let time pass with t.advance(): its deadline is 2030-04-01T00:00:00.000Z.',
    );
  });

  test('says so of a child too', async () => {
    const parent = workflow({ name: 'parent' }, (ctx, input: typeof largeOrder) => ctx.child(order, input));
    const t = await createTestPawl({ workflows: [parent, order] });
    const run = await t.start(parent, largeOrder);

    await expect(run.result()).rejects.toThrow(
      /waits for the child 'child:order' \(run .* waits for the signal 'approve'/,
    );
  });

  test('says so of a callback', async () => {
    const asking = workflow({ name: 'asking' }, (ctx) => ctx.callback('bank').result);
    const t = await createTestPawl({ workflows: [asking] });

    await expect((await t.start(asking)).result()).rejects.toThrow(/waits for an answer to the callback 'bank'/);
  });

  test('says why it is blocked', async () => {
    const foreign = workflow({ name: 'foreign' }, () => new Promise(() => {}));
    const t = await createTestPawl({ workflows: [foreign] });

    await expect((await t.start(foreign)).result()).rejects.toThrow(/is blocked: .* is stuck/);
  });

  test('says that it is paused', async () => {
    const t = await createTestPawl({ workflows: [order] });
    const run = await t.start(order, smallOrder);
    await run.pause();

    await expect(run.result()).rejects.toThrow(/is paused, and nothing else is due/);
    await run.resume();
    await expect(run.result()).resolves.toMatchObject({ payment: { paid: 10 } });
  });
});

test('the same seed gives the same ids', async () => {
  const lottery = workflow({ name: 'lottery' }, async (ctx) => [ctx.random(), ctx.uuid()]);
  const draw = async (seed: number) => {
    const t = await createTestPawl({ workflows: [lottery], seed });
    const run = await t.start(lottery);
    return [run.id, await run.result()];
  };

  expect(await draw(1)).toEqual(await draw(1));
  expect(await draw(1)).not.toEqual(await draw(2));
});
