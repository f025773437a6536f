import type { SourceScalar } from './nodes.ts';

/**
 * Where in the text a character of a part of a scalar's value stands; the scalar's start if it is written in another way
 * than it reads (escaped or folded).
 */
export function textOffset(node: SourceScalar, text: string, part: string, position: number): number {
  const raw = text.slice(node.start, node.end);
  const verbatim = raw.indexOf(part);
  if (verbatim !== -1) return node.start + verbatim + position;
  const lines = part.slice(0, position).split('\n');
  const here = part.split('\n')[lines.length - 1]?.trim() ?? '';
  const column = (lines.at(-1) ?? '').length;
  if (here === '') return node.start;
  const rawLines = raw.split('\n');
  const first = rawLines.findIndex((line) => line.includes('{%'));
  const row = first + lines.length - 1;
  const found = rawLines[row]?.indexOf(here) ?? -1;
  if (first === -1 || found === -1) return node.start;
  const before = rawLines.slice(0, row).reduce((sum, line) => sum + line.length + 1, 0);
  const indent =
    (part.split('\n')[lines.length - 1] ?? '').length - (part.split('\n')[lines.length - 1] ?? '').trimStart().length;
  return node.start + before + found + Math.max(0, column - indent);
}
