import type { Chunk, Mail } from '../../lib/kernel/events.ts';
import { type Head, isOpen } from '../../lib/kernel/head.ts';
import { extendJournal, isOutside, type Journal, openJournal } from '../../lib/kernel/journal.ts';
import { defaultLimits } from '../../lib/kernel/limits.ts';
import { older } from './newer-format.ts';
import type { Setting } from './setting.ts';
import { wordsOf } from './story.ts';

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
  /** Runs that have come up since this was asked last. */
  appeared(): string[];
  /** Whether the run's head says that it has ended. */
  isClosed(run: string): boolean;
  areAllClosed(): boolean;
  /** The process has been told that another driver has the run. */
  lose(process: string, run: string, driver: string | undefined): void;
  hasLost(process: string, run: string): boolean;
  /** The process writes a newer format. */
  isNewer(process: string): void;
  /** A sweeper has come by. */
  swept(disturbed: boolean): void;
  /** The most sweeps that a run which was due has waited for somebody since faults stopped. */
  readonly longestWait: number;
}

interface Watched {
  journal: Journal;
  /** The driver that claims the run by its latest append. */
  driver: string | undefined;
  /** When each mail was stored, and under whose claim. */
  mail: Map<string, { at: number; driver: string | undefined }>;
  settled: boolean;
  deleted: boolean;
  hasNewer: boolean;
  /** Sweeps since somebody should have looked at it. */
  waits: number;
}

/** Mail under a live claim is fed after this at the latest: the watch, and the slowness of a calm store. */
const mailMs = 9_000;
/** Between two wakes of one run by sweepers, if nobody has touched its head meanwhile. */
const sweepMs = 20_000;

/** A run that is due is taken up after so many sweeps at the latest, once faults have stopped (5). */
const longestWaitAllowed = 6;
const longestWaitOfFresh = 40;

export function watchStore(
  setting: Setting,
  { calm, noTakeovers }: { calm: boolean; noTakeovers: boolean },
  say: (violation: string) => void,
): Watch {
  const { world, tell, nameOf } = setting;
  const { backstops, traits } = setting.case;
  const { durableQueue } = traits;
  const { graceMs, leaseMs } = { ...defaultLimits, ...traits.limits };
  const written = new Set<string>();
  const newer = new Set<string>();
  const lost = new Map<string, string>();
  let news: string[] = [];
  let longestWait = 0;
  const runs = new Map<string, Watched>();
  const leases = new Map<string, number>();
  const late = new Set<string>();
  const swept = new Map<string, number>();
  const { append, create, putMail, updateHead } = world.store;

  function applied(id: string, chunk: Chunk): void {
    const writer = chunk.driver?.id.split('.')[0] as string;
    tell(chunk.driver ? writer : 'outside', `appends to ${nameOf(id)} ${wordsOf(chunk)}`);
    const place = `${id} ${chunk.nonce} ${chunk.position}`;
    const run = runs.get(id);
    // A driver of a run that was deleted writes where nobody reads (K7).
    if (!run || run.deleted || run.journal.birth.nonce !== chunk.nonce) return;
    if (written.has(place)) say(`(1) ${place} was written twice`);
    written.add(place);
    if (chunk.driver) leases.set(`${writer} ${id}`, chunk.driver.leaseUntil);
    if (chunk.driver && run.hasNewer && !newer.has(writer)) {
      say(`(14) ${writer} appended to ${id}, whose journal is in a format that it does not know`);
    }
    if (chunk.driver && newer.has(writer)) run.hasNewer = true;
    if (chunk.driver && lost.get(`${writer} ${id}`) === chunk.driver.id) {
      say(`(4) ${writer} appended to ${id} though it knew that it had lost the run`);
    } else lost.delete(`${writer} ${id}`);
    run.waits = 0;
    if (noTakeovers && chunk.takeover && run.journal.current.phase === 'claimed') {
      say(`(9) ${chunk.driver?.id} took ${id} over from ${run.driver}, which was neither dead nor frozen`);
    }
    const ended = run.journal.current;
    extendJournal(run.journal, older(chunk));
    if (ended.phase === 'settled' && JSON.stringify(run.journal.current) !== JSON.stringify(ended)) {
      say(`(2) run ${id} had ended, and ${chunk.id} changed that`);
    }
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
      tell('store', `has run ${nameOf(birth.id)}${birth.parent ? `, a child of ${nameOf(birth.parent.id)}` : ''}`);
      news.push(birth.id);
      const settled = !isOpen(head.state);
      const journal = openJournal(birth);
      runs.set(birth.id, {
        journal,
        driver: undefined,
        mail: new Map(),
        settled,
        deleted: false,
        hasNewer: false,
        waits: 0,
      });
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
    if (run && change.state) {
      if (!isOpen(change.state)) run.settled = true;
      if (change.state.status === 'deleting') run.deleted = true;
      tell('store', `head of ${nameOf(id)}: ${stateOf(change.state)}`);
    }
    const bySweeper = change.position === undefined && change.state && isOpen(change.state);
    const last = swept.get(id);
    if (calm && bySweeper && last !== undefined && world.clock.now() < last + sweepMs) {
      say(`(8) run ${id} was woken twice by sweepers, ${world.clock.now() - last} ms apart`);
    }
    if (bySweeper) swept.set(id, world.clock.now());
    else swept.delete(id);
    return done;
  };

  /** Where the queue forgets, only its host begins a run that nobody has begun, and so it is the host that has to come by. */
  function patienceOf({ journal: { current } }: Watched): number {
    return current.phase === 'fresh' && !durableQueue ? longestWaitOfFresh : longestWaitAllowed;
  }

  /** From when on somebody has to look at the run. */
  function dueAt({ journal: { current, birth } }: Watched): number {
    switch (current.phase) {
      case 'fresh':
        return birth.createdAt + graceMs;
      case 'claimed':
        return current.leaseUntil;
      case 'suspended':
        return current.wakeAt;
      case 'blocked':
        return current.retryAt;
      case 'settled':
        return current.end.at + leaseMs;
    }
  }

  function stateOf(state: Head['state']): string {
    if (!isOpen(state)) return state.status;
    return `${state.status}, to be looked at ${state.wakeAt - setting.began} ms after the start`;
  }

  return {
    appeared() {
      const ids = news;
      news = [];
      return ids;
    },
    isClosed: (run) => runs.get(run)?.settled ?? false,
    areAllClosed: () => [...runs.values()].every(({ settled }) => settled),
    lose(process, run, driver) {
      lost.set(`${process} ${run}`, driver ?? 'none');
      tell(process, `learns that it has lost ${nameOf(run)}`);
    },
    hasLost: (process, run) => lost.has(`${process} ${run}`),
    isNewer: (process) => newer.add(process),
    get longestWait() {
      return longestWait;
    },
    swept(disturbed) {
      for (const [id, run] of runs) {
        const isDue = !run.settled && dueAt(run) < world.clock.now();
        run.waits = isDue && !disturbed ? run.waits + 1 : 0;
        longestWait = Math.max(longestWait, run.waits);
        if (!backstops || run.waits !== patienceOf(run) + 1) continue;
        say(`(5) run ${id} is due, and nobody has looked at it for ${run.waits} sweeps`);
      }
    },
    leaseOf: (process, run) => leases.get(`${process} ${run}`),
    eventsOf: (run) => runs.get(run)?.journal.events.length ?? 0,
    isNext(id, position) {
      const journal = runs.get(id)?.journal;
      return journal?.current.phase !== 'settled' && journal?.position === position - 1;
    },
    isBornLate: (run) => late.has(run),
  };
}
