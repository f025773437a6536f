import type { Chunk, Mail } from '../../lib/kernel/events.ts';
import { type Head, isOpen } from '../../lib/kernel/head.ts';
import { extendJournal, isOutside, type Journal, openJournal } from '../../lib/kernel/journal.ts';
import type { World } from '../kernel/harness.ts';

/**
 * What is seen from below every process, in the one order in which the store applied it.
 *
 * Owns: violations that the records do not show once all is over.
 */
export interface Watch {
  /** Until when the process claimed the run by its latest append, by its own clock. `undefined`: it never wrote. */
  leaseOf(process: string, run: string): number | undefined;
  /** How many events are in the run's journal. */
  eventsOf(run: string): number;
  /** Whether an append at this position would be the next of a run that has not ended. */
  isNext(run: string, position: number): boolean;
  /** Whether the run was created after its parent had ended and had told all children so. */
  isBornLate(run: string): boolean;
}

interface Watched {
  journal: Journal;
  /** The driver that claims the run by its latest append. */
  driver: string | undefined;
  /** When each mail was stored, and under whose claim. */
  mail: Map<string, { at: number; driver: string | undefined }>;
  settled: boolean;
}

/** Mail under a live claim is fed after this at the latest: the watch, and the slowness of a calm store. */
const mailMs = 9_000;
/** Between two wakes of one run by sweepers, if nobody has touched its head meanwhile. */
const sweepMs = 20_000;

export function watchStore(
  world: World,
  { calm, noTakeovers }: { calm: boolean; noTakeovers: boolean },
  say: (violation: string) => void,
): Watch {
  const written = new Set<string>();
  const runs = new Map<string, Watched>();
  const leases = new Map<string, number>();
  const late = new Set<string>();
  const swept = new Map<string, number>();
  const { append, create, putMail, updateHead } = world.store;

  function applied(id: string, chunk: Chunk): void {
    const place = `${id} ${chunk.nonce} ${chunk.position}`;
    if (written.has(place)) say(`(1) ${place} was written twice`);
    written.add(place);
    if (chunk.driver) leases.set(`${chunk.driver.id.split('.')[0]} ${id}`, chunk.driver.leaseUntil);
    const run = runs.get(id);
    if (!run) return;
    if (noTakeovers && chunk.takeover && run.journal.current.phase === 'claimed') {
      say(`(9) ${chunk.driver?.id} took ${id} over from ${run.driver}, which was neither dead nor frozen`);
    }
    extendJournal(run.journal, structuredClone(chunk));
    for (const event of chunk.events) if (isOutside(event)) heard(id, run, event.id, chunk);
    run.driver = chunk.driver?.id ?? run.driver;
    if (run.journal.current.phase !== 'claimed') run.driver = undefined;
  }

  function heard(id: string, run: Watched, event: string, chunk: Chunk): void {
    const put = run.mail.get(event);
    if (!calm || put?.driver === undefined || put.driver !== chunk.driver?.id) return;
    const waited = world.clock.now() - put.at;
    if (waited > mailMs) say(`(7) run ${id}: ${event} lay ${waited} ms beside a driver before it was fed`);
  }

  world.store.append = async (id, chunk, options) => {
    const answer = await append(id, chunk, options);
    if (answer.appended) applied(id, chunk);
    return answer;
  };

  world.store.create = async (head: Head) => {
    const answer = await create(head);
    const { birth } = head;
    if (answer.created) {
      runs.set(birth.id, { journal: openJournal(birth), driver: undefined, mail: new Map(), settled: false });
      if (birth.parent && isOpen(head.state) && runs.get(birth.parent.id)?.settled) late.add(birth.id);
    }
    return answer;
  };

  world.store.putMail = async (id, nonce, mail: Mail, expiresAt) => {
    const run = runs.get(id);
    if (run && !run.mail.has(mail.id)) run.mail.set(mail.id, { at: world.clock.now(), driver: run.driver });
    return putMail(id, nonce, mail, expiresAt);
  };

  world.store.updateHead = async (id, change, guard) => {
    const done = await updateHead(id, change, guard);
    if (!done) return done;
    const run = runs.get(id);
    if (run && change.state && !isOpen(change.state)) run.settled = true;
    const bySweeper = change.position === undefined && change.state && isOpen(change.state);
    const last = swept.get(id);
    if (calm && bySweeper && last !== undefined && world.clock.now() < last + sweepMs) {
      say(`(8) run ${id} was woken twice by sweepers, ${world.clock.now() - last} ms apart`);
    }
    if (bySweeper) swept.set(id, world.clock.now());
    else swept.delete(id);
    return done;
  };

  return {
    leaseOf: (process, run) => leases.get(`${process} ${run}`),
    eventsOf: (run) => runs.get(run)?.journal.events.length ?? 0,
    isNext(id, position) {
      const journal = runs.get(id)?.journal;
      return journal?.current.phase !== 'settled' && journal?.position === position - 1;
    },
    isBornLate: (run) => late.has(run),
  };
}
