import { fileOf, writeWhole } from './files.ts';
import type { Order } from './order.ts';
import { inEuro, type Totals } from './totals.ts';
import type { Reservation } from './warehouse.ts';

/** Lists what to take from which shelf, shelf by shelf. Answers with the file's path. */
export async function writePackingSlip(order: Order, reservations: Reservation[]): Promise<string> {
  const byShelf = [...reservations].sort((a, b) => a.shelf.localeCompare(b.shelf));
  const lines = byShelf.map(
    ({ shelf, quantity, name }) => `[ ] ${shelf.padEnd(4)} ${String(quantity).padStart(4)} × ${name}`,
  );
  const file = fileOf(order, 'packing-slip.txt');
  await writeWhole(file, `Packing slip of order ${order.id}\n\n${lines.join('\n')}\n`);
  return file;
}

export async function writeInvoice(order: Order, totals: Totals, atMs: number): Promise<string> {
  const lines = order.lines.map(({ sku, quantity, priceCents }) =>
    [
      String(quantity).padStart(4),
      sku.padEnd(16),
      inEuro(priceCents).padStart(14),
      inEuro(quantity * priceCents).padStart(14),
    ].join('  '),
  );
  const sums = [
    `Net    ${inEuro(totals.netCents).padStart(14)}`,
    `Tax    ${inEuro(totals.taxCents).padStart(14)}  (${totals.taxPercent} %)`,
    `Total  ${inEuro(totals.totalCents).padStart(14)}`,
  ];
  const { name, address, country } = order.customer;
  const head = [
    `Invoice of order ${order.id}`,
    new Date(atMs).toISOString().slice(0, 10),
    `${name}, ${address}, ${country}`,
  ];
  const file = fileOf(order, 'invoice.txt');
  await writeWhole(file, `${[head, lines, sums].map((part) => part.join('\n')).join('\n\n')}\n`);
  return file;
}
