import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createVirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';
import { createSystemClock } from '../../lib/adapters/system/clock.ts';
import { systemIds } from '../../lib/adapters/system/ids.ts';

describe('the system clock', () => {
  let now = performance.now();
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }));
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  test.each([true, false])('calls back at the time, however far away (keeps the process alive: %s)', (keepsAlive) => {
    const clock = createSystemClock({ keepsAlive });
    const rung = vi.fn();
    const inAYear = 365 * 86_400_000;
    clock.schedule(clock.now() + inAYear, rung);
    vi.advanceTimersByTime(inAYear - 1);
    expect(rung).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(rung).toHaveBeenCalledOnce();
  });

  test('does not call back before the time where a timer is early', () => {
    const clock = createSystemClock();
    const rung = vi.fn();
    clock.schedule(clock.now() + 100, rung);
    vi.setSystemTime(Date.now() - 30);
    vi.advanceTimersByTime(100);
    expect(rung).not.toHaveBeenCalled();
    vi.advanceTimersByTime(30);
    expect(rung).toHaveBeenCalledOnce();
  });

  test.each([
    { utilization: 0.3, most: 100, apart: 1 },
    { utilization: 0.8, most: 32, apart: 2 },
  ])(
    'lets $most go on in one round of the event loop where it is busy for $utilization of the time',
    async ({ utilization, most, apart }) => {
      // Each look comes so late that the loop is looked at anew.
      vi.spyOn(performance, 'now').mockImplementation(() => {
        now += 1_000;
        return now;
      });
      vi.spyOn(performance, 'eventLoopUtilization').mockReturnValue({ utilization, idle: 0, active: 0 });
      const clock = createSystemClock();
      let round = 0;
      let ticking = setImmediate(function tick() {
        round += 1;
        ticking = setImmediate(tick);
      });
      const rounds = await Promise.all(Array.from({ length: 250 }, () => clock.macrotask().then(() => round)));
      clearImmediate(ticking);
      expect(rounds).toEqual(rounds.toSorted((a, b) => a - b));
      const numbers = [...new Set(rounds)];
      const sizes = numbers.map((number) => rounds.filter((each) => each === number).length);
      expect(sizes).toEqual([...Array<number>(Math.floor(250 / most)).fill(most), 250 % most]);
      // Where the loop goes round once between two of them, the first one's writes begin.
      expect(numbers.slice(1).map((number, index) => number - (numbers[index] as number))).toEqual(
        sizes.slice(1).map(() => apart),
      );
    },
  );

  test('does not call back what was taken back', () => {
    const clock = createSystemClock();
    const rung = vi.fn();
    clock.schedule(clock.now() + 100, rung)();
    vi.advanceTimersByTime(200);
    expect(rung).not.toHaveBeenCalled();
  });
});

describe('system ids', () => {
  test('are 24 small letters and digits, and no two are alike', () => {
    const ids = Array.from({ length: 10_000 }, () => systemIds.random());
    for (const id of ids) expect(id).toMatch(/^[0-9a-z]{24}$/);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('a digest is the same for the same text, everywhere', () => {
    expect(systemIds.digest('')).toBe('werc8gmrzge196qvyk49jvxs4g');
    expect(systemIds.digest('größe')).not.toBe(systemIds.digest('grösse'));
  });

  test('fractions lie in [0, 1) and spread over it', () => {
    const fractions = Array.from({ length: 1_000 }, () => systemIds.fraction());
    expect(Math.min(...fractions)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...fractions)).toBeLessThan(1);
    expect(new Set(fractions.map((fraction) => Math.floor(fraction * 10))).size).toBe(10);
  });
});

describe('the virtual clock', () => {
  test('fires what falls due in order of time, each at its own time, with what follows from it', async () => {
    const clock = createVirtualClock({ start: 0 });
    const rung: string[] = [];
    clock.schedule(20, () => rung.push(`b ${clock.now()}`));
    clock.schedule(10, () => {
      rung.push(`a ${clock.now()}`);
      void Promise.resolve().then(() => clock.schedule(15, () => rung.push(`of a ${clock.now()}`)));
    });
    clock.schedule(99, () => rung.push('late'));
    await clock.advance(30);
    expect(rung).toEqual(['a 10', 'of a 15', 'b 20']);
    expect([clock.now(), clock.pending, clock.nextDue]).toEqual([30, 1, 99]);
    expect(await clock.advanceToNext()).toBe(true);
    expect([clock.now(), clock.pending, clock.nextDue]).toEqual([99, 0, undefined]);
    expect(await clock.advanceToNext()).toBe(false);
  });

  test('fires what is overdue without any time passing, unless it is taken back', async () => {
    const clock = createVirtualClock({ start: 100 });
    const rung: string[] = [];
    clock.schedule(50, () => rung.push('overdue'));
    clock.schedule(50, () => rung.push('taken back'))();
    await clock.settle();
    expect(rung).toEqual(['overdue']);
    expect(clock.now()).toBe(100);
  });
});
