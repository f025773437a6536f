import { retrying } from './appender.ts';
import { type Chunk, FORMAT } from './events.ts';
import { isParking, isSettling } from './journal.ts';
import type { Ports } from './ports.ts';

/**
 * Whether news of a child, already stored as mail, can be left to the run's driver. A parent of thousands hears of each child's
 * end, mostly while it is driven; to read its whole journal each time would cost the square of their number.
 *
 * Sound as far as the journal's end alone decides: behind a claim that holds, the driver reads the mail once more before it leaves
 * (K19). Whatever else the end says, the whole run has to be read.
 */
export async function isLeftToDriver(ports: Ports, run: string, nonce: string): Promise<boolean> {
  const head = await retrying(ports, () => ports.store.readHead(run));
  if (!head || head.birth.nonce !== nonce || head.position < shortJournal) return false;
  const record = await retrying(ports, () => ports.store.read(run, head.position));
  if (!record || record.head.birth.nonce !== nonce) return false;
  const last = record.chunks.at(-1);
  return (
    last?.driver !== undefined && holds(ports, last, last.driver) && !(await ports.liveness.isGone(last.driver.id))
  );
}

/** Up to this position a journal is read whole: that is one request instead of two. */
const shortJournal = 32;

function holds({ clock }: Ports, { format, events }: Chunk, { leaseUntil }: NonNullable<Chunk['driver']>): boolean {
  return (
    format === FORMAT && leaseUntil > clock.now() && !events.some((event) => isParking(event) || isSettling(event))
  );
}
