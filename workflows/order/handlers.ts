import { handlers } from 'pawl';
import { cancelParcels, ship } from './carrier.ts';
import { remove } from './files.ts';
import type { Order, OrderLine } from './order.ts';
import { writeInvoice, writePackingSlip } from './papers.ts';
import { type Charge, charge, refund } from './payment.ts';
import type { Totals } from './totals.ts';
import { type Reservation, release, reserve } from './warehouse.ts';

/** What the tasks of `order-graph.yaml` do: the same functions as the steps of `order-fulfilment.ts`. */
export const orderHandlers = handlers({
  reserve: ({ order, line }: { order: Order; line: OrderLine }, task) => reserve(order, line, task),
  release: ({ order, reserved }: { order: Order; reserved: Reservation }) => release(order, reserved),

  charge: ({ order, amountCents }: { order: Order; amountCents: number }, task) => charge(order, amountCents, task),
  refund: ({ order, charged }: { order: Order; charged: Charge }) => refund(order, charged),

  writePackingSlip: ({ order, reservations }: { order: Order; reservations: Reservation[] }) =>
    writePackingSlip(order, reservations),
  writeInvoice: ({ order, totals, atMs }: { order: Order; totals: Totals; atMs: number }) =>
    writeInvoice(order, totals, atMs),
  removeFile: ({ file }: { file: string }) => remove(file),

  /** From here on there may be parcels to take back. */
  openShipment: ({ order }: { order: Order }) => ({ shipment: order.id }),
  cancelParcels: ({ order }: { order: Order }) => cancelParcels(order),
  ship: ({ order, reservation, index }: { order: Order; reservation: Reservation; index: number }, task) =>
    ship(order, reservation, index, task),
});
