import { type Chunk, FORMAT } from './events.ts';
import { isParking, isSettling } from './journal.ts';
import type { Ports } from './ports.ts';
import { retrying } from './retrying.ts';

/**
 * Whether news of a child, already stored as mail, can be left to the run's driver. A parent of thousands hears of each child's
 * end, mostly while it is driven; to read its whole journal each time would cost the square of their number.
 *
 * Sound as far as the journal's end alone decides: behind a claim that holds, the driver reads the mail once more before it leaves
 * (K19). Whatever else the end says, the whole run has to be read.
 */
export async function isLeftToDriver(ports: Ports, run: string, nonce: string): Promise<boolean> {
  const end = await retrying(ports, () => ports.store.readEnd(run));
  if (!end || end.nonce !== nonce) return false;
  const { last } = end;
  return (
    last?.driver !== undefined && holds(ports, last, last.driver) && !(await ports.liveness.isGone(last.driver.id))
  );
}

function holds({ clock }: Ports, { format, events }: Chunk, { leaseUntil }: NonNullable<Chunk['driver']>): boolean {
  return (
    format === FORMAT && leaseUntil > clock.now() && !events.some((event) => isParking(event) || isSettling(event))
  );
}
