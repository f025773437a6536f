import { NonRetryableError } from 'pawl';

/** One row of a store's sales file. */
export interface Sale {
  receipt: string;
  sku: string;
  quantity: number;
  priceCents: number;
}

const header = 'receipt,sku,quantity,price_cents';

/** Reads CSV without quotes. Throws `NonRetryableError` that names the line. */
export function parseSales(text: string, what: string): Sale[] {
  const [first, ...rows] = text.trim().split('\n');
  if (first !== header) throw new NonRetryableError(`${what}, line 1: expected ${header}`);
  return rows.map((row, index) => {
    const [receipt, sku, quantity, priceCents] = row.split(',');
    const sale = { receipt: receipt ?? '', sku: sku ?? '', quantity: Number(quantity), priceCents: Number(priceCents) };
    if (!sale.receipt || !sale.sku || !Number.isInteger(sale.quantity) || !Number.isInteger(sale.priceCents)) {
      throw new NonRetryableError(`${what}, line ${index + 2}: expected ${header}, got '${row}'`);
    }
    return sale;
  });
}

export interface StoreTotals {
  store: string;
  receipts: number;
  pieces: number;
  revenueCents: number;
  best: { sku: string; revenueCents: number };
  /** One receipt, picked at random, that a person is to check. */
  toCheck: string;
}

/** `pick` in [0, 1) chooses the receipt to check. */
export function totalSales(store: string, sales: readonly Sale[], pick: number): StoreTotals {
  const bySku = new Map<string, number>();
  for (const { sku, quantity, priceCents } of sales) bySku.set(sku, (bySku.get(sku) ?? 0) + quantity * priceCents);
  const [best] = [...bySku].sort(([a, centsA], [b, centsB]) => centsB - centsA || (a < b ? -1 : 1));
  const receipts = [...new Set(sales.map(({ receipt }) => receipt))];
  const toCheck = receipts[Math.floor(pick * receipts.length)];
  if (!best || toCheck === undefined) throw new NonRetryableError(`${store} has sold nothing`);
  return {
    store,
    receipts: receipts.length,
    pieces: sales.reduce((sum, { quantity }) => sum + quantity, 0),
    revenueCents: sales.reduce((sum, { quantity, priceCents }) => sum + quantity * priceCents, 0),
    best: { sku: best[0], revenueCents: best[1] },
    toCheck,
  };
}
