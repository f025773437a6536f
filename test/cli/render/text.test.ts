import { expect, test } from 'vitest';
import { humanDuration } from '../../../lib/cli/render/duration.ts';
import { clean, cut, padEnd, widthOf } from '../../../lib/cli/render/text.ts';
import { exactLocalTime, localTime } from '../../../lib/cli/render/time.ts';
import '../plain.ts';

test.each([
  [0, '0 ms'],
  [850, '850 ms'],
  [999.6, '1.0 s'],
  [1_240, '1.2 s'],
  [59_949, '59.9 s'],
  [59_950, '1 min'],
  [80_000, '1 min 20 s'],
  [180_000, '3 min'],
  [3_599_600, '1 h'],
  [7_500_000, '2 h 5 min'],
  [86_400_000, '1 d'],
  [31_536_000_000, '365 d'],
  [-5, '0 ms'],
])('%d ms is shown as %s', (ms, shown) => {
  expect(humanDuration(ms)).toBe(shown);
});

test('times are local ISO 8601 with the offset', () => {
  expect(localTime('2026-03-01T08:30:00.250Z')).toBe('2026-03-01T08:30:00+00:00');
  expect(exactLocalTime('2026-03-01T08:30:00.250Z')).toBe('2026-03-01T08:30:00.250+00:00');
  expect(localTime('nonsense')).toBe('nonsense');
});

test('what a run holds cannot steer the terminal', () => {
  expect(clean('a\u001b[2Jb\nc\u202ed')).toBe('a\ufffd[2Jb c\ufffdd');
});

test('a text is cut to columns, where wide characters take two', () => {
  expect(cut('abcdef', 4)).toBe('abc…');
  expect(cut('abcd', 4)).toBe('abcd');
  expect(widthOf('日本🙂')).toBe(6);
  expect(cut('日本語', 4)).toBe('日…');
  expect(padEnd('日', 4)).toBe('日  ');
});
