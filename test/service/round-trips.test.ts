import { expect, test } from 'vitest';
import { roundTripPaths } from '../../bench/round-trips.ts';

test.each(roundTripPaths)(
  '$path takes exactly its calls of the store, and so many of them in sequence',
  async ({ measure, expected }) => {
    expect(await measure()).toEqual(expected);
  },
);

test('each step more is one call more, in sequence', () => {
  const [ten, hundred] = ['a run of ten steps', 'a run of a hundred steps'].map(
    (name) => roundTripPaths.find(({ path }) => path === name)?.expected,
  );
  expect((hundred?.untilQuiet ?? 0) - (ten?.untilQuiet ?? 0)).toBe(90);
});
