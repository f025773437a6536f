import { describe, expect, test } from 'vitest';
import { workflow } from '../../lib/workflow/index.ts';
import { appendForeign, createWorld, hold, startIn } from './harness.ts';

const steps = (durability: 'each' | 'relaxed' | 'none', count = 5) =>
  workflow({ name: 'steps', durability }, async (ctx) => {
    for (let i = 0; i < count; i += 1) await ctx.step(`s${i}`, () => i);
    return 'done';
  });

describe('durability', () => {
  test.each([
    ['each', 5],
    ['relaxed', 1],
    ['none', 1],
  ] as const)('K27: five short steps with durability %s are %d appends', async (durability, appends) => {
    const world = createWorld();
    const flow = steps(durability);
    const one = world.process('one', [flow]);
    await startIn(one, flow);
    expect(await world.until(one.drive(world.take('start')))).toBe('settled');
    expect(one.calls.filter(({ method }) => method === 'append')).toHaveLength(appends);
  });

  test('K27: relaxed outcomes wait no longer than their window', async () => {
    const world = createWorld();
    const flow = workflow({ name: 'flow', durability: 'relaxed' }, async (ctx) => {
      for (let i = 0; i < 10; i += 1) await ctx.step(`s${i}`, () => world.sleep(100));
    });
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    void one.drive(world.take('start'));
    await world.advance(590);
    expect(await world.lines(run)).toEqual([]);
    await world.advance(30);
    expect(await world.lines(run)).toEqual([0, 1, 2, 3, 4].map((step) => `1 task_completed s${step}`));
  });

  test('K27: on a lost position the tail is dropped and rerun, never carried over', async () => {
    const world = createWorld();
    const gate = hold();
    const flow = workflow({ name: 'flow', durability: 'none' }, async (ctx) => {
      await ctx.step('a', () => 1);
      await ctx.step('b', () => gate.promise);
    });
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    const end = one.drive(world.take('start'));
    await world.advance(100);
    expect(await world.lines(run)).toEqual([]);
    await appendForeign(world, run, { type: 'run_signalled', id: 's', at: world.clock.now(), name: 'x' });
    gate.release();
    expect(await world.until(end)).toBe('settled');
    expect(world.started()).toEqual(['one:a#1', 'one:b#1', 'one:a#1', 'one:b#1']);
    expect((await world.lines(run)).filter((line) => line.includes('task_completed'))).toHaveLength(2);
  });

  test.each(['relaxed', 'none'] as const)(
    'K27: with %s a child and an at-most-once step force a flush first',
    async (durability) => {
      const world = createWorld();
      const child = workflow({ name: 'child' }, async () => 1);
      const flow = workflow({ name: 'flow', durability }, async (ctx) => {
        await ctx.step('a', () => 1);
        await ctx.step('pay', () => 1, { atMostOnce: true });
        await ctx.step('b', () => 1);
        await ctx.startDetached(child, undefined);
      });
      const one = world.process('one', [flow, child]);
      const run = await startIn(one, flow);
      await world.until(one.drive(world.take('start')));
      const order = one.calls
        .filter(({ method }) => method === 'append' || method === 'create')
        .map(({ method }) => method);
      expect(order.slice(0, 5)).toEqual(['create', 'append', 'append', 'append', 'create'].slice(0, order.length));
      const lines = await world.lines(run);
      expect(lines.indexOf('2 task_started pay')).toBe(1);
      expect(lines.find((line) => line.includes('task_completed pay'))).toMatch(/^3/);
    },
  );

  test('at most once: the mark is durable before the step runs, whatever else is lazy', async () => {
    const world = createWorld();
    const flow = workflow({ name: 'flow' }, async (ctx) => ctx.step('pay', () => 1, { atMostOnce: true }));
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    one.trouble(({ method }) => (method === 'append' ? { do: 'stall', when: 'before' } : undefined));
    const end = one.drive(world.take('start'));
    await world.advance(100);
    expect(world.started()).toEqual([]);
    one.thaw();
    await world.until(end);
    expect(await world.lines(run)).toEqual(['1 task_started pay', '2 task_completed pay', '2 run_completed']);
  });
});

describe('races', () => {
  test('K28: ctx.race closes the losing scopes at the deciding event: a late outcome changes nothing', async () => {
    const world = createWorld();
    const slow = hold<string>();
    const quick = hold<string>();
    const after: string[] = [];
    const flow = workflow({ name: 'flow' }, async (ctx) => {
      const { winner } = await ctx.race('r', {
        quick: (branch) => branch.step('s', () => quick.promise),
        slow: async (branch) => {
          await branch.step('s', () => slow.promise);
          after.push('slow went on');
          return branch.step('next', () => 'x');
        },
      });
      await ctx.step('after', () => 1);
      return winner;
    });
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    const end = one.drive(world.take('start'));
    await world.settle();
    quick.release('q');
    slow.release('s');
    expect(await world.until(end)).toBe('settled');
    expect(after).toEqual([]);
    expect(world.started()).toEqual(['one:r/quick/s#1', 'one:r/slow/s#1', 'one:after#1']);
    expect((await world.fold(run)).current).toMatchObject({ end: { output: '"quick"' } });
  });

  test('K28: a plain Promise.race leaves losers running, and settling does not wait for them but reports them', async () => {
    const world = createWorld();
    let loser: AbortSignal | undefined;
    const flow = workflow({ name: 'flow' }, async (ctx) =>
      Promise.race([
        ctx.step('quick', () => 'q'),
        ctx.step('slow', (attempt) => {
          loser = attempt.signal;
          return new Promise<string>(() => {});
        }),
      ]).then(async (value) => {
        await ctx.step('after', () => 1);
        return [value, loser?.aborted];
      }),
    );
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    expect(await world.until(one.drive(world.take('start')))).toBe('settled');
    expect((await world.fold(run)).current).toMatchObject({ end: { output: '["q",false]', unawaited: ['slow'] } });
    expect(loser?.aborted).toBe(true);
  });

  test('K28: two branches that end together have the same winner in every replay', async () => {
    const world = createWorld();
    const gate = hold();
    const seen: string[] = [];
    const flow = workflow({ name: 'flow' }, async (ctx) => {
      const { winner } = await ctx.race('r', {
        a: (branch) => branch.step('s', () => gate.promise),
        b: (branch) => branch.step('s', () => gate.promise),
      });
      seen.push(winner);
      await ctx.sleep('1h');
    });
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    const end = one.drive(world.take('start'));
    await world.settle();
    gate.release();
    await world.until(end);
    await world.advance(3_600_000);
    await world.until(one.drive({ kind: 'wake', run, from: 'sweeper' }));
    expect(seen).toEqual(['a', 'a']);
  });
});
