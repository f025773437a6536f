import type { Ports } from '../kernel/ports.ts';
import type { Delivery, Message } from '../ports/queue.ts';

const maxRetryMs = 60_000;

/** When a message whose turn broke off comes again, after so many receives. Milliseconds. */
export function retryDelayMs(receives: number): number {
  return Math.min(maxRetryMs, 500 * 2 ** receives);
}

/** Where the queue carries the fact, it has to be stored before the message is gone. */
export async function storeMail(ports: Ports, message: Message): Promise<void> {
  if (message.kind !== 'mail' || !ports.queue.durable) return;
  await ports.store.putMail(message.run, message.nonce, message.mail, message.expiresAt);
}

/** What a turn is made of: the message, and how often it has been received. */
export type Cause = Pick<Delivery, 'message' | 'receives'>;

/**
 * Of two messages of one run the one that may do more. Only a start message and the sweeper may begin a fresh run (K10),
 * only a deployment and mail have a blocked one tried before its time. Of equals the first.
 */
export function strongest(first: Cause, second: Cause): Cause {
  return weightOf(first.message) >= weightOf(second.message) ? first : second;
}

function weightOf(message: Message): number {
  if (message.kind !== 'wake') return message.kind === 'start' ? 2 : 1;
  return { deployment: 4, opening: 3, sweeper: 2, none: 0 }[message.from ?? 'none'];
}
