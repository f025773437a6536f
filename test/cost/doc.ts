/**
 * The tables of docs/cost.md. A test holds that the page has exactly these between its markers, and `npx tsx
 * test/cost/doc.ts` writes them there.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { amountsText } from '../../lib/cli/render/cost.ts';
import { assumptions } from '../../lib/cost/assumptions.ts';
import type { BillLine } from '../../lib/cost/bill.ts';
import { type IdleMonth, idleMonthOf } from '../../lib/cost/idle-month.ts';
import { measureTick } from '../../lib/cost/measure-run.ts';
import { startMeteredAws } from '../../lib/cost/metered-aws.ts';
import { type Price, priceTable } from '../../lib/cost/prices.ts';
import { billChains, type ChainBill } from '../../lib/cost/reference/chains.ts';
import { type CostTable, chainTable, mapTable, mapWriteTable, pathTable } from '../../lib/cost/reference/tables.ts';

const file = join(import.meta.dirname, '../../docs/cost.md');

export const readPage = (): string => readFileSync(file, 'utf8');

/** By the name of its marker, what is to stand after `<!-- name -->` and before `<!-- end -->`. */
export async function countedBlocks(): Promise<Record<string, string>> {
  const bills = await billChains(assumptions);
  return {
    chains: markdown(chainTable(bills), ['in all', 'a million runs']),
    'ten short steps': billBlock(bills[0] as ChainBill),
    paths: markdown(pathTable()),
    maps: rightTable(mapTable()),
    'writes of maps': markdown(mapWriteTable()),
    'idle month': idleBlock(await measureIdleMonth()),
    prices: pricesBlock(),
  };
}

async function measureIdleMonth(): Promise<IdleMonth> {
  const metered = await startMeteredAws({ workflows: {} });
  try {
    return idleMonthOf(await measureTick(metered), assumptions);
  } finally {
    await metered.close();
  }
}

export function blockIn(page: string, name: string): string {
  return blockPattern(name).exec(page)?.[1] ?? `The page has no block "${name}"`;
}

const blockPattern = (name: string) => new RegExp(`(?<=<!-- ${name} -->\\n)([^]*?)(?=\\n<!-- end -->)`);

/** `loud`: rows that stand out. */
const markdown = ({ titles, rows }: CostTable, loud: string[] = []) =>
  table(
    titles,
    rows.map((row) => (loud.includes(row[0] ?? '') ? row.map((cell) => `**${cell}**`) : row)),
  );

const rightTable = ({ titles, rows }: CostTable) =>
  [titles, titles.map(() => '---:'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const table = (titles: string[], rows: string[][]) =>
  [titles, titles.map((title, index) => (isNumeric(title, index, titles) ? '---:' : '---')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

/** Storage depends on the digits of times: its units are left out. */
function billBlock({ bill, steps }: ChainBill): string {
  const row = ({ item, times, amounts, usd }: BillLine, title = item) => [
    title,
    String(times),
    'tableGbMonths' in amounts || 'recoveryGbMonths' in amounts ? 'items and index entries' : amountsText(amounts),
    ((usd * 1e6) / steps).toFixed(2),
    (usd * 1e6).toFixed(1),
  ];
  return table(
    ['item', 'times', 'units', '$ a million tasks', '$ a million runs'],
    [
      ...bill.lines.map((line) => row(line)),
      ['**one run**', '', '', `**${((bill.usd * 1e6) / steps).toFixed(2)}**`, `**${(bill.usd * 1e6).toFixed(1)}**`],
      ...bill.apart.map((line) => row(line, `apart: ${line.item}`)),
    ],
  );
}

function isNumeric(title: string, index: number, [first = '']: string[]): boolean {
  return title.startsWith('$') || (index > 0 && first.endsWith('in $'));
}

function idleBlock({ lines, usd, usdBeyondFree }: IdleMonth): string {
  const rows = lines.map(({ item, basis, amounts, usd: cost, optional }) => [
    optional ? `only if on: ${item}` : item,
    basis,
    amountsText(amounts),
    cost.toFixed(2),
  ]);
  const sums = [
    ['**in all**, without what is only if on', '', '', `**${usd.toFixed(2)}**`],
    ['the same, after what AWS gives an account each month', '', '', usdBeyondFree.toFixed(2)],
  ];
  return table(['item', 'why', 'units', '$ a month'], [...rows, ...sums]);
}

function pricesBlock(): string {
  return table(
    ['what', '$', 'for', 'free each month', 'last seen'],
    Object.values<Price>(priceTable.prices).map(({ usd, per, unit, source, seen, freeEachMonth }) => [
      `[${unit}](${source})`,
      String(usd),
      per.toLocaleString('en-US'),
      freeEachMonth > 0 ? freeEachMonth.toLocaleString('en-US') : '',
      seen,
    ]),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  let page = readPage();
  for (const [name, block] of Object.entries(await countedBlocks()))
    page = page.replace(blockPattern(name), () => block);
  writeFileSync(file, page);
}
