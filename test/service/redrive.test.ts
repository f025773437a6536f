import { expect, test } from 'vitest';
import { createMemoryQueue } from '../../lib/adapters/memory/queue.ts';
import { createVirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';
import { redriveDeadLetters } from '../../lib/service/redrive.ts';

test('a redrive sends every dead letter once more, and says how many there were', async () => {
  const queue = createMemoryQueue({ clock: createVirtualClock(), receiveLimit: 1 });
  for (const run of ['a', 'b']) await queue.send({ kind: 'wake', run });
  for (const { receipt } of await queue.receive({ max: 2, waitMs: 0 })) await queue.retry(receipt, 0);
  expect(await queue.countDeadLetters()).toBe(2);
  expect(await redriveDeadLetters({ queue })).toEqual({ redriven: 2 });
  const again = await queue.receive({ max: 10, waitMs: 0 });
  expect(again.map(({ message, receives }) => [message.run, receives])).toEqual([
    ['a', 1],
    ['b', 1],
  ]);
  expect(await redriveDeadLetters({ queue })).toEqual({ redriven: 0 });
});
