/** More than one driver for a run: deployments that overlap, drivers that come back from a long sleep. */
import { describe, expect, test } from 'vitest';
import type { Durability } from '../../lib/kernel/definition.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, hold, startIn } from '../kernel/harness.ts';
import { flawsOf, leaseMs, recover, sweeperWake } from './recovery.ts';

describe('scenario 5: two deployments are there at the same time', () => {
  function quoteOf(version: number, price: string) {
    return workflow({ name: 'quote', version }, async (ctx) => {
      const quoted = await ctx.step('price', () => price);
      return ctx.step('send', () => `sent ${quoted}`);
    });
  }
  const [first, second] = [quoteOf(1, 'old price'), quoteOf(2, 'new price')];

  // Guards: an open run is driven by the version it was born with, or not at all; positions fence (K9).
  test('each drives only the runs of its own version, and gives the others back as they were', async () => {
    const world = createWorld();
    const old = world.process('old', [first]);
    const fresh = world.process('fresh', [second]);
    const ofFirst = await startIn(old, first);
    const ofSecond = await startIn(fresh, second);
    const starts = [world.take('start'), world.take('start')] as const;

    old.trouble(({ method }) => (method === 'append' ? { do: 'stall', when: 'before' } : undefined));
    const late = old.drive(starts[0]);
    await world.advance(leaseMs + 1);
    expect(await recover(world, fresh, ofFirst)).toBe('blocked');
    expect(await world.lines(ofFirst)).toEqual(['1 takeover run_blocked not_deployed']);
    old.thaw();
    expect(await world.until(late)).toBe('lost');
    expect(await world.until(old.drive(starts[1]))).toBe('blocked');

    const wakeOf = async (run: string) => ({ ...(await sweeperWake(world, run)), from: 'deployment' as const });
    expect(await world.until(old.drive(await wakeOf(ofFirst)))).toBe('settled');
    expect(await world.until(fresh.drive(await wakeOf(ofSecond)))).toBe('settled');
    expect((await world.fold(ofFirst)).current).toMatchObject({ end: { output: '"sent old price"' } });
    expect((await world.fold(ofSecond)).current).toMatchObject({ end: { output: '"sent new price"' } });
    expect(world.starts.filter(({ process, run }) => (process === 'fresh') !== (run === ofSecond))).toEqual([]);
    for (const run of [ofFirst, ofSecond]) expect(await flawsOf(world, run)).toEqual([]);
  });
});

describe('scenario 7: a driver says "started" of what has long ended', () => {
  // Guards: a lost position ends the turn (K9); settled runs absorb everything (K21).
  test('its word comes to nothing, and would be nothing even if it had found a place', async () => {
    const world = createWorld();
    const slow = workflow({ name: 'slow' }, async (ctx) => ctx.step('count', () => world.sleep(5_000).then(() => 7)));
    const one = world.process('one', [slow]);
    const two = world.process('two', [slow]);
    const run = await startIn(one, slow);
    one.trouble(({ method }) => (method === 'append' ? { do: 'stall', when: 'before' } : undefined));
    const late = one.drive(world.take('start'));
    await world.advance(leaseMs + 1);
    expect(await recover(world, two, run)).toBe('settled');
    const settled = await world.fold(run);
    one.thaw();
    expect(await world.until(late)).toBe('lost');
    expect(await world.lines(run)).toEqual([
      '1 takeover',
      '2 task_started count',
      '3 task_completed count',
      '3 run_completed',
    ]);

    const { head } = await world.record(run);
    const at = world.clock.now();
    await world.store.append(run, {
      format: 1,
      nonce: head.birth.nonce,
      position: settled.position + 1,
      id: 'late',
      at,
      driver: { id: 'one.late', leaseUntil: at + leaseMs },
      events: [
        { type: 'task_started', at, key: 'count', kind: 'step', attempt: 1 },
        { type: 'run_suspended', at, wakeAt: at, awaiting: [] },
      ],
    });
    expect(await world.fold(run)).toMatchObject({ current: settled.current, started: new Map() });
    expect(await world.until(two.drive(await sweeperWake(world, run)))).toBe('left');
    expect(world.started()).toEqual(['one:count#1', 'two:count#1']);
  });
});

describe('scenario 12: a step takes its process with it, each time', () => {
  // Guards: after a takeover a mark comes before the step (K12); lone crashes are counted, and end it.
  test('each death is counted, and when there have been enough the step fails and the run goes on', async () => {
    const world = createWorld();
    const resizing = workflow({ name: 'resizing' }, async (ctx) => {
      await ctx.step('fetch', () => 'image');
      const result = await ctx.step('resize', () => new Promise<string>(() => {})).catch(({ name }: Error) => name);
      return ctx.step('report', () => result);
    });
    const run = await startIn(world.process('api', [resizing]), resizing);
    let end: Promise<unknown> = Promise.resolve();
    for (let life = 0; life < 12; life += 1) {
      const process = world.process(`life-${life}`, [resizing]);
      const message = life === 0 ? world.take('start') : await sweeperWake(world, run);
      const turn = process.drive(message);
      await world.advance(1_500);
      if ((await world.fold(run)).current.phase === 'settled') {
        end = turn;
        break;
      }
      process.kill();
      await world.advance(leaseMs);
    }
    expect(await end).toBe('settled');
    expect((await world.fold(run)).current).toMatchObject({ end: { output: '"CrashedError"' } });
    expect(world.starts.filter(({ key }) => key === 'resize')).toHaveLength(4);
    expect(world.starts.filter(({ key }) => key === 'fetch')).toHaveLength(1);
    expect(await flawsOf(world, run)).toEqual([]);
  });
});

describe('scenario 17: a driver sleeps past its lease, wakes and finishes what it was at', () => {
  // Guards: its position is taken (K9); past its own lease it writes before it starts anything (K13), also where outcomes may wait (K27).
  test.each<Durability>(['each', 'relaxed', 'none'])(
    'with durability "%s" its outcome is not recorded, and it starts nothing more',
    async (durability) => {
      const world = createWorld();
      const gate = hold<string>();
      const baking = workflow({ name: 'baking', durability }, async (ctx) => {
        const dough = await ctx.step('dough', () => (world.starts.length === 1 ? gate.promise : 'second dough'));
        return ctx.step('bake', () => `baked ${dough}`);
      });
      const one = world.process('one', [baking]);
      const two = world.process('two', [baking]);
      const run = await startIn(one, baking);
      const late = one.drive(world.take('start'));
      await world.advance(100);
      one.freeze();
      await world.advance(leaseMs);
      expect(await recover(world, two, run)).toBe('settled');
      gate.release('first dough');
      one.thaw();
      expect(await world.until(late)).toBe('lost');
      expect(world.started()).toEqual(['one:dough#1', 'two:dough#1', 'two:bake#1']);
      expect((await world.fold(run)).current).toMatchObject({ end: { output: '"baked second dough"' } });
      expect(await flawsOf(world, run)).toEqual([]);
    },
  );
});
