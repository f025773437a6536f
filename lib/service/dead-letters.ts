import { leaveMail } from '../kernel/deliver.ts';
import type { Ports } from '../kernel/ports.ts';
import { tellSuccessor } from '../kernel/tell.ts';
import type { Delivery, Message } from '../ports/queue.ts';

/**
 * Messages that ran out of receives. A fact is stored with its run, which shows it and takes it as soon as it can be
 * driven again; a wake is dropped, since the sweeper wakes whoever is due. What cannot be stored stays a dead letter.
 */
export interface DeadLetterCounts {
  /** Facts that were stored with their runs. */
  stored: number;
  /** Wakes and start messages. */
  dropped: number;
}

const atOnce = 10;

/** Until there are no more, or until `until`, in ms since the epoch. */
export async function settleDeadLetters(ports: Ports, { until }: { until: number }): Promise<DeadLetterCounts> {
  const counts: DeadLetterCounts = { stored: 0, dropped: 0 };
  while (ports.clock.now() < until) {
    const letters = await ports.queue.receiveDeadLetters(atOnce);
    if (letters.length === 0) break;
    await Promise.all(letters.map((letter) => settleOne(ports, letter, counts)));
  }
  return counts;
}

async function settleOne(ports: Ports, { message, receipt }: Delivery, counts: DeadLetterCounts): Promise<void> {
  try {
    if (message.kind === 'mail') await storeFact(ports, message);
    await ports.queue.dropDeadLetter(receipt);
    if (message.kind === 'mail') counts.stored += 1;
    else counts.dropped += 1;
  } catch (error) {
    ports.observer?.troubled?.({ run: message.run, message: 'A dead letter could not be settled; it stays', error });
  }
}

/** A run that has ended is driven no more: if it goes on as another, that one is told. */
async function storeFact(ports: Ports, message: Extract<Message, { kind: 'mail' }>): Promise<void> {
  const { run: id, nonce, mail } = message;
  const { hasEnded } = await leaveMail(ports, message);
  if (hasEnded) await tellSuccessor(ports, { id, nonce }, mail.event);
}
