import { describe, expect, test } from 'vitest';
import { createVirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';
import { isFault } from '../../lib/kernel/faults.ts';
import { createLoad, defaultLoadLimits } from '../../lib/service/load.ts';

const limits = { backlog: 10, backlogMs: 5_000, backlogMost: 100, startPatienceMs: 30_000 };

function loaded() {
  const clock = createVirtualClock({ start: 0 });
  const waiting = { count: 0, oldestMs: 0 };
  const backlog = { count: () => waiting.count, oldestMs: () => waiting.oldestMs, runs: () => new Set<string>() };
  return { clock, waiting, load: createLoad({ backlog, clock, limits }) };
}

function faultOf(work: () => void) {
  try {
    work();
  } catch (error) {
    if (isFault(error, 'overloaded')) return error;
    throw error;
  }
  return undefined;
}

/** How many of those who wait have got in, and how many have been turned away. */
function waiters(load: ReturnType<typeof loaded>['load'], count: number) {
  const seen = { entered: [] as number[], refused: 0 };
  for (let index = 0; index < count; index += 1) {
    load.roomForStart().then(
      (started) => {
        seen.entered.push(index);
        started();
      },
      (error: unknown) => {
        expect(error).toMatchObject({ code: 'overloaded' });
        seen.refused += 1;
      },
    );
  }
  return seen;
}

describe('starting a run', () => {
  test.each([
    ['a few that have waited for long', 'taken', 9, 60_000],
    ['many that have just come', 'taken', 99, 4_000],
    ['many of whom the first has waited for long', 'refused', 10, 5_001],
    ['as many as there may ever be', 'refused', 100, 0],
  ])('behind %s is %s', (_what, outcome, count, oldestMs) => {
    const { load, waiting } = loaded();
    Object.assign(waiting, { count, oldestMs });
    const fault = faultOf(() => load.admitStart());
    expect(fault === undefined ? 'taken' : 'refused').toBe(outcome);
  });

  test.each([
    [1_200, 1_000],
    [20_000, 10_000],
    [600_000, 30_000],
  ])(
    'where the first has waited for %i ms, whoever is refused is to come back after %i ms',
    (oldestMs, retryAfterMs) => {
      const { load, waiting } = loaded();
      Object.assign(waiting, { count: 100, oldestMs });
      expect(faultOf(() => load.admitStart())).toMatchObject({ retryAfterMs });
    },
  );

  test('the refusal names the limit and what waits', () => {
    const { load, waiting } = loaded();
    Object.assign(waiting, { count: 42, oldestMs: 9_000 });
    expect(faultOf(() => load.admitStart())?.message).toMatch(/^42 messages wait .*\(backlog is 10\)/);
  });
});

test('what lets open runs end is taken for longer, and not for ever', () => {
  const { load, waiting } = loaded();
  Object.assign(waiting, { count: 99, oldestMs: 60_000 });
  expect(faultOf(() => load.admitMessage())).toBeUndefined();
  expect(load.hasRoom()).toBe(true);
  waiting.count = 100;
  expect(faultOf(() => load.admitMessage())).toMatchObject({ code: 'overloaded' });
  expect(load.hasRoom()).toBe(false);
});

describe('who starts a run in this process', () => {
  test('does not wait where there is room', async () => {
    const { load, clock } = loaded();
    await load.roomForStart();
    expect(clock.pending).toBe(0);
  });

  test('waits for room, and gets in by the order of asking, some at a time', async () => {
    const { load, waiting, clock } = loaded();
    Object.assign(waiting, { count: 50, oldestMs: 6_000 });
    const seen = waiters(load, 120);
    await clock.advance(20_000);
    expect(seen.entered).toEqual([]);
    waiting.oldestMs = 1_000;
    await clock.advance(25);
    expect(seen.entered).toEqual(Array.from({ length: limits.backlog }, (_, index) => index));
    await clock.advance(1_000);
    expect([seen.entered.length, seen.refused]).toEqual([120, 0]);
    expect(clock.pending).toBe(0);
  });

  test('counts until its run is started: many that come at once do not all get in', async () => {
    const { load, clock } = loaded();
    const started: (() => void)[] = [];
    for (let n = 0; n < 15; n += 1) void load.roomForStart().then((end) => started.push(end));
    await clock.advance(100);
    expect(started).toHaveLength(10);
    for (const end of started.splice(0)) end();
    await clock.advance(100);
    expect(started).toHaveLength(5);
  });

  test('does not overtake those who wait already', async () => {
    const { load, waiting, clock } = loaded();
    Object.assign(waiting, { count: 50, oldestMs: 6_000 });
    const first = waiters(load, 60);
    waiting.oldestMs = 0;
    const second = waiters(load, 1);
    await clock.advance(25);
    expect([first.entered.length, second.entered.length]).toEqual([10, 0]);
    await clock.advance(6 * 25);
    expect([first.entered.length, second.entered.length]).toEqual([60, 1]);
  });

  test('is refused where nobody has got in for the whole of the patience: a step that starts runs would wait for itself', async () => {
    const { load, waiting, clock } = loaded();
    Object.assign(waiting, { count: 50, oldestMs: 6_000 });
    const seen = waiters(load, 3);
    await clock.advance(29_000);
    expect(seen.refused).toBe(0);
    await clock.advance(1_100);
    expect([seen.entered, seen.refused]).toEqual([[], 3]);
    expect(clock.pending).toBe(0);
  });
});

test('the patience with a long queue is less than half the grace: what was accepted is begun before the sweeper comes', () => {
  expect(defaultLoadLimits.backlogMs).toBeLessThan(15_000);
});
