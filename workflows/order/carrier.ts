import { NonRetryableError, type StepAttempt } from 'pawl';
import { fileOf, remove, writeWhole } from './files.ts';
import type { Order } from './order.ts';
import { pretendWork } from './pretend.ts';
import type { Reservation } from './warehouse.ts';

export interface Parcel {
  sku: string;
  tracking: string;
}

/** Prints a label for one line. Every fourth parcel finds the label printer jammed at its first attempt. */
export async function ship(
  order: Order,
  { sku, name, quantity }: Reservation,
  index: number,
  attempt: StepAttempt,
): Promise<Parcel> {
  await pretendWork(600 * order.pace, attempt);
  if (order.failShipping === sku) throw new NonRetryableError(`The carrier refuses ${sku}`);
  if (index % 4 === 3 && attempt.attempt === 1) throw new Error('The label printer is jammed');
  const tracking = `${order.id}-${String(index + 1).padStart(3, '0')}`;
  const { customer } = order;
  const label = [tracking, `${quantity} × ${name}`, customer.name, `${customer.address}, ${customer.country}`];
  await writeWhole(fileOf(order, 'labels', `${tracking}.txt`), `${label.join('\n')}\n`);
  return { sku, tracking };
}

/** Takes back every parcel of an order, whether or not we heard that its label was printed. */
export async function cancelParcels(order: Order): Promise<void> {
  await remove(fileOf(order, 'labels'));
}
