import { createAppender } from './appender.ts';
import { newDriverId } from './driver-id.ts';
import type { RunEvent } from './events.ts';
import { createHeadKeeper, type HeadAsRead } from './head-keeper.ts';
import type { Journal } from './journal.ts';
import { announce } from './outbox.ts';
import type { Ports } from './ports.ts';
import { endOfOverdue } from './settle.ts';
import { blockedUntil } from './suspension.ts';

/**
 * Putting a run aside without its program: it cannot be loaded, it kills its drivers, or there is nothing to do for it.
 */

export interface Parked {
  ports: Ports;
  journal: Journal;
  head: HeadAsRead;
}

type ParkEnd<End> = End | 'settled' | 'lost';

/** Mail stays unread: it is for the program. Past its deadline and grace the run is settled instead (K25). */
export async function parkBlocked(
  run: Parked,
  takeover: boolean,
  code: string,
  message: string,
): Promise<ParkEnd<'blocked'>> {
  const now = run.ports.clock.now();
  const overdue = endOfOverdue(run.journal, run.ports.limits, message, now);
  const retryAt = blockedUntil(run.journal, run.ports.limits, now);
  return park(run, overdue ?? { type: 'run_blocked', at: now, code, message, retryAt }, takeover, 'blocked');
}

/** Repeats how the run was put aside, since only behind a new append can the head be raised again (K16). */
export async function parkAgain(run: Parked): Promise<ParkEnd<'left'>> {
  const { current } = run.journal;
  const at = run.ports.clock.now();
  if (current.phase === 'blocked') {
    const { code, message, retryAt } = current;
    return park(run, { type: 'run_blocked', at, code, message, retryAt }, false, 'left');
  }
  if (current.phase !== 'suspended') return 'left';
  const { wakeAt, awaiting, paused } = current;
  return park(
    run,
    { type: 'run_suspended', at, wakeAt, awaiting, ...(paused && { paused: true as const }) },
    false,
    'left',
  );
}

async function park<End>(
  { ports, journal, head }: Parked,
  event: RunEvent,
  takeover: boolean,
  end: End,
): Promise<ParkEnd<End>> {
  const keeper = createHeadKeeper(ports, journal, head);
  const driver = newDriverId(ports);
  if (event.type === 'run_blocked') await keeper.lower(event.retryAt);
  const claim = { leaseUntil: ports.clock.now(), takeover };
  const result = await createAppender(ports, journal, driver).append([event], claim, []);
  if (result !== 'written') return 'lost';
  if (journal.current.phase === 'settled') {
    await announce(ports, journal);
    return 'settled';
  }
  if (event.type === 'run_suspended' && (await hasUnreadMail(ports, journal))) {
    // Whoever brought it has perhaps lost its place to this very append, and left (K19).
    await ports.queue.send({ kind: 'wake', run: journal.birth.id, nonce: journal.birth.nonce });
    return end;
  }
  await keeper.raise();
  ports.changes.publish(journal.birth.id);
  return end;
}

async function hasUnreadMail(ports: Ports, journal: Journal): Promise<boolean> {
  const record = await ports.store.read(journal.birth.id, journal.position);
  return record?.mail.some(({ id }) => !journal.heard.has(id)) ?? false;
}
