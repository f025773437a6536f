import { openPawl, RunNotCompleted, workflow } from 'pawl';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createVirtualClock, type VirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';
import type { Pawl } from '../../lib/wiring/open-pawl.ts';

const countdown = workflow({ name: 'countdown' }, async (ctx, left: number): Promise<string> => {
  await ctx.sleep('1h');
  if (left < 0) throw new RangeError('below zero');
  if (left === 0) return 'lift-off';
  return ctx.continueAs(left === 13 ? -1 : left - 1);
});
const waiting = workflow({ name: 'waiting' }, async (ctx) => ({ got: await ctx.signal('go') }));

let clock: VirtualClock;
let pawl: Pawl;

beforeEach(async () => {
  clock = createVirtualClock();
  pawl = await openPawl({ workflows: [countdown, waiting], dataDir: ':memory:', clock });
});

afterEach(() => pawl.close());

/** Lets time pass until the promise has settled. */
async function inTime<T>(promise: Promise<T>): Promise<T> {
  let over = false;
  const end = () => {
    over = true;
  };
  promise.then(end, end);
  for (let hours = 0; hours < 48 && !over; hours += 1) await clock.advance(3_600_000);
  return promise;
}

describe('result()', () => {
  test('waits for the end, and follows a run that goes on as another', async () => {
    const run = await pawl.start(countdown, 3);
    expect(await inTime(run.result())).toBe('lift-off');
  });

  test('of a run that ended without an output is undefined', async () => {
    const run = await pawl.start(waiting);
    await run.signal('go');
    expect(await inTime(run.result())).toEqual({});
  });

  test('throws RunNotCompleted, which has the run that failed: the last of the chain', async () => {
    const run = await pawl.start(countdown, 13);
    const error = await inTime(run.result().catch((thrown: unknown) => thrown));
    if (!(error instanceof RunNotCompleted)) throw error;
    const { continuedAs } = await run.get();
    expect(error.message).toBe(`Run ${continuedAs} of countdown failed: below zero`);
    expect(error.run).toEqual(await pawl.getRun(continuedAs as string));
  });

  test('throws the reason of its signal, before and while it waits', async () => {
    const run = await pawl.start(waiting);
    await expect(run.result({ signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow('too late');
    const patience = new AbortController();
    const result = run.result({ signal: patience.signal });
    await clock.settle();
    patience.abort(new Error('no more patience'));
    await expect(result).rejects.toThrow('no more patience');
    expect((await run.get()).status).toBe('waiting');
  });

  test('of a run that is not there is not found', async () => {
    await expect(pawl.run('nobody').result()).rejects.toMatchObject({ code: 'not_found' });
  });
});

test('a handle acts on its run', async () => {
  const run = await pawl.start(waiting);
  await clock.settle();
  await run.pause();
  await clock.settle();
  expect((await pawl.run(run.id).get()).status).toBe('paused');
  await run.resume();
  await clock.settle();
  const [first, second] = [await run.signal('go', 7, { key: 'k' }), await run.signal('go', 7, { key: 'k' })];
  expect(second).toEqual(first);
  expect(await inTime(run.result())).toEqual({ got: 7 });
});

test('a cancel may have a reason', async () => {
  for (const reason of [undefined, 'enough']) {
    const run = await pawl.start(waiting);
    await run.cancel(reason);
    await clock.settle();
    expect((await run.get()).error?.message).toBe(reason ?? 'The run was cancelled');
  }
});

test('a failure without a recorded error still says what it is', () => {
  const run = { id: 'r', workflow: 'w', status: 'failed' } as never;
  expect(new RunNotCompleted(run).message).toBe('Run r of w failed: no error was recorded');
});
