import type { Colors } from 'picocolors/types';
import { clean, cut, padEnd, padStart, widthOf } from './text.ts';

/** How wide the output is and whether it is painted. */
export interface Canvas {
  width: number;
  colors: Colors;
}

export type Paint = (text: string) => string;

export interface Cell {
  text: string;
  paint?: Paint;
}

export interface Column {
  title: string;
  align?: 'left' | 'right';
  /** Gives way, down to this many columns, when the table is wider than the canvas. */
  shrinkTo?: number;
}

const gap = '  ';

/** Lines of a table without borders. Titles are left out where all are empty. */
export function table(columns: Column[], rows: Cell[][], canvas: Canvas): string[] {
  const cells = rows.map((row) => columns.map((_, index) => cleaned(row[index])));
  const widths = fitted(columns, cells, canvas.width);
  const lines = cells.map((row) => line(row, columns, widths));
  if (columns.every((column) => column.title === '')) return lines;
  const titles = columns.map((column) => ({ text: column.title, paint: canvas.colors.dim }));
  return [line(titles, columns, widths), ...lines];
}

function cleaned(cell: Cell | undefined): Cell {
  return cell === undefined ? { text: '' } : { ...cell, text: clean(cell.text) };
}

function fitted(columns: Column[], cells: Cell[][], width: number): number[] {
  const widths = columns.map((column, index) =>
    Math.max(widthOf(column.title), ...cells.map((row) => widthOf(row[index]?.text ?? ''))),
  );
  let excess = widths.reduce((sum, each) => sum + each, 0) + gap.length * (columns.length - 1) - width;
  while (excess > 0) {
    const widest = widestShrinkable(columns, widths);
    if (widest === undefined) return widths;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}

function widestShrinkable(columns: Column[], widths: number[]): number | undefined {
  let widest: number | undefined;
  for (const [index, { shrinkTo }] of columns.entries()) {
    const width = widths[index] ?? 0;
    if (shrinkTo === undefined || width <= shrinkTo) continue;
    if (widest === undefined || width > (widths[widest] ?? 0)) widest = index;
  }
  return widest;
}

function line(row: Cell[], columns: Column[], widths: number[]): string {
  const parts = columns.map((column, index) => {
    const cell = row[index] ?? { text: '' };
    const width = widths[index] ?? 0;
    const text = cut(cell.text, width);
    const painted = cell.paint && text !== '' ? cell.paint(text) : text;
    const space = (column.align === 'right' ? padStart : padEnd)(text, width).length - text.length;
    if (column.align === 'right') return ' '.repeat(space) + painted;
    return index === columns.length - 1 ? painted : painted + ' '.repeat(space);
  });
  return parts.join(gap).trimEnd();
}
