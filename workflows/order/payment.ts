import { NonRetryableError, type StepAttempt } from 'pawl';
import { fileOf, writeOnce } from './files.ts';
import type { Order } from './order.ts';
import { pretendWork } from './pretend.ts';

/** A payment provider that, like real ones, takes an idempotency token: the same token charges once. */
export interface Charge {
  id: string;
  amountCents: number;
}

export async function charge(order: Order, amountCents: number, attempt: StepAttempt): Promise<Charge> {
  await pretendWork(600 * order.pace, attempt);
  if (order.card === 'declined') throw new NonRetryableError('The card was declined');
  const made: Charge = { id: attempt.idempotencyToken, amountCents };
  await writeOnce(fileOf(order, 'payments', `${made.id}.json`), JSON.stringify({ ...made, card: order.card }));
  return made;
}

export async function refund(order: Order, { id, amountCents }: Charge): Promise<void> {
  await writeOnce(fileOf(order, 'payments', `${id}-refund.json`), JSON.stringify({ of: id, amountCents }));
}
