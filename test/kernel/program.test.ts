import { describe, expect, test } from 'vitest';
import { workflow } from '../../lib/workflow/index.ts';
import { appendForeign, createWorld, hold, signalMail, startIn } from './harness.ts';

/** Awaits `count` promises that are settled already: microtasks, and nothing of the context. */
async function dawdle(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await Promise.resolve();
}

describe('feeding', () => {
  test('K1: two outcomes that arrive together are fed one at a time, each to quiescence', async () => {
    const world = createWorld();
    const gate = hold();
    const order: string[] = [];
    const both = workflow({ name: 'both' }, async (ctx) => {
      const branch = async (name: string) => {
        await ctx.step(name, () => gate.promise);
        await dawdle(300);
        order.push(`${name} went on`);
        await dawdle(300);
        order.push(`${name} asks`);
        await ctx.step(`${name} next`, () => 1);
      };
      await Promise.all([branch('a'), branch('b')]);
    });
    const one = world.process('one', [both]);
    const run = await startIn(one, both);
    const end = one.drive(world.take('start'));
    await world.settle();
    gate.release();
    expect(await world.until(end)).toBe('settled');
    expect(order).toEqual(['a went on', 'a asks', 'b went on', 'b asks']);
    expect(await world.lines(run)).toEqual([
      '1 task_completed a',
      '1 task_completed b',
      '2 task_completed a next',
      '2 task_completed b next',
      '2 run_completed',
    ]);
  });

  test('K1: nothing is fed while an append is in flight; what arrives meanwhile is the next chunk', async () => {
    const world = createWorld();
    const gates = { a: hold(), b: hold(), c: hold() };
    const group = workflow({ name: 'group' }, async (ctx) => {
      const branch = async (name: 'a' | 'b' | 'c') => {
        await ctx.step(name, () => gates[name].promise);
        await ctx.step(`${name} next`, () => 1);
      };
      await Promise.all([branch('a'), branch('b'), branch('c')]);
    });
    const one = world.process('one', [group]);
    const run = await startIn(one, group);
    const end = one.drive(world.take('start'));
    await world.settle();
    one.trouble(({ method, nth }) => (method === 'append' && nth === 1 ? { do: 'delay', ms: 50 } : undefined));
    gates.a.release();
    await world.settle();
    gates.b.release();
    gates.c.release();
    await world.settle();
    expect(world.started()).toEqual(['one:a#1', 'one:b#1', 'one:c#1']);
    expect(await world.until(end)).toBe('settled');
    expect((await world.lines(run)).slice(0, 3)).toEqual([
      '1 task_completed a',
      '2 task_completed b',
      '2 task_completed c',
    ]);
  });

  test('a workflow that calls the context when it has no event to react to is blocked', async () => {
    const world = createWorld();
    const stray = workflow({ name: 'stray' }, async (ctx) => {
      await ctx.step('one', () => 1);
      await world.sleep(10);
      await ctx.step('two', () => 2);
    });
    const one = world.process('one', [stray]);
    const run = await startIn(one, stray);
    expect(await world.until(one.drive(world.take('start')))).toBe('blocked');
    expect((await world.lines(run)).at(-1)).toMatch(/run_blocked non_deterministic/);
    expect(await world.head(run)).toMatchObject({
      state: { status: 'blocked', reason: expect.stringContaining('ctx.step') },
    });
  });

  test('a workflow that awaits what never comes is blocked, and told what to look for', async () => {
    const world = createWorld();
    const stuck = workflow({ name: 'stuck' }, async (ctx) => {
      await ctx.step('one', () => 1);
      await new Promise(() => {});
    });
    const one = world.process('one', [stuck]);
    const run = await startIn(one, stuck);
    expect(await world.until(one.drive(world.take('start')))).toBe('blocked');
    expect(await world.head(run)).toMatchObject({ state: { reason: expect.stringContaining('is stuck') } });
  });
});

describe('replay', () => {
  test('a replay that asks for another kind of task under a recorded key is blocked, and goes on with fixed code', async () => {
    const world = createWorld();
    const old = workflow({ name: 'changing' }, async (ctx) => {
      await ctx.step('a', () => 1);
      await ctx.signal('go');
      return 'old';
    });
    const changed = workflow({ name: 'changing' }, async (ctx) => {
      await ctx.step('b', () => 1);
      await ctx.signal('go');
    });
    const one = world.process('one', [old]);
    const run = await startIn(one, old);
    await world.until(one.drive(world.take('start')));
    one.deploy(changed);
    expect(await world.until(one.drive(await signalMail(world, run, 'go')))).toBe('blocked');
    const { state } = await world.head(run);
    expect(state).toMatchObject({ status: 'blocked', reason: expect.stringMatching(/expects .* step 'a'.* step 'b'/) });
    one.deploy(old);
    const { nonce } = (await world.head(run)).birth;
    expect(await world.until(one.drive({ kind: 'wake', run, nonce, from: 'deployment' }))).toBe('settled');
    expect((await world.fold(run)).current).toMatchObject({ end: { output: '"old"' } });
  });

  test('K24: ctx.now() is the same live and in replay, whatever marks stand between', async () => {
    const world = createWorld();
    const seen: number[] = [];
    const clocked = workflow({ name: 'clocked' }, async (ctx) => {
      const long = ctx.step('long', () => world.sleep(60_000));
      await ctx.signal('go');
      seen.push(ctx.now());
      await long;
      await ctx.signal('end');
    });
    const one = world.process('one', [clocked]);
    const run = await startIn(one, clocked);
    const turn = one.drive(world.take('start'));
    await world.advance(900);
    // Accepted before the step was marked as started, and read after it.
    const early = await signalMail(world, run, 'go');
    await world.advance(2_000);
    await world.until(one.drive(early));
    await world.until(turn);
    expect((await world.lines(run)).slice(0, 2)).toEqual(['1 task_started long', '2 run_signalled go']);
    await world.until(one.drive(await signalMail(world, run, 'end')));
    expect(seen).toHaveLength(2);
    expect(seen[1]).toBe(seen[0]);
  });
});

describe('a foreign event', () => {
  test('K3: what steps have produced is carried over, what the program computed is computed again', async () => {
    const world = createWorld();
    const gate = hold<string>();
    const flow = workflow({ name: 'flow' }, async (ctx) => {
      const value = await ctx.step('a', () => gate.promise);
      const told = await ctx.signal('go');
      return [value, told];
    });
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    const end = one.drive(world.take('start'));
    await world.settle();
    await appendForeign(world, run, {
      type: 'run_signalled',
      id: 's',
      at: world.clock.now(),
      name: 'go',
      payload: '"now"',
    });
    gate.release('done');
    expect(await world.until(end)).toBe('settled');
    expect(await world.lines(run)).toEqual(['1 run_signalled go', '2 task_completed a', '2 run_completed']);
    expect(world.started()).toEqual(['one:a#1']);
    expect((await world.fold(run)).current).toMatchObject({ end: { output: '["done","now"]' } });
  });

  test('K3: a running step is attached to again, a running loser of the foreign event is stopped', async () => {
    const world = createWorld();
    const keep = hold<string>();
    let lost: AbortSignal | undefined;
    const flow = workflow({ name: 'flow' }, async (ctx) => {
      const kept = ctx.step('keep', () => keep.promise);
      await ctx.race('either', {
        slow: (branch) =>
          branch.step('slow', (attempt) => {
            lost = attempt.signal;
            return new Promise(() => {});
          }),
        told: (branch) => branch.signal('go'),
      });
      await ctx.step('after', () => 1);
      return kept;
    });
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    const end = one.drive(world.take('start'));
    await world.settle();
    await appendForeign(world, run, { type: 'run_signalled', id: 's', at: world.clock.now(), name: 'go' });
    await world.advance(1_500);
    expect(lost?.aborted).toBe(true);
    keep.release('kept');
    expect(await world.until(end)).toBe('settled');
    expect(world.started()).toEqual(['one:keep#1', 'one:either/slow/slow#1', 'one:after#1']);
    expect((await world.fold(run)).current).toMatchObject({ end: { output: '"kept"' } });
  });

  test('K3: a failed attempt is carried over too, and the next one runs once', async () => {
    const world = createWorld();
    const flow = workflow({ name: 'flow' }, async (ctx) => {
      const value = await ctx.step('a', ({ attempt }) => {
        if (attempt === 1) throw new Error('first');
        return attempt;
      });
      return value;
    });
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    one.trouble(({ method, nth }) => (method === 'append' && nth === 1 ? { do: 'delay', ms: 5 } : undefined));
    const end = one.drive(world.take('start'));
    await world.settle();
    await appendForeign(world, run, { type: 'run_signalled', id: 's', at: world.clock.now(), name: 'x' });
    expect(await world.until(end)).toBe('settled');
    expect(world.started()).toEqual(['one:a#1', 'one:a#2']);
  });
});
