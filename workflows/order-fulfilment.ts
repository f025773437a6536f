import { type Context, workflow } from 'pawl';
import { z } from 'zod';
import { cancelParcels, ship } from './order/carrier.ts';
import { remove } from './order/files.ts';
import { type Order, order } from './order/order.ts';
import { writeInvoice, writePackingSlip } from './order/papers.ts';
import { charge, refund } from './order/payment.ts';
import { inEuro, type Totals, toTotals } from './order/totals.ts';
import { type Reservation, release, reserve } from './order/warehouse.ts';

/** Payload of the signal `approval`. */
const approval = z.object({ approved: z.boolean(), by: z.string().min(1), reason: z.string().optional() });

const parcelsAtOnce = 2;

/**
 * Takes an order from stock to parcel. Whatever fails on the way, the stock is released, the charge refunded and the
 * parcels are taken back, last first.
 */
export const orderFulfilment = workflow({ name: 'order-fulfilment', input: order }, async (ctx, input) => {
  const reservations: Reservation[] = [];
  for (const line of input.lines) {
    ctx.report({ stage: 'reserving', done: reservations.length, of: input.lines.length });
    const reservation = await ctx.step(`reserve:${line.sku}`, (attempt) => reserve(input, line, attempt), {
      compensate: (reserved) => release(input, reserved),
    });
    reservations.push(reservation);
  }

  const totals = toTotals(input);
  const approvedBy = totals.totalCents > input.approvalOverCents ? await awaitApproval(ctx, input, totals) : undefined;

  ctx.report({ stage: 'charging', amount: inEuro(totals.totalCents) });
  const { id: chargeId } = await ctx.step('charge', (attempt) => charge(input, totals.totalCents, attempt), {
    timeout: '10s',
    compensate: (charged) => refund(input, charged),
  });

  const atMs = ctx.now();
  const { packingSlip, invoice } = await ctx.all('papers', {
    packingSlip: (branch) => branch.step('write', () => writePackingSlip(input, reservations)),
    invoice: (branch) => branch.step('write', () => writeInvoice(input, totals, atMs), { compensate: remove }),
  });

  // Registered before the parcels: when one fails, others are under way, and nobody hears what became of them.
  ctx.compensate('cancel-parcels', () => cancelParcels(input));
  ctx.report({ stage: 'shipping', parcels: reservations.length });
  const parcels = await ctx.map(
    'parcels',
    reservations,
    (reservation, item, index) => item.step('ship', (attempt) => ship(input, reservation, index, attempt)),
    { concurrency: parcelsAtOnce },
  );

  ctx.report({ stage: 'waiting for the carrier' });
  await ctx.sleep(2_000 * input.pace, { name: 'collection' });

  ctx.report({ stage: 'done', parcels: parcels.length });
  return {
    orderId: input.id,
    ...totals,
    chargeId,
    tracking: parcels.map(({ tracking }) => tracking),
    packingSlip,
    invoice,
    ...(approvedBy !== undefined && { approvedBy }),
  };
});

/** Who approved. Throws `ApprovalDenied`, or `TimeoutError` when nobody answers in time. */
async function awaitApproval(ctx: Context, input: Order, totals: Totals): Promise<string> {
  ctx.report({ stage: 'waiting for approval', amount: inEuro(totals.totalCents) });
  ctx.log.info('The order waits for the signal approval', { order: input.id, totalCents: totals.totalCents });
  const answer = await ctx.signal('approval', { schema: approval, timeout: input.approvalTimeout });
  if (!answer.approved)
    throw new ApprovalDenied(`${answer.by} denied the order: ${answer.reason ?? 'no reason given'}`);
  return answer.by;
}

class ApprovalDenied extends Error {
  override readonly name = 'ApprovalDenied';
}
