import { expect, test } from 'vitest';
import { createMemoryQueue } from '../../lib/adapters/memory/queue.ts';
import { createVirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';
import { queueSuite } from '../conformance/queue-suite.ts';

queueSuite('memory', async (settings) => {
  const queue = createMemoryQueue(settings);
  return { queue, dispose: () => queue.close() };
});

test('a closed memory queue lets its receivers go, leaves no timer behind, and takes nothing more', async () => {
  const clock = createVirtualClock();
  const queue = createMemoryQueue({ clock });
  const waiting = queue.receive({ max: 1, waitMs: 1_000 });
  await queue.send({ kind: 'wake', run: 'late' }, { delayMs: 10 });
  await queue.close();
  expect(await waiting).toEqual([]);
  expect(await queue.receive({ max: 1, waitMs: 1_000 })).toEqual([]);
  expect(clock.pending).toBe(0);
  await expect(queue.send({ kind: 'wake', run: 'a' })).rejects.toMatchObject({ code: 'closed' });
});
