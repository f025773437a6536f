/** What runs cost of which nothing is wanted just now: scenario 15. */
import { afterEach, describe, expect, test } from 'vitest';
import { type MeteredAws, startMeteredAws } from '../../lib/cost/metered-aws.ts';
import { sweep } from '../../lib/service/sweep.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createWorld, startIn } from '../kernel/harness.ts';

const minute = 60_000;
const hour = 60 * minute;

describe('scenario 15: runs that wait and steps that last ask much of the store', () => {
  // Guards: a short step has no mark, a turn under half its lease no heartbeat (lazy bookkeeping).
  test('a step of less than a second costs its outcome and nothing else', async () => {
    const world = createWorld();
    const quick = workflow({ name: 'quick' }, async (ctx) => ctx.step('work', () => world.sleep(990)));
    const one = world.process('one', [quick]);
    await startIn(one, quick);
    const before = one.calls.length;
    expect(await world.until(one.drive(world.take('start')))).toBe('settled');
    expect(one.calls.slice(before).map(({ method }) => method)).toEqual(['read', 'append', 'updateHead']);
  });

  // Guards: heartbeats come each half lease, looks at the mail each watch, however long the step.
  test('a step of ten minutes writes twice each half lease at most, and reads each five seconds', async () => {
    const world = createWorld();
    const slow = workflow({ name: 'slow' }, async (ctx) => ctx.step('work', () => world.sleep(10 * minute)));
    const one = world.process('one', [slow]);
    const run = await startIn(one, slow);
    const before = one.calls.length;
    expect(await world.until(one.drive(world.take('start')))).toBe('settled');
    const calls = one.calls.slice(before).map(({ method }) => method);
    const count = (name: string) => calls.filter((method) => method === name).length;
    expect(count('append')).toBeLessThanOrEqual(42);
    expect(count('updateHead')).toBeLessThanOrEqual(42);
    expect(count('read')).toBeLessThanOrEqual(122);
    expect(calls.length).toBe(count('append') + count('updateHead') + count('read'));
    expect((await world.lines(run)).filter((line) => line.includes('task_started'))).toHaveLength(1);
  });

  // Guard: whoever suspends leaves nobody behind; a sweep reads what is due and nothing else.
  test('a run that waits for a week costs nothing in that week, however often the sweeper comes', async () => {
    const world = createWorld();
    const waiting = workflow({ name: 'waiting', timeout: '30d' }, async (ctx) => ctx.signal('go'));
    const one = world.process('one', [waiting]);
    await startIn(one, waiting);
    expect(await world.until(one.drive(world.take('start')))).toBe('suspended');
    const before = one.calls.length;
    for (let day = 0; day < 7; day += 1) {
      await world.advance(24 * hour);
      await sweep(one.ports);
    }
    expect(one.calls.slice(before).map(({ method }) => method)).toEqual(Array(7).fill('listDue'));
    expect(world.messages).toEqual([]);
  });
});

describe('scenario 15: on AWS, by the meter', () => {
  let metered: MeteredAws;
  afterEach(() => metered.close());

  test('a tick costs the same with fifty waiting runs as with none, and between ticks nothing is asked for', async () => {
    const approval = workflow({ name: 'approval' }, async (ctx, _n: number) => ctx.signal('answer'));
    metered = await startMeteredAws({ workflows: { approval } });
    const { aws, api, meter, clock } = metered;
    const used = async (work: () => Promise<unknown>) => {
      await metered.quiet();
      meter.reset();
      await work();
      await metered.quiet();
      const uses = meter.uses().filter((use) => !('operation' in use && use.operation === 'ReceiveMessage'));
      return uses.map((use) => JSON.stringify(use)).sort();
    };
    // The first run notes its workflow and the first tick its deployment, once for all.
    await api.startRun({ workflow: 'approval', input: 0 });
    await used(() => aws.sweep());
    const tick = () => {
      clock.skip(hour);
      return aws.sweep();
    };
    const idle = await used(tick);
    for (let n = 1; n <= 50; n += 1) await api.startRun({ workflow: 'approval', input: n });
    await metered.quiet();
    expect((await api.listRuns({ status: 'waiting', limit: 200 })).items).toHaveLength(51);
    const waiting = await used(tick);
    expect(waiting).toEqual(idle);
    expect(idle.length).toBeGreaterThan(0);
    expect(await used(async () => clock.skip(10 * hour))).toEqual([]);
  });
});
