/** The program is run again over its journal: after a change of its code, behind a race, and where it waits for what no journal holds. */
import { describe, expect, test } from 'vitest';
import type { Definition } from '../../lib/kernel/definition.ts';
import type { DriveEnd } from '../../lib/kernel/drive.ts';
import { getRun } from '../../lib/service/show-run.ts';
import { type Context, workflow } from '../../lib/workflow/index.ts';
import { createWorld, hold, type Process, signalMail, startIn, type World } from '../kernel/harness.ts';
import { flawsOf, leaseMs, recover } from './recovery.ts';

/** Deploys other code, and wakes the run as a deployment does. */
async function deployed(world: World, process: Process, run: string, code: Definition): Promise<DriveEnd> {
  process.deploy(code);
  return world.until(process.drive({ kind: 'wake', run, from: 'deployment' }));
}

describe('scenario 8: the code changes under an open run', () => {
  function billing(steps: (ctx: Context) => Promise<unknown>) {
    return workflow({ name: 'billing' }, async (ctx) => {
      const values = await steps(ctx);
      await ctx.signal('go');
      return values;
    });
  }
  const net = (ctx: Context) => ctx.step('net', () => 100);
  const tax = (ctx: Context) => ctx.step('tax', () => 19);
  const original = billing(async (ctx) => [await net(ctx), await tax(ctx)]);

  async function waitingRun(world: World, process: Process): Promise<string> {
    const run = await startIn(process, original);
    await world.until(process.drive(world.take('start')));
    expect((await world.head(run)).state.status).toBe('waiting');
    return run;
  }

  // Guard: a task is known by its name and scope, never by its place.
  test('steps that change places keep their own results', async () => {
    const world = createWorld();
    const one = world.process('one', [original]);
    const run = await waitingRun(world, one);
    one.deploy(
      billing(async (ctx) => {
        const [second, first] = await Promise.all([tax(ctx), net(ctx)]);
        return { first, second };
      }),
    );
    expect(await world.until(one.drive(await signalMail(world, run, 'go')))).toBe('settled');
    expect((await world.fold(run)).current).toMatchObject({ end: { output: '{"first":100,"second":19}' } });
    expect(world.starts).toHaveLength(2);
  });

  // Guards: an event that nobody asked for stops the replay; so does a task of another kind under its key.
  test.each<[string, (ctx: Context) => Promise<unknown>, RegExp]>([
    [
      'a step in front',
      async (ctx) => [await ctx.step('discount', () => 5), await net(ctx), await tax(ctx)],
      /expects .* step 'net', but it asks for step 'discount'/,
    ],
    ['a step that is gone', async (ctx) => [await tax(ctx)], /expects .* step 'net', but it asks for step 'tax'/],
    [
      'a child in its place',
      async (ctx) => [await net(ctx), await ctx.child('tax', 1)],
      /expects .* step 'tax', but it asks for child/,
    ],
  ])(
    '%s blocks the run, which says what was expected and goes on with fitting code',
    async (_change, steps, reason) => {
      const world = createWorld();
      const one = world.process('one', [original]);
      const run = await waitingRun(world, one);
      one.deploy(billing(steps));
      expect(await world.until(one.drive(await signalMail(world, run, 'go')))).toBe('blocked');
      const shown = await getRun(one.ports, run);
      expect(shown.blocked).toMatchObject({ code: 'non_deterministic', message: expect.stringMatching(reason) });
      expect(world.starts).toHaveLength(2);
      expect(await deployed(world, one, run, original)).toBe('settled');
      expect((await world.fold(run)).current).toMatchObject({ end: { output: '[100,19]' } });
    },
  );

  // Guard: the kind under a key is checked against the journal.
  test('a step that becomes a timer of the same key does not take its result', async () => {
    const world = createWorld();
    const before = billing((ctx) => ctx.step('sleep:1s', () => 'a result'));
    const after = billing((ctx) => ctx.sleep('1s'));
    const one = world.process('one', [before]);
    const run = await startIn(one, before);
    await world.until(one.drive(world.take('start')));
    one.deploy(after);
    expect(await world.until(one.drive(await signalMail(world, run, 'go')))).toBe('blocked');
    expect((await getRun(one.ports, run)).blocked?.message).toMatch(/holds a step 'sleep:1s', .* asks for a timer/);
  });
});

describe('scenario 9: a race has losers', () => {
  // Guards: the deciding event closes the losing scopes (K28), in each replay again; stopping waits for that event (K4).
  test('they are told to stop, not waited for and not begun again, and every replay has the same winner', async () => {
    const world = createWorld();
    const quick = hold<string>();
    let stopped: AbortSignal | undefined;
    const courier = workflow({ name: 'courier' }, async (ctx) => ctx.signal('never'));
    const racing = workflow({ name: 'racing' }, async (ctx) => {
      const { winner, value } = await ctx.race('offers', {
        slow: (branch) =>
          branch.step('ask', ({ signal }) => {
            stopped ??= signal;
            return new Promise<string>(() => {});
          }),
        quick: (branch) => branch.step('ask', () => quick.promise),
        child: (branch) => branch.child(courier, undefined),
      });
      await ctx.step('pay', () => `${winner}: ${value}`);
      await ctx.signal('delivered');
      return [winner, value];
    });
    const one = world.process('one', [racing, courier]);
    const two = world.process('two', [racing, courier]);
    const run = await startIn(one, racing);
    const turn = one.drive(world.take('start'));
    await world.settle();
    quick.release('tomorrow');
    expect(await world.until(turn)).toBe('suspended');
    expect(stopped?.aborted).toBe(true);
    // The child is cancelled, and its end changes nothing.
    await world.deliverAll(two);
    const { items } = await world.store.list({ workflow: 'courier' }, { limit: 10 });
    expect(items.map(({ state }) => state.status)).toEqual(['cancelled']);
    expect(await world.until(two.drive(await signalMail(world, run, 'delivered')))).toBe('settled');
    expect((await world.fold(run)).current).toMatchObject({ end: { output: '["quick","tomorrow"]' } });
    expect(world.started().filter((start) => start.includes('ask'))).toEqual([
      'one:offers/slow/ask#1',
      'one:offers/quick/ask#1',
    ]);
    expect(await flawsOf(world, run)).toEqual([]);
  });

  // Guard: outcomes are fed one at a time, in the order of the journal (K1).
  test.each([
    ['a', 'b'],
    ['b', 'a'],
  ])('of two that end in the same instant %s wins, in the next life of the run too', async (winner, loser) => {
    const world = createWorld();
    const gates = { a: hold<string>(), b: hold<string>() };
    const tied = workflow({ name: 'tied' }, async (ctx) => {
      const branch = (name: 'a' | 'b') => (inner: Context) => inner.step('run', () => gates[name].promise);
      const first = await ctx.race('race', { a: branch('a'), b: branch('b') });
      await ctx.step('medal', () => (world.isAlive('one') ? new Promise<void>(() => {}) : undefined));
      return first.winner;
    });
    const one = world.process('one', [tied]);
    const two = world.process('two', [tied]);
    const run = await startIn(one, tied);
    void one.drive(world.take('start'));
    await world.settle();
    gates[winner as 'a' | 'b'].release(winner);
    gates[loser as 'a' | 'b'].release(loser);
    await world.advance(1_500);
    one.kill();
    await world.advance(leaseMs);
    expect(await recover(world, two, run)).toBe('settled');
    expect((await world.fold(run)).current).toMatchObject({ end: { output: `"${winner}"` } });
    expect(world.started().filter((start) => start.startsWith('two'))).toEqual(['two:medal#1']);
  });
});

describe('scenario 20: a workflow waits for what is not its context’s', () => {
  const forms: [string, (world: World) => Promise<unknown>, RegExp][] = [
    ['a promise that nobody keeps', () => new Promise(() => {}), /is stuck.*not the context's.*ctx\.step\(\)/],
    ['a timer of its own', (world) => world.sleep(50), /no event to react to.*not the context's.*ctx\.step\(\)/],
  ];

  // Guards: a program that waits for none of its tasks is stuck; one that goes on without an event is told so.
  test.each(forms)(
    '%s: the run is blocked, says what to look for, and goes on with repaired code',
    async (_form, foreign, message) => {
      const world = createWorld();
      const ordering = (waits: () => Promise<unknown>) =>
        workflow({ name: 'ordering' }, async (ctx) => {
          const reserved = await ctx.step('reserve', () => 'reserved');
          await waits();
          return ctx.step('ship', () => `${reserved}, shipped`);
        });
      const bystander = workflow({ name: 'bystander' }, async (ctx) => ctx.step('work', () => 'done'));
      const broken = ordering(() => foreign(world));
      const one = world.process('one', [broken, bystander]);
      const run = await startIn(one, broken);
      const other = await startIn(one, bystander);
      expect(await world.until(one.drive(world.take('start')))).toBe('blocked');
      expect(await world.until(one.drive(world.take('start')))).toBe('settled');
      expect((await world.head(other)).state.status).toBe('completed');

      const shown = await getRun(one.ports, run);
      expect(shown).toMatchObject({ status: 'blocked', blocked: { code: 'non_deterministic' } });
      expect(shown.blocked?.message).toMatch(message);
      expect(
        await deployed(
          world,
          one,
          run,
          ordering(async () => {}),
        ),
      ).toBe('settled');
      expect((await getRun(one.ports, run)).output).toBe('reserved, shipped');
      expect(world.starts.filter(({ key }) => key === 'reserve')).toHaveLength(1);
    },
  );
});
