/**
 * The tables of docs/cost.md. A test holds that the page has exactly these between its markers, and `npx tsx
 * test/cost/doc.ts` writes them there.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { amountsText } from '../../lib/cli/render/cost.ts';
import { assumptions } from '../../lib/cost/assumptions.ts';
import type { Bill } from '../../lib/cost/bill.ts';
import { type IdleMonth, idleMonthOf } from '../../lib/cost/idle-month.ts';
import { measureTick } from '../../lib/cost/measure-run.ts';
import { startMeteredAws } from '../../lib/cost/metered-aws.ts';
import { type Price, priceTable } from '../../lib/cost/prices.ts';
import { measurePath } from './measure-path.ts';
import { type Path, paths } from './paths.ts';

const file = join(import.meta.dirname, '../../docs/cost.md');

export const readPage = (): string => readFileSync(file, 'utf8');

/** By the name of its marker, what is to stand after `<!-- name -->` and before `<!-- end -->`. */
export async function countedBlocks(): Promise<Record<string, string>> {
  const { bill } = await measurePath(paths[0] as Path);
  return {
    'ten short steps': billBlock(bill),
    paths: pathsBlock(),
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

const table = (titles: string[], rows: string[][]) =>
  [titles, titles.map((title) => (title.startsWith('$') ? '---:' : '---')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

function pathsBlock(): string {
  return table(
    ['path', 'write units', 'read units', 'queue requests', 'invocations', 'why'],
    paths.map((path) => [
      path.path,
      sumOf(path.writes) + (path.blobs === undefined ? '' : `; ${unitsOf(path.blobs)} S3 write`),
      String(unitsOf(path.reads)),
      String(path.queue),
      Object.entries(path.invocations)
        .map(([name, times]) => `${times} ${name}`)
        .join(', ') || '0',
      path.why,
    ]),
  );
}

function unitsOf(counts: Path['writes']): number {
  return Object.values(counts ?? {}).reduce((sum, [, units]) => sum + units, 0);
}

/** `16: create 3, append 10, settle 3` */
function sumOf(counts: Path['writes']): string {
  const parts = Object.entries(counts ?? {}).map(([item, [, units]]) => `${item} ${units}`);
  return parts.length > 0 ? `**${unitsOf(counts)}**: ${parts.join(', ')}` : '**0**';
}

/** Cents are left out: storage depends on the digits of times. */
function billBlock({ lines, usd }: Bill): string {
  const rows = lines.map(({ item, times, amounts, usd: cost }) => [
    item,
    String(times),
    item === 'storage until expiry' ? 'items and index entries, for 37 days' : amountsText(amounts),
    (cost * 1e6).toFixed(1),
  ]);
  return table(
    ['item', 'times', 'units', '$ a million runs'],
    [...rows, ['**one run**', '', '', `**${(usd * 1e6).toFixed(0)}**`]],
  );
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
