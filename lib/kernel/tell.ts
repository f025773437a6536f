import { deliver, recipientOf } from './deliver.ts';
import type { Birth, Chunk, OutsideEvent } from './events.ts';
import { isFault } from './faults.ts';
import { foldJournal, type Journal } from './journal.ts';
import { copyPayload } from './payload.ts';
import type { Ports } from './ports.ts';
import { retrying } from './retrying.ts';
import { successorIn } from './successor.ts';

/**
 * Tells a run something. Where the queue forgets, whoever tells a run that has just ended and goes on as another passes it
 * on himself: who closes its head may die over it, and nobody looks at a closed head (K22).
 */
export async function tell(ports: Ports, birth: Birth, event: OutsideEvent): Promise<void> {
  const { hasEnded } = await deliver(ports, recipientOf(ports, birth), event);
  if (hasEnded) await tellSuccessor(ports, birth, event);
}

/** Tells a run what the one before it has been told. A child's end is for the run that started it, not for the one that goes on. */
export async function tellAgain(ports: Ports, to: Birth, event: OutsideEvent): Promise<void> {
  if (event.type !== 'child_settled') await tell(ports, to, await readdressed(ports, to, event));
}

/**
 * Tells the run that an ended one goes on as. Where there is none yet, whoever makes it hands over what has come until then. Each
 * call is tried again by itself: the event stands already, and whoever is told that this failed would say it once more.
 */
export async function tellSuccessor(
  ports: Ports,
  { id, nonce }: Pick<Birth, 'id' | 'nonce'>,
  event: OutsideEvent,
): Promise<void> {
  if (event.type === 'child_settled') return;
  const record = await retrying(ports, () => ports.store.read(id));
  if (record?.head.birth.nonce !== nonce) return;
  const journal = readable(record.head.birth, record.chunks);
  const next = journal && (await successorIn(ports, journal));
  if (!next) return;
  const again = await retrying(ports, () => readdressed(ports, next.birth, event));
  const { hasEnded } = await retrying(ports, () => deliver(ports, recipientOf(ports, next.birth), again));
  if (hasEnded) await tellSuccessor(ports, next.birth, again);
}

/** What is large lies with the run that it is for. */
async function readdressed(ports: Ports, to: Birth, event: OutsideEvent): Promise<OutsideEvent> {
  if (event.type !== 'run_signalled' || event.payload === undefined) return event;
  const payload = await copyPayload(ports, event.payload, recipientOf(ports, to), event.id);
  return { ...event, ...(payload !== undefined && { payload }) };
}

/** `undefined`: what is told stands beside a journal that only others can read, or nobody. */
function readable(birth: Birth, chunks: Chunk[]): Journal | undefined {
  try {
    return foldJournal(birth, chunks);
  } catch (error) {
    if (isFault(error, 'newer_format') || isFault(error, 'corrupt')) return undefined;
    throw error;
  }
}
