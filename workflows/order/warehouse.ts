import { NonRetryableError, type StepAttempt } from 'pawl';
import { fileOf, remove, writeWhole } from './files.ts';
import type { Order, OrderLine } from './order.ts';
import { pretendWork } from './pretend.ts';

/** A small warehouse: what it has is a table, what is reserved is a file for each line of an order. */
const shelves: Record<string, { name: string; stock: number; shelf: string }> = {
  'lamp-oak': { name: 'Desk lamp, oak', stock: 40, shelf: 'A1' },
  'chair-ash': { name: 'Chair, ash', stock: 24, shelf: 'A2' },
  'desk-ash': { name: 'Desk, ash', stock: 6, shelf: 'A3' },
  'notebook-a5': { name: 'Notebook A5, dotted', stock: 500, shelf: 'B1' },
  'pen-blue': { name: 'Pen, blue', stock: 1_000, shelf: 'B2' },
  'ink-blue': { name: 'Ink, blue, 50 ml', stock: 120, shelf: 'B3' },
  'mug-white': { name: 'Mug, white', stock: 80, shelf: 'C1' },
};

export interface Reservation {
  sku: string;
  name: string;
  shelf: string;
  quantity: number;
}

export async function reserve(order: Order, { sku, quantity }: OrderLine, attempt: StepAttempt): Promise<Reservation> {
  await pretendWork(250 * order.pace, attempt);
  const found = shelves[sku];
  if (!found) throw new NonRetryableError(`The warehouse has no ${sku}`);
  if (quantity > found.stock) {
    throw new NonRetryableError(`The warehouse has ${found.stock} of ${sku}, the order wants ${quantity}`);
  }
  const reservation = { sku, name: found.name, shelf: found.shelf, quantity };
  await writeWhole(fileOf(order, 'reserved', `${sku}.json`), JSON.stringify(reservation));
  return reservation;
}

export async function release(order: Order, { sku }: Reservation): Promise<void> {
  await remove(fileOf(order, 'reserved', `${sku}.json`));
}
