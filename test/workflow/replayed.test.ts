import { type Context, workflow } from 'pawl';
import { createTestPawl } from 'pawl/testing';
import { describe, expect, test } from 'vitest';

/** A kit whose workflow is replayed once in the middle: it sleeps, and another process wakes it. */
async function replayed<T>(program: (ctx: Context, seen: T[]) => Promise<unknown>) {
  const seen: T[] = [];
  const t = await createTestPawl({ workflows: [workflow({ name: 'work' }, (ctx) => program(ctx, seen))] });
  const run = await t.start('work');
  await t.advance('30m');
  await t.crash();
  const result = await run.result();
  return { t, run, seen, result };
}

describe('what a replay gives again', () => {
  test('now() is the time of what happened last, not of the clock', async () => {
    const { seen } = await replayed<number>(async (ctx, times) => {
      times.push(ctx.now());
      await ctx.sleep('1h');
      times.push(ctx.now());
    });
    const [first, again, later] = seen;
    expect(again).toBe(first);
    expect(later).toBe((first ?? 0) + 3_600_000);
  });

  test('random() and uuid() are the same, and each call gives another', async () => {
    const { seen } = await replayed<[number, number, string, string]>(async (ctx, drawn) => {
      drawn.push([ctx.random(), ctx.random(), ctx.uuid(), ctx.uuid()]);
      await ctx.sleep('1h');
    });
    const [first, again] = seen;
    expect(again).toEqual(first);
    expect(new Set(first)).toHaveLength(4);
    const [one, two, uuid] = first ?? [];
    for (const number of [one, two]) expect(number).toBeGreaterThanOrEqual(0);
    for (const number of [one, two]) expect(number).toBeLessThan(1);
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('random() of scopes side by side does not depend on who comes first', async () => {
    const draw = workflow({ name: 'draw' }, (ctx, delays: number[]) =>
      ctx.map('items', delays, async (delay, scope) => {
        await scope.sleep(delay * 60_000);
        return scope.random();
      }),
    );
    const t = await createTestPawl({ workflows: [draw] });
    const export1 = await (await t.start(draw, [1, 2])).result();
    const again = await createTestPawl({ workflows: [draw] });
    expect(await (await again.start(draw, [2, 1])).result()).toEqual(export1);
  });

  test('other runs draw other numbers', async () => {
    const draw = workflow({ name: 'draw' }, async (ctx) => ctx.random());
    const t = await createTestPawl({ workflows: [draw] });
    const numbers = await Promise.all(Array.from({ length: 50 }, async () => (await t.start(draw)).result()));
    expect(new Set(numbers)).toHaveLength(50);
  });

  test('steps are not run again', async () => {
    const { run } = await replayed(async (ctx) => {
      await ctx.step('once', () => 1);
      await ctx.sleep('1h');
      await ctx.step('later', () => 2);
    });
    expect(await run.attempts('*')).toHaveLength(2);
  });

  test('ctx.run says which run it is', async () => {
    const named = workflow({ name: 'named', version: 3 }, async (ctx) => ctx.run);
    const t = await createTestPawl({ workflows: [named] });
    const run = await t.start(named, undefined, { correlationId: 'c-1' });
    expect(await run.result()).toEqual({ id: run.id, workflow: 'named', version: 3, correlationId: 'c-1' });
  });
});

describe('log', () => {
  test('speaks once, and is silent in replay', async () => {
    const { t } = await replayed(async (ctx) => {
      ctx.log.info('before', { amount: 1 });
      await ctx.sleep('1h');
      ctx.log.warn('after');
    });
    expect(t.logs.map(({ level, message, fields }) => ({ level, message, fields }))).toEqual([
      { level: 'info', message: 'before', fields: { amount: 1 } },
      { level: 'warn', message: 'after', fields: undefined },
    ]);
  });

  test('has four levels', async () => {
    const loud = workflow({ name: 'loud' }, async (ctx) => {
      for (const level of ['debug', 'info', 'warn', 'error'] as const) ctx.log[level](level);
    });
    const t = await createTestPawl({ workflows: [loud] });
    await (await t.start(loud)).result();
    expect(t.logs.map(({ level }) => level)).toEqual(['debug', 'info', 'warn', 'error']);
  });
});

describe('report', () => {
  test('the latest is kept and shown, while the run is open and after', async () => {
    const reporting = workflow({ name: 'reporting' }, async (ctx) => {
      ctx.report({ done: 0 });
      await ctx.step('half', () => 1);
      ctx.report({ done: 50 });
      await ctx.sleep('1h');
      ctx.report({ done: 100 });
    });
    const t = await createTestPawl({ workflows: [reporting] });
    const run = await t.start(reporting);
    expect((await run.get()).report).toEqual({ done: 50 });
    await run.result();
    expect((await run.get()).report).toEqual({ done: 100 });
  });

  test('rides on the next write', async () => {
    const reporting = workflow({ name: 'reporting' }, async (ctx) => {
      ctx.report('begun');
      await ctx.step('work', () => 1);
    });
    const t = await createTestPawl({ workflows: [reporting] });
    const run = await t.start(reporting);
    await run.result();
    const history = await run.history();
    expect(history.map(({ type }) => type)).toEqual(['run_reported', 'task_completed', 'run_completed']);
    expect(new Set(history.map(({ position }) => position)).size).toBeLessThan(3);
  });

  test('is not written again in replay', async () => {
    const { run } = await replayed(async (ctx) => {
      ctx.report('once');
      await ctx.sleep('1h');
    });
    expect((await run.history()).filter(({ type }) => type === 'run_reported')).toHaveLength(1);
  });
});

describe('version', () => {
  const before = workflow({ name: 'sell' }, async (ctx) => {
    await ctx.step('reserve', () => 1);
    await ctx.sleep('1d');
    await ctx.step('charge', () => 'charged');
    return 'old way';
  });
  const after = workflow({ name: 'sell' }, async (ctx) => {
    await ctx.step('reserve', () => 1);
    const checks = ctx.version('check fraud');
    if (checks) await ctx.step('check', () => 1);
    await ctx.sleep('1d');
    await ctx.step('charge', () => 'charged');
    return checks && ctx.version('check fraud') ? 'new way' : 'old way';
  });

  test('is true in new runs, and stays so after a crash', async () => {
    const t = await createTestPawl({ workflows: [after] });
    const run = await t.start(after);
    await t.advance('12h');
    await t.crash();
    expect(await run.result()).toBe('new way');
    expect((await run.history()).filter(({ type }) => type === 'run_versioned')).toMatchObject([
      { change: 'check fraud' },
    ]);
  });

  test('is false in runs that passed the place under the old code', async () => {
    const t = await createTestPawl({ workflows: [before] });
    const run = await t.start(before);
    await t.settle();
    await t.deploy([after]);
    expect(await run.result()).toBe('old way');
    expect(await run.attempts('check')).toEqual([]);
  });

  test('is true in open runs that reach the place only now', async () => {
    const late = workflow({ name: 'sell' }, async (ctx) => {
      await ctx.step('reserve', () => 1);
      await ctx.sleep('1d');
      if (ctx.version('thank')) await ctx.step('thank', () => 1);
      return 'thanked';
    });
    const t = await createTestPawl({ workflows: [before] });
    const run = await t.start(before);
    await t.settle();
    await t.deploy([late]);
    await t.advance('1d');
    expect((await run.get()).status).toBe('completed');
    expect(await run.attempts('thank')).toHaveLength(1);
  });
});
