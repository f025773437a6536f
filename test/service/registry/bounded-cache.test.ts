import { expect, test } from 'vitest';
import { createBoundedCache } from '../../../lib/service/registry/bounded-cache.ts';

test('of too many entries those stay that were used last', () => {
  const cache = createBoundedCache<number>({ entries: 2 });
  cache.set('a', 1);
  cache.set('b', 2);
  expect(cache.get('a')).toBe(1);
  cache.set('c', 3);
  expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual([1, undefined, 3]);
});

test('large entries push out as many as it takes, and one stays however large it is', () => {
  const cache = createBoundedCache<number>({ entries: 10, size: 100 });
  for (const key of ['a', 'b', 'c']) cache.set(key, 1, 30);
  cache.set('d', 2, 60);
  expect(['a', 'b', 'c', 'd'].map((key) => cache.get(key))).toEqual([undefined, undefined, 1, 2]);
  cache.set('e', 3, 1_000);
  expect(['c', 'd', 'e'].map((key) => cache.get(key))).toEqual([undefined, undefined, 3]);
  cache.set('f', 4, 1);
  expect(['e', 'f'].map((key) => cache.get(key))).toEqual([undefined, 4]);
});

test('an entry that is replaced counts once, and nothing is left after it was cleared', () => {
  const cache = createBoundedCache<number>({ entries: 10, size: 100 });
  for (let time = 0; time < 10; time += 1) cache.set('a', time, 40);
  cache.set('b', 1, 60);
  expect(cache.get('a')).toBe(9);
  cache.clear();
  expect(cache.get('a')).toBeUndefined();
  cache.set('c', 1, 100);
  expect(cache.get('c')).toBe(1);
});
