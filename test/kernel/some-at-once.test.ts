import { expect, test } from 'vitest';
import { someAtOnce } from '../../lib/kernel/some-at-once.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('each item is worked on once, so many at a time, in their order', async () => {
  const begun: number[] = [];
  let atWork = 0;
  let most = 0;
  await someAtOnce([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    begun.push(item);
    atWork += 1;
    most = Math.max(most, atWork);
    await turn();
    atWork -= 1;
  });
  expect([begun, most]).toEqual([[1, 2, 3, 4, 5, 6, 7], 3]);
  await someAtOnce([], 3, () => Promise.reject(new Error('of nothing')));
});

test('the first failure is thrown when all that was begun has ended, and nothing more begins', async () => {
  const ended: number[] = [];
  const working = someAtOnce([1, 2, 3, 4, 5], 2, async (item) => {
    if (item === 1) throw new Error('first');
    await turn();
    ended.push(item);
  });
  await expect(working).rejects.toThrow('first');
  expect(ended).toEqual([2]);
});
