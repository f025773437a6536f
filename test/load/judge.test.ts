import { describe, expect, test } from 'vitest';
import { fitLine, type MemorySample, memoryGrowth } from './judge.ts';
import { quantile } from './tally.ts';

/** Ten minutes, a sample each second. */
function samples(of: (second: number) => Partial<MemorySample>): MemorySample[] {
  return Array.from({ length: 600 }, (_, at) => ({ at, anonMb: 100, heapMb: 50, ...of(at) }));
}
const verdicts = (of: (second: number) => Partial<MemorySample>) =>
  memoryGrowth(samples(of)).map(({ isFlat }) => (isFlat ? 'flat' : 'grows'));

test('a line is fitted by least squares', () => {
  expect(
    fitLine([
      [0, 1],
      [1, 3],
      [2, 5],
    ]),
  ).toEqual({ slope: 2, mean: 3 });
});

test('a quantile is one of the values', () => {
  expect([0, 0.5, 0.99, 1].map((q) => quantile([4, 1, 3, 2], q))).toEqual([1, 2, 4, 4]);
  expect(quantile([], 0.5)).toBeNaN();
});

describe('memory', () => {
  test('that stays is flat', () => expect(verdicts(() => ({}))).toEqual(['flat', 'flat']));

  test('that grows is not, slowly or only in the heap', () => {
    expect(verdicts((at) => ({ anonMb: 100 + at / 10 }))).toEqual(['grows', 'flat']);
    expect(verdicts((at) => ({ heapMb: 50 + at / 10 }))).toEqual(['flat', 'grows']);
  });

  test('may grow while the process gets warm', () => {
    expect(verdicts((at) => ({ anonMb: Math.min(200, at) }))).toEqual(['flat', 'flat']);
  });

  test('that goes up and down between collections is flat, unless it comes down to less and less', () => {
    expect(verdicts((at) => ({ heapMb: 50 + (at % 20) * 10 }))).toEqual(['flat', 'flat']);
    expect(verdicts((at) => ({ heapMb: 50 + (at % 20) * 10 + at / 10 }))).toEqual(['flat', 'grows']);
  });
});
