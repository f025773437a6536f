import type { StoreTotals } from './sales.ts';

export interface Report {
  id: string;
  date: string;
  madeAt: string;
  stores: StoreTotals[];
  missing: { store: string; why: string }[];
}

/** The report as Markdown. */
export function renderReport({ id, date, madeAt, stores, missing }: Report): string {
  const rows = stores.map(({ store, receipts, pieces, revenueCents, best, toCheck }) =>
    row(store, receipts, pieces, euro(revenueCents), `${best.sku} (${euro(best.revenueCents)})`, toCheck),
  );
  const sum = (pick: (totals: StoreTotals) => number) => stores.reduce((total, store) => total + pick(store), 0);
  const all = row(
    '**all**',
    sum((store) => store.receipts),
    sum((store) => store.pieces),
    euro(sum((store) => store.revenueCents)),
    '',
    '',
  );
  const absent = missing.map(({ store, why }) => `- ${store}: ${why}`);
  const parts = [
    `# Sales of ${date}`,
    [
      row('store', 'receipts', 'pieces', 'revenue', 'best seller', 'to check'),
      row('---', '--:', '--:', '--:', '---', '---'),
      ...rows,
      all,
    ].join('\n'),
    ...(absent.length > 0 ? [`Without figures:\n\n${absent.join('\n')}`] : []),
    `Report ${id}, made at ${madeAt}.`,
  ];
  return `${parts.join('\n\n')}\n`;
}

function row(...cells: (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}

function euro(cents: number): string {
  return `${(cents / 100).toFixed(2)} €`;
}
