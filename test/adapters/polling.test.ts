import { expect, test } from 'vitest';
import { createVirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';
import { createPollingChanges } from '../../lib/adapters/polling/changes.ts';

function setUp() {
  const clock = createVirtualClock();
  const begin = clock.now();
  const changes = createPollingChanges({ clock, firstMs: 250, maxMs: 2_000 });
  const heard: [atMs: number, settledAt: number | 'unknown' | undefined][] = [];
  const listen = (run = 'run') =>
    changes.subscribe(run, (settledAt) => void heard.push([clock.now() - begin, settledAt]));
  return { clock, changes, heard, listen, times: () => heard.map(([atMs]) => atMs) };
}

test('hints at distances that double up to the longest', async () => {
  const { clock, listen, times } = setUp();
  listen();
  await clock.advance(8_000);
  expect(times()).toEqual([250, 750, 1_750, 3_750, 5_750, 7_750]);
});

test('what is published in the process is a hint at once, and begins anew with short distances', async () => {
  const { clock, changes, heard, listen } = setUp();
  listen();
  await clock.advance(2_000);
  heard.length = 0;
  changes.publish('run', 7);
  changes.publish('another');
  await clock.advance(800);
  expect(heard).toEqual([
    [2_000, 7],
    [2_250, 'unknown'],
    [2_750, 'unknown'],
  ]);
});

test('does nothing while nobody subscribes', async () => {
  const { clock, changes, heard, listen } = setUp();
  changes.publish('run');
  expect(clock.pending).toBe(0);
  const stop = listen();
  expect(clock.pending).toBe(1);
  stop();
  expect(clock.pending).toBe(0);
  changes.publish('run');
  await clock.advance(10_000);
  expect(heard).toEqual([]);
});

test('each subscription has its own distances, and ends alone', async () => {
  const { clock, listen, times } = setUp();
  const stop = listen();
  await clock.advance(500);
  listen();
  stop();
  await clock.advance(500);
  expect(times()).toEqual([250, 750]);
  expect(clock.pending).toBe(1);
});

test('a subscription that ends while it is told is not told again', async () => {
  const clock = createVirtualClock();
  const changes = createPollingChanges({ clock, firstMs: 250, maxMs: 2_000 });
  let hints = 0;
  const stop = changes.subscribe('run', () => {
    hints += 1;
    stop();
  });
  await clock.advance(10_000);
  expect([hints, clock.pending]).toEqual([1, 0]);
});
