/** One table of all figures, for a terminal and for the documentation. Pure. */

export interface Cell {
  value: number;
  /** The same work as plain writes of the same store, in the same unit. */
  plain?: number;
}

export type Column = 'memory' | 'lmdb' | 'dynamodb';

export type Target = { column: Column } & (
  | { atMost: number }
  | { atLeast: number }
  /** Not the value but its ratio to plain writes. */
  | { ratioAtMost: number }
);

export interface Row {
  group: string;
  what: string;
  unit: string;
  cells: Partial<Record<Column, Cell>>;
  /** More is better. */
  isRate?: boolean;
  target?: Target;
}

const columns: readonly Column[] = ['memory', 'lmdb', 'dynamodb'];
const titles = ['', 'memory', 'LMDB', '× plain', 'DynamoDB', '× plain', 'target', ''];
const missed = 'MISSED';

/** How many times as long as plain writes, or as much: less is better, whatever the unit. */
function ratioOf({ value, plain }: Cell, isRate = false): number | undefined {
  if (plain === undefined) return undefined;
  return isRate ? plain / value : value / plain;
}

export function isMissed({ cells, isRate, target }: Row): boolean {
  const cell = target && cells[target.column];
  if (target === undefined || cell === undefined) return false;
  if ('ratioAtMost' in target) return (ratioOf(cell, isRate) ?? 0) > target.ratioAtMost;
  return 'atMost' in target ? cell.value > target.atMost : cell.value < target.atLeast;
}

function textsOf(row: Row): string[] {
  const cellTexts = columns.flatMap((column) => {
    const cell = row.cells[column];
    const value = show(cell?.value);
    if (column === 'memory') return [value];
    const ratio = cell && ratioOf(cell, row.isRate);
    return [value, ratio === undefined ? '' : show(ratio)];
  });
  return [
    `${row.what}${row.unit === '' ? '' : ` (${row.unit})`}`,
    ...cellTexts,
    targetText(row.target),
    isMissed(row) ? missed : '',
  ];
}

function targetText(target: Target | undefined): string {
  if (target === undefined) return '';
  if ('ratioAtMost' in target) return `≤ ${show(target.ratioAtMost)} × plain`;
  return 'atMost' in target ? `≤ ${show(target.atMost)}` : `≥ ${show(target.atLeast)}`;
}

export function show(value: number | undefined): string {
  if (value === undefined) return '';
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en-US');
  if (Number.isInteger(value)) return String(value);
  return value.toFixed(Math.abs(value) < 10 ? 2 : 0);
}

export function plainTable(rows: readonly Row[]): string {
  const [first = '', ...others] = titles;
  const wide = Math.max(...rows.map((row) => (textsOf(row)[0] ?? '').length)) + indent.length;
  const lines = [line(first.padEnd(wide), others)];
  let group = '';
  for (const row of rows) {
    if (row.group !== group) lines.push(row.group);
    group = row.group;
    const [what = '', ...rest] = textsOf(row);
    lines.push(line(`${indent}${what}`.padEnd(wide), rest));
  }
  return lines.join('\n');
}

const indent = '  ';
const widths = [10, 10, 9, 10, 9, 17, 8];

function line(first: string, cells: readonly string[]): string {
  return (first + cells.map((cell, index) => cell.padStart(widths[index] ?? 0)).join('')).trimEnd();
}

export function markdownTable(rows: readonly Row[]): string {
  const lines = [
    `| ${['figure', ...titles.slice(1, -1)].join(' | ')} |`,
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
  ];
  let group = '';
  for (const row of rows) {
    if (row.group !== group) lines.push(`| **${row.group}** | | | | | | |`);
    group = row.group;
    const [what, ...rest] = textsOf(row);
    const mark = rest.pop() === missed ? ', missed' : '';
    lines.push(`| ${[what, ...rest].join(' | ')}${mark} |`);
  }
  return lines.join('\n');
}
