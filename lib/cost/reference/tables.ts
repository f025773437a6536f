/** The tables that `pawl cost` prints and docs/cost.md holds. Pure. */
import type { Assumptions } from '../assumptions.ts';
import { type Amounts, type BillLine, usdOf } from '../bill.ts';
import type { ChainBill } from './chains.ts';
import { type MapWrite, mapReasons, maps } from './maps.ts';
import { type Path, paths } from './paths.ts';

export interface CostTable {
  titles: string[];
  rows: string[][];
}

const million = 1_000_000;

/** A million tasks of each chain in dollars, line by line; below the sum what stands apart, and what the budget is. */
export function chainTable(bills: readonly ChainBill[]): CostTable {
  const items = (part: 'lines' | 'apart') => [
    ...new Set(bills.flatMap(({ bill }) => bill[part].map(({ item }) => item))),
  ];
  const row = (title: string, usdOfEach: (bill: ChainBill) => number): string[] => [
    title,
    ...bills.map((bill) => dollars(usdOfEach(bill))),
  ];
  const perTask = (item: string, part: 'lines' | 'apart') => (chain: ChainBill) =>
    (usdOfLine(chain.bill[part], item) * million) / chain.steps;
  return {
    titles: ['a million tasks, in $', ...bills.map(({ title }) => title)],
    rows: [
      ...items('lines').map((item) => row(item, perTask(item, 'lines'))),
      row('in all', millionTasksUsd),
      row('budget', ({ mostUsd }) => mostUsd),
      ...items('apart').map((item) => row(`apart: ${item}`, perTask(item, 'apart'))),
      ['a million runs', ...bills.map(({ bill }) => (bill.usd * million).toFixed(1))],
    ],
  };
}

/** What a million tasks of a chain cost, without what stands apart. */
export function millionTasksUsd({ bill, steps }: ChainBill): number {
  return (bill.usd * million) / steps;
}

function usdOfLine(lines: readonly BillLine[], item: string): number {
  return lines.find((line) => line.item === item)?.usd ?? 0;
}

function dollars(usd: number): string {
  return usd.toFixed(2);
}

/** One durable write of 1 KB for each task, and the time of the function meanwhile: a million tasks in dollars. */
export function floorUsd({ memoryMb, stepMs, requestMs }: Assumptions): number {
  const amounts: Amounts = { writeUnits: 1, gbSeconds: ((memoryMb / 1_024) * (stepMs + requestMs)) / 1_000 };
  return usdOf(amounts) * million;
}

export function pathTable(): CostTable {
  return {
    titles: ['path', 'write units', 'read units', 'queue requests', 'invocations', 'why'],
    rows: paths.map((path) => [
      path.path,
      unitsText(path.writes) + (path.blobs === undefined ? '' : `; ${sumOf(path.blobs)} S3 write`),
      String(sumOf(path.reads)),
      String(path.queue),
      Object.entries(path.invocations)
        .map(([name, times]) => `${times} ${name}`)
        .join(', ') || '0',
      path.why,
    ]),
  };
}

function sumOf(counts: Path['writes']): number {
  return Object.values(counts ?? {}).reduce((sum, [, units]) => sum + units, 0);
}

/** `16: create 3, append 10, settle 3` */
function unitsText(counts: Path['writes']): string {
  const parts = Object.entries(counts ?? {}).map(([item, [, units]]) => `${item} ${units}`);
  return parts.length > 0 ? `${sumOf(counts)}: ${parts.join(', ')}` : '0';
}

/** Maps in children by their number, each unit for each child. */
export function mapTable(): CostTable {
  return {
    titles: [
      'children',
      'write units a child',
      'read units a child',
      'queue requests a child',
      'invocations a child',
      '$ a million children',
    ],
    rows: maps.map(({ children, writes, readUnits, queueRequests, invocations, usd }) => {
      const all = Object.values(writes).reduce((sum, units) => sum + units, 0);
      const each = [all, readUnits, queueRequests, invocations, usd * million].map((units) =>
        (units / children).toFixed(1),
      );
      return [children.toLocaleString('en-US'), ...each];
    }),
  };
}

/** What the writes of a map are for: how many a child of each kind, by the number of children, and why. */
export function mapWriteTable(): CostTable {
  return {
    titles: ['write units a child', ...maps.map(({ children }) => children.toLocaleString('en-US')), 'why'],
    rows: Object.entries(mapReasons).map(([item, why]) => [
      item,
      ...maps.map(({ children, writes }) => ((writes[item as MapWrite] ?? 0) / children).toFixed(2)),
      why,
    ]),
  };
}
