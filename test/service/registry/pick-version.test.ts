import { describe, expect, test } from 'vitest';
import { systemIds } from '../../../lib/adapters/system/ids.ts';
import { type ActiveVersion, mainVersion, pickVersion } from '../../../lib/service/registry/pick-version.ts';

const ids = Array.from({ length: 20_000 }, (_, index) => systemIds.digest(`run ${index}`));
const shares = (active: ActiveVersion[], of: string[] = ids) => {
  const counts = new Map<number | undefined, number>();
  for (const id of of) {
    const version = pickVersion(active, id);
    counts.set(version, (counts.get(version) ?? 0) + 1);
  }
  return counts;
};

describe('the version that a run gets', () => {
  test('is the only active one', () => {
    expect(shares([{ version: 3, weight: 100 }])).toEqual(new Map([[3, ids.length]]));
    expect(pickVersion([], 'run')).toBeUndefined();
  });

  test('follows from its id alone', () => {
    const active = [
      { version: 3, weight: 50 },
      { version: 4, weight: 50 },
    ];
    for (const id of ids.slice(0, 100)) expect(pickVersion([...active], `${id}`)).toBe(pickVersion(active, id));
  });

  test.each([1, 10, 50, 99])('is the second of two in %i of 100 cases', (weight) => {
    const counts = shares([
      { version: 3, weight: 100 - weight },
      { version: 4, weight },
    ]);
    const expected = (ids.length * weight) / 100;
    // Five standard deviations of a fair choice.
    const tolerance = 5 * Math.sqrt(ids.length * (weight / 100) * (1 - weight / 100));
    expect(Math.abs((counts.get(4) ?? 0) - expected)).toBeLessThan(tolerance);
    expect((counts.get(3) ?? 0) + (counts.get(4) ?? 0)).toBe(ids.length);
  });

  test('is spread as evenly over ids that differ in their last letter alone', () => {
    const similar = Array.from({ length: 2_000 }, (_, index) => `order-${index}`);
    const counts = shares(
      [
        { version: 1, weight: 50 },
        { version: 2, weight: 50 },
      ],
      similar,
    );
    expect(Math.abs((counts.get(2) ?? 0) - 1_000)).toBeLessThan(120);
  });

  test('stays the later one for whom it was that, when its share grows', () => {
    for (const [before, after] of [
      [1, 10],
      [10, 50],
      [50, 100],
    ] as const) {
      const at = (weight: number) => [
        { version: 3, weight: 100 - weight },
        { version: 4, weight },
      ];
      const had = ids.filter((id) => pickVersion(at(before), id) === 4);
      expect(had.length).toBeGreaterThan(0);
      expect(had.filter((id) => pickVersion(at(after), id) !== 4)).toEqual([]);
    }
  });
});

test('the main version is the one with the greatest share, of equals the latest', () => {
  expect(mainVersion([])).toBeUndefined();
  expect(
    mainVersion([
      { version: 1, weight: 60 },
      { version: 2, weight: 40 },
    ]),
  ).toBe(1);
  expect(
    mainVersion([
      { version: 1, weight: 50 },
      { version: 2, weight: 50 },
    ]),
  ).toBe(2);
});
