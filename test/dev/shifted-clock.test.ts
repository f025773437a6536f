import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, test } from 'vitest';
import { createShiftedClock } from '../../lib/dev/shifted-clock.ts';

const hourMs = 3_600_000;

test('time passes by itself, from now on', async () => {
  const clock = createShiftedClock();
  const begun = clock.now();
  expect(Math.abs(begun - Date.now())).toBeLessThan(100);
  await new Promise<void>((resolve) => clock.schedule(begun + 20, resolve));
  expect(clock.now()).toBeGreaterThanOrEqual(begun + 20);
});

test('skipped time has passed at once, and stays passed', async () => {
  const clock = createShiftedClock();
  const before = clock.now();
  clock.skip(hourMs);
  expect(clock.now()).toBeGreaterThanOrEqual(before + hourMs);
  await clock.macrotask();
  expect(clock.now()).toBeGreaterThanOrEqual(before + hourMs);
});

test('what falls due while time is skipped rings after the skip, in order of its time', async () => {
  const clock = createShiftedClock();
  const rung: string[] = [];
  const start = clock.now();
  await new Promise<void>((resolve) => {
    clock.schedule(start + 3 * hourMs, resolve);
    clock.schedule(start + 2 * hourMs, () => rung.push('later'));
    clock.schedule(start + hourMs, () => rung.push('earlier'));
    clock.schedule(start + hourMs, () => rung.push('earlier, scheduled second'));
    expect(clock.ringing).toBe(false);
    clock.skip(3 * hourMs);
    expect(rung).toEqual([]);
    expect(clock.ringing).toBe(true);
  });
  expect(clock.ringing).toBe(false);
  expect(rung).toEqual(['earlier', 'earlier, scheduled second', 'later']);
});

test('what is not due yet waits on', async () => {
  const clock = createShiftedClock();
  const start = clock.now();
  let early = false;
  clock.schedule(start + 2 * hourMs, () => {
    early = true;
  });
  await new Promise<void>((resolve) => {
    clock.schedule(start + hourMs, resolve);
    clock.skip(hourMs);
  });
  expect(early).toBe(false);
});

test('what was taken back does not ring', async () => {
  const clock = createShiftedClock();
  const start = clock.now();
  let rang = false;
  const cancel = clock.schedule(start + hourMs, () => {
    rang = true;
  });
  await new Promise<void>((resolve) => {
    clock.schedule(start + 2 * hourMs, resolve);
    cancel();
    clock.skip(2 * hourMs);
  });
  expect(rang).toBe(false);
});

test('an alarm farther away than a timer can wait does not ring early', async () => {
  const clock = createShiftedClock();
  let rang = false;
  const cancel = clock.schedule(clock.now() + 1_000 * 24 * hourMs, () => {
    rang = true;
  });
  await new Promise<void>((resolve) => clock.schedule(clock.now() + 20, resolve));
  expect(rang).toBe(false);
  cancel();
});

test('time does not go back', () => {
  expect(() => createShiftedClock().skip(-1)).toThrow('Time goes forward');
});

test('a callback runs in the context of whoever scheduled it', async () => {
  const clock = createShiftedClock();
  const context = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  await new Promise<void>((resolve) => {
    const at = clock.now() + hourMs;
    context.run('first', () => clock.schedule(at, () => seen.push(context.getStore())));
    context.run('second', () => clock.schedule(at, () => seen.push(context.getStore())));
    clock.schedule(at, resolve);
    clock.skip(hourMs);
  });
  expect(seen).toEqual(['first', 'second']);
});
