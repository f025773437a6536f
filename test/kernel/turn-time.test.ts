/** Turns that are cut off from outside, as in a Lambda function. */
import { describe, expect, test } from 'vitest';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, hold, startIn } from './harness.ts';

const minute = 60_000;
const stepMs = 50_000;

function setUp(...workflows: Parameters<ReturnType<typeof createWorld>['process']>[1]) {
  const world = createWorld({ limits: { stepMs } });
  return { world, one: world.process('one', workflows) };
}

describe('a turn that has to end at a given time', () => {
  test('does not begin a step whose timeout would not fit, and hands the run to a turn that has the time', async () => {
    const two = workflow({ name: 'two' }, async (ctx) => {
      await ctx.step('first', () => world.sleep(20_000));
      await ctx.step('second', () => 2, { timeout: '45s' });
    });
    const { world, one } = setUp(two);
    const run = await startIn(one, two);
    const until = world.clock.now() + minute;
    expect(await world.until(one.drive(world.take('start'), { until }))).toBe('yielded');
    expect(world.started()).toEqual(['one:first#1']);
    const next = world.clock.now() + minute;
    expect(await world.until(one.drive(world.take('wake'), { until: next }))).toBe('settled');
    expect(world.started()).toEqual(['one:first#1', 'one:second#1']);
    expect(await world.lines(run)).toEqual([
      '1 task_started first',
      '2 claim',
      '3 task_completed first',
      '4 run_suspended',
      '5 claim',
      '6 task_completed second',
      '6 run_completed',
    ]);
  });

  test('begins a step without a timeout while there is time, and again in the next turn if it did not end', async () => {
    const gate = hold();
    let calls = 0;
    const two = workflow({ name: 'two' }, async (ctx) => {
      await ctx.step('first', () => world.sleep(40_000));
      await ctx.step<unknown>('second', () => {
        calls += 1;
        return calls === 1 ? gate.promise : 2;
      });
    });
    const { world, one } = setUp(two);
    await startIn(one, two);
    const until = world.clock.now() + minute;
    expect(await world.until(one.drive(world.take('start'), { until }))).toBe('yielded');
    expect(world.clock.now()).toBeLessThanOrEqual(until + 100);
    expect(await world.until(one.drive(world.take('wake'), { until: until + minute }))).toBe('settled');
    expect(world.started()).toEqual(['one:first#1', 'one:second#1', 'one:second#1']);
  });

  test('begins nothing in its last tenth, and lets what runs end', async () => {
    const three = workflow({ name: 'three' }, async (ctx) => {
      await ctx.step('long', () => world.sleep(55_000), { timeout: '1m' });
      await ctx.step('late', () => 1);
    });
    const world = createWorld({ limits: { stepMs: minute } });
    const one = world.process('one', [three]);
    await startIn(one, three);
    const until = world.clock.now() + minute;
    expect(await world.until(one.drive(world.take('start'), { until }))).toBe('yielded');
    expect(world.started()).toEqual(['one:long#1']);
  });

  test('a step that runs at most once is not begun where it might be cut off', async () => {
    const pay = workflow({ name: 'pay' }, async (ctx) => {
      await ctx.step('first', () => world.sleep(20_000));
      await ctx.step('pay', () => 1, { atMostOnce: true });
    });
    const { world, one } = setUp(pay);
    await startIn(one, pay);
    const until = world.clock.now() + minute;
    expect(await world.until(one.drive(world.take('start'), { until }))).toBe('yielded');
    expect(world.started()).toEqual(['one:first#1']);
    const next = world.clock.now() + minute;
    expect(await world.until(one.drive(world.take('wake'), { until: next }))).toBe('settled');
  });

  test('a step that takes longer than any turn has fails, and the error names the way out', async () => {
    const stuck = workflow({ name: 'stuck' }, (ctx) =>
      ctx.step('crunch', () => new Promise<number>(() => {}), { retry: { attempts: 1 } }),
    );
    const { world, one } = setUp(stuck);
    const run = await startIn(one, stuck);
    const until = world.clock.now() + minute;
    expect(await world.until(one.drive(world.take('start'), { until }))).toBe('settled');
    const { current } = await world.fold(run);
    expect(current).toMatchObject({
      end: {
        error: {
          name: 'TimeoutError',
          message: `Step 'crunch' took longer than a step can take here, ${stepMs} ms (limit stepMs). For longer work wait for a ctx.callback() that whoever does it answers`,
        },
      },
    });
  });

  test('a timeout that no turn can grant is refused at once, without another attempt', async () => {
    const hopeful = workflow({ name: 'hopeful' }, (ctx) => ctx.step('crunch', () => 1, { timeout: '2m' }));
    const { world, one } = setUp(hopeful);
    const run = await startIn(one, hopeful);
    expect(await world.until(one.drive(world.take('start')))).toBe('settled');
    const { current } = await world.fold(run);
    expect(current).toMatchObject({
      end: {
        error: {
          message: expect.stringContaining(
            `Step 'crunch' has a timeout of 120000 ms; a step can take ${stepMs} ms here (limit stepMs)`,
          ),
        },
      },
    });
    expect(world.started()).toEqual(['one:crunch#1']);
  });

  test('a replay that leaves less than the whole turn does not put a long step off for ever', async () => {
    const long = workflow({ name: 'long' }, (ctx) => ctx.step('long', () => world.sleep(49_000), { timeout: '50s' }));
    const { world, one } = setUp(long);
    await startIn(one, long);
    const until = world.clock.now() + 49_500;
    expect(await world.until(one.drive(world.take('start'), { until }))).toBe('settled');
  });
});
