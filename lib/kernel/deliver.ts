import type { Message } from '../ports/queue.ts';
import type { Birth, Chunk, Mail, OutsideEvent } from './events.ts';
import { expiryOf } from './expiry.ts';
import { isOpen } from './head.ts';
import { isParking, isSettling } from './journal.ts';
import type { Ports } from './ports.ts';

/** All that is needed to tell a run something. */
export interface Recipient {
  id: string;
  nonce: string;
  /** When the run's records expire, in ms. */
  expiresAt: number;
}

export function recipientOf(ports: Pick<Ports, 'limits'>, birth: Birth): Recipient {
  return { id: birth.id, nonce: birth.nonce, expiresAt: expiryOf(birth, ports.limits) };
}

/**
 * Hands an outside event to a run (K19). When this resolves the event is durable: in the queue, or, where the queue
 * forgets, as mail that any process on the store can see; then the answer says whether the run had ended by then.
 */
export async function deliver(
  ports: Ports,
  { id: run, nonce, expiresAt }: Recipient,
  event: OutsideEvent,
): Promise<{ hasEnded?: boolean }> {
  const mail: Mail = { id: event.id, event };
  const left = ports.queue.durable ? {} : await leaveMail(ports, { kind: 'mail', run, nonce, mail, expiresAt });
  await ports.queue.send({ kind: 'mail', run, nonce, mail, expiresAt });
  return left;
}

/** Stores a fact beside the journal, and has the sweeper look at the run if nobody else does, unless it has ended. */
export async function leaveMail(
  ports: Ports,
  { run, nonce, mail, expiresAt }: Extract<Message, { kind: 'mail' }>,
): Promise<{ hasEnded: boolean }> {
  await ports.store.putMail(run, nonce, mail, expiresAt);
  const look = () => makeDue(ports, run, nonce);
  return { hasEnded: await (ports.looks?.at(nonce, look) ?? look()) };
}

/**
 * Lowers `wakeAt` of a waiting run to now, so that a sweeper finds it even if every message is lost (K15, K16). A run
 * with a driver needs none of that: the driver reads the mail before it raises the head. One that is parked already, and
 * whose head is about to be raised, does: the lowering takes the place of that raise. True: the run has ended.
 */
async function makeDue(ports: Ports, run: string, nonce: string): Promise<boolean> {
  const now = ports.clock.now();
  const end = await ports.store.readEnd(run);
  if (!end || end.nonce !== nonce) return false;
  const { state, position, last } = end;
  if (!isOpen(state) || last?.events.some(isSettling)) return true;
  if (last ? !isParked(last) : state.wakeAt <= now + ports.limits.leaseMs) return false;
  const readTo = last?.position ?? position;
  await ports.store.updateHead(
    run,
    { state: { ...state, wakeAt: now }, position: readTo },
    { nonce, positionAtMost: readTo },
  );
  return false;
}

function isParked(last: Chunk): boolean {
  const end = last.events.at(-1);
  return end !== undefined && isParking(end);
}
