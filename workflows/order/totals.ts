import type { Order } from './order.ts';

/** Standard rates of value-added tax. */
const taxPercent: Record<Order['customer']['country'], number> = { AT: 20, DE: 19, FR: 20, NL: 21 };

export interface Totals {
  netCents: number;
  taxPercent: number;
  taxCents: number;
  totalCents: number;
}

export function toTotals({ lines, customer }: Order): Totals {
  const percent = taxPercent[customer.country];
  const netCents = lines.reduce((sum, { quantity, priceCents }) => sum + quantity * priceCents, 0);
  const taxCents = Math.round((netCents * percent) / 100);
  return { netCents, taxPercent: percent, taxCents, totalCents: netCents + taxCents };
}

export function inEuro(cents: number): string {
  return `${(cents / 100).toFixed(2)} EUR`;
}
