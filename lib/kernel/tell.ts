import { retrying } from './appender.ts';
import { deliver, recipientOf } from './deliver.ts';
import type { Birth, Chunk, OutsideEvent } from './events.ts';
import { isFault } from './faults.ts';
import { foldJournal, isOvertaken, type Journal } from './journal.ts';
import type { Ports } from './ports.ts';
import { readdressed, successorIn } from './successor.ts';

/**
 * Tells a run something. Where the queue forgets, whoever tells a run that has just ended and goes on as another passes it
 * on himself: who closes its head may die over it, and nobody looks at a closed head (K22).
 */
export async function tell(ports: Ports, birth: Birth, event: OutsideEvent): Promise<void> {
  const { hasEnded } = await deliver(ports, recipientOf(ports, birth), event);
  if (!hasEnded) return;
  // What is told stands already: whoever is told that it failed would say it once more.
  const record = await retrying(ports, () => ports.store.read(birth.id));
  if (record?.head.birth.nonce !== birth.nonce) return;
  const journal = readable(birth, record.chunks);
  const next = journal && (await successorIn(ports, journal));
  // Where there is none yet, whoever makes it hands over what has come until then.
  if (next && !isOvertaken(journal, event)) {
    await tell(ports, next.birth, await readdressed(ports, event, recipientOf(ports, next.birth)));
  }
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
