import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diffLines, type Hunk } from '../../../lib/service/registry/line-diff.ts';

/** What becomes of a text by its hunks; throws where a hunk does not fit. */
function patched(text: string[], hunks: Hunk[]): string[] {
  const result: string[] = [];
  let at = 0;
  for (const { from, to, lines } of hunks) {
    while (at < from - 1) result.push(text[at++] as string);
    if (result.length !== to - 1) throw new Error(`A hunk says line ${to}, and it is ${result.length + 1}`);
    for (const line of lines) {
      const [mark, rest] = [line[0], line.slice(1)];
      if (mark !== '+' && text[at++] !== rest) throw new Error(`Line ${at} is not '${rest}'`);
      if (mark !== '-') result.push(rest);
    }
  }
  return [...result, ...text.slice(at)];
}

describe('a difference', () => {
  test('shows three equal lines around it', () => {
    const from = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
    const to = ['a', 'b', 'c', 'd', 'E', 'f', 'g', 'h', 'i'];
    expect(diffLines(from.join('\n'), to.join('\n'))).toEqual([
      { from: 2, to: 2, lines: [' b', ' c', ' d', '-e', '+E', ' f', ' g', ' h'] },
    ]);
  });

  test('close to another is one with it, and far from it is not', () => {
    const lines = Array.from({ length: 30 }, (_, index) => String(index));
    const changed = (...at: number[]) => lines.map((line, index) => (at.includes(index) ? `${line}!` : line));
    const hunks = (...at: number[]) => diffLines(lines.join('\n'), changed(...at).join('\n'));
    expect(hunks(10, 17).map(({ from, lines }) => [from, lines.length])).toEqual([[8, 16]]);
    expect(hunks(10, 18).map(({ from, lines }) => [from, lines.length])).toEqual([
      [8, 8],
      [16, 8],
    ]);
  });

  test.each([
    ['nothing', 'a\nb\n', 'a\nb\n', []],
    ['the last line break alone', 'a\nb', 'a\nb\n', []],
    ['a text that was empty', '', 'a\nb', [{ from: 1, to: 1, lines: ['+a', '+b'] }]],
    ['a text that became empty', 'a\n', '', [{ from: 1, to: 1, lines: ['-a'] }]],
    ['kinds of line breaks', 'a\r\nb\r\n', 'a\nb\n', []],
  ])('of %s', (_what, from, to, expected) => {
    expect(diffLines(from, to)).toEqual(expected);
  });

  test('takes as few lines as possible', () => {
    const hunks = diffLines('a\nb\nc\na\nb\nb\na', 'c\nb\na\nb\na\nc');
    const marks = hunks.flatMap(({ lines }) => lines.filter((line) => line[0] !== ' '));
    expect(marks).toHaveLength(5);
  });

  const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd', ''), { maxLength: 30 });

  test('makes the one text of the other, whatever they are', () => {
    fc.assert(
      fc.property(text, text, (from, to) => {
        const [one, other] = [
          [...from, 'end'],
          [...to, 'end'],
        ];
        expect(patched(one, diffLines(one.join('\n'), other.join('\n')))).toEqual(other);
      }),
      { numRuns: 500 },
    );
  });

  test('of texts that have hardly a line in common is still right, and soon there', () => {
    const one = Array.from({ length: 20_000 }, (_, index) => `one ${index}`);
    const other = Array.from({ length: 20_000 }, (_, index) => (index % 100 === 0 ? `one ${index}` : `other ${index}`));
    expect(patched(one, diffLines(one.join('\n'), other.join('\n')))).toEqual(other);
  });
});
