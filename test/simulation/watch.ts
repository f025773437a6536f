import { isDeepStrictEqual } from 'node:util';
import type { Chunk, Mail } from '../../lib/kernel/events.ts';
import { type Head, isOpen, isSettled } from '../../lib/kernel/head.ts';
import { extendJournal, isOutside, type Journal, openJournal, startedChildren } from '../../lib/kernel/journal.ts';
import type { KnownRun } from '../../lib/kernel/kept-runs.ts';
import { defaultLimits } from '../../lib/kernel/limits.ts';
import type { Message } from '../../lib/ports/queue.ts';
import type { RunRecord } from '../../lib/ports/store.ts';
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
  leaseOf(process: string, run: string, nonce: string): number | undefined;
  /** How many events are in the run's journal. */
  eventsOf(run: string): number;
  /** Whether an append at this position would be the next of a run that has not ended. */
  isNext(run: string, position: number): boolean;
  /** Whether the run's journal holds the outside event. */
  hasHeard(run: string, event: string): boolean;
  /** Steps that the process has said to run alone, and that have not ended. */
  aloneUnder(process: string): { run: string; nonce: string; key: string }[];
  /** Whether the run was put aside last. */
  isParked(run: string): boolean;
  /** How many events were in the journal of its parent when the run was created. */
  eventsAtBirth(run: string): number;
  /** The process is given the run's start message. */
  begins(process: string, start: { run: string; nonce: string }): void;
  /** A message is sent. */
  sent(message: Message): void;
  /** Whether the run was created after its parent had ended and had told all children so. */
  isBornLate(run: string): boolean;
  /** Runs that have come up since this was asked last. */
  appeared(): string[];
  /** Whether the run's head says that it has ended. */
  isClosed(run: string): boolean;
  areAllClosed(): boolean;
  /** The process has been told that another driver has the run. */
  lose(process: string, run: string, chunk: Chunk): void;
  /** The process has read what comes after the position. */
  look(process: string, run: string, after: number, found: RunRecord): void;
  /** The process is done with the run, and may go on from there later. */
  keep(process: string, known: KnownRun): void;
  hasLost(process: string, run: string, nonce: string): boolean;
  /** The process has left the run to others, since the store did not answer. */
  givenUp(process: string, run: string): void;
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
  /** Position at which the head was folded. */
  folded: number;
  /** Wakes by sweepers since the last append, though it was not due. */
  idleWakes: number;
}

/** Mail under a live claim is fed after this at the latest: the watch, and the slowness of a calm store. */
const mailMs = 9_000;
/** Between two wakes of one run by sweepers, if nobody has touched its head meanwhile. */
const sweepMs = 20_000;

/** A run that is due is taken up after so many sweeps at the latest, once faults have stopped (5). */
const longestWaitAllowed = 6;
const longestWaitOfFresh = 40;
/** A head that says that a run is due which is not: so many wakes may come of it (K16). */
const idleWakesAllowed = 3;
const skewMs = 4_000;

export function watchStore(
  setting: Setting,
  { calm, noTakeovers }: { calm: boolean; noTakeovers: boolean },
  say: (violation: string) => void,
): Watch {
  const { world, tell, nameOf } = setting;
  const { backstops, traits } = setting.case;
  const { durableQueue } = traits;
  const { graceMs, leaseMs, timeoutGraceMs } = { ...defaultLimits, ...traits.limits };
  const written = new Set<string>();
  const newer = new Set<string>();
  const lost = new Map<string, string>();
  /** Drivers whose process has left their run to others, as `<process> <run>`. */
  const givenUp = new Set<string>();
  /** Drivers that have read an append of another one behind their own. */
  const lostBySight = new Set<string>();
  /** The driver of each process that wrote to a run last, and where. */
  const latest = new Map<string, { driver: string; position: number }>();
  /** When each process was given a run's start message first. */
  const begunAt = new Map<string, number>();
  const eventsAtBirth = new Map<string, number>();
  /** Mail that was sent, as `<run> <id>`. */
  const told = new Set<string>();
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
    const named = `${writer} ${id} ${chunk.nonce}`;
    if (chunk.driver) {
      leases.set(named, chunk.driver.leaseUntil);
      latest.set(named, { driver: chunk.driver.id, position: chunk.position });
      checkBeginning(id, run, writer);
      checkRepeat(id, run, chunk);
    }
    run.idleWakes = 0;
    if (chunk.driver && run.hasNewer && !newer.has(writer)) {
      say(`(14) ${writer} appended to ${id}, whose journal is in a format that it does not know`);
    }
    if (chunk.driver && newer.has(writer)) run.hasNewer = true;
    if (chunk.driver && lost.get(named) === chunk.driver.id) {
      say(`(4) ${writer} appended to ${id} though it knew that it had lost the run`);
    } else lost.delete(named);
    run.waits = 0;
    const isLeft = run.driver !== undefined && givenUp.delete(`${run.driver.split('.')[0]} ${id}`);
    if (noTakeovers && !isLeft && chunk.takeover && run.journal.current.phase === 'claimed') {
      say(`(9) ${chunk.driver?.id} took ${id} over from ${run.driver}, which was neither dead nor frozen`);
    }
    const ended = run.journal.current;
    extendJournal(run.journal, older(chunk));
    if (ended.phase === 'settled' && JSON.stringify(run.journal.current) !== JSON.stringify(ended)) {
      say(`(2) run ${id} had ended, and ${chunk.id} changed that`);
    }
    for (const event of chunk.events) if (isOutside(event)) heard(id, run, event.id, chunk);
    checkFirstMail(id, run, chunk, begunAt.get(named));
    run.driver = chunk.driver?.id ?? run.driver;
    if (run.journal.current.phase !== 'claimed') run.driver = undefined;
  }

  /** Where the queue forgets, who holds the start message of a run begins it, as long as he lives (K10). */
  function checkBeginning(id: string, { journal }: Watched, writer: string): void {
    const { host } = journal.birth;
    if (journal.current.phase !== 'fresh' || host === undefined || host === writer || !world.isAlive(host)) return;
    say(`(17) ${writer} began ${id}, whose start message lies in ${host}`);
  }

  /** Mail that was there when the first turn began is taken before that records a second step, or ends the run (K8). */
  function checkFirstMail(id: string, { journal, mail }: Watched, { id: append, events }: Chunk, begun = 0): void {
    const isEnd = events.some(({ type }) => type === 'run_completed');
    // Of a first append in parts each has a number of its own.
    const isLater = !append.endsWith('.1') && traits.limits.chunkEvents === undefined;
    const isLaterStep = isLater && events.some((event) => 'kind' in event && event.kind === 'step');
    if (!isEnd && !isLaterStep) return;
    for (const [event, { at }] of mail) {
      if (at < begun && !journal.heard.has(event)) say(`(20) ${append} in ${id} takes no notice of ${event}`);
    }
  }

  /** A run that waits is put aside once more only where its head cannot be raised otherwise (K15, K16). */
  function checkRepeat(id: string, { journal: { current, position, events }, folded }: Watched, chunk: Chunk): void {
    const [event] = chunk.events;
    if (chunk.events.length !== 1 || event?.type !== 'run_suspended' || current.phase !== 'suspended') return;
    // Behind an event that nobody has taken yet a turn suspends.
    if (events.at(-1)?.type !== 'run_suspended') return;
    if (event.wakeAt !== current.wakeAt || current.wakeAt < chunk.at + skewMs || folded >= position) return;
    say(`(18) ${id} was put aside once more, where it was enough to raise its head`);
  }

  /** Whoever has ended tells its children before its head is closed (K22). */
  function checkChildren(id: string, { journal }: Watched): void {
    const { current } = journal;
    if (current.phase !== 'settled') return;
    const { openChildren = [] } = current.end;
    const named = Array.isArray(openChildren) ? openChildren : [];
    for (const { id: child, workflow } of [...named, ...startedChildren(journal).values()]) {
      const run = runs.get(child);
      // Of a child that the journal shows as started no workflow is named: it was there, and may be gone.
      const isKnown = run ? run.settled || run.journal.current.phase === 'settled' : workflow === undefined;
      if (!isKnown && !told.has(`${child} parent:${id}`))
        say(`(16) ${id} has ended, and its child ${child} was not told`);
    }
  }

  function heard(id: string, run: Watched, event: string, chunk: Chunk): void {
    const put = run.mail.get(event);
    if (!calm || put?.driver === undefined || put.driver !== chunk.driver?.id) return;
    const waited = world.clock.now() - put.at;
    if (waited > mailMs) say(`(7) run ${id}: ${event} lay ${waited} ms beside a driver before it was fed`);
  }

  world.store.append = async (id, chunk, options) => {
    if (chunk.driver && lostBySight.has(chunk.driver.id)) {
      say(`(4) ${chunk.driver.id} goes on with ${id} though it has read that another one has it`);
    }
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
        folded: 0,
        idleWakes: 0,
      });
      if (birth.parent) eventsAtBirth.set(birth.id, runs.get(birth.parent.id)?.journal.events.length ?? 0);
      if (birth.parent && isOpen(head.state) && runs.get(birth.parent.id)?.settled) late.add(birth.id);
    }
    return answer;
  };

  world.store.putMail = async (id, nonce, mail: Mail, expiresAt) => {
    const run = runs.get(id);
    if (run?.journal.birth.nonce === nonce && !run.mail.has(mail.id))
      run.mail.set(mail.id, { at: world.clock.now(), driver: run.driver });
    return putMail(id, nonce, mail, expiresAt);
  };

  world.store.updateHead = async (id, change, guard) => {
    const done = await updateHead(id, change, guard);
    if (!done) return done;
    const run = runs.get(id);
    if (run && change.position !== undefined) run.folded = change.position;
    if (run && change.state) {
      if (!isOpen(change.state)) run.settled = true;
      if (isSettled(change.state.status)) checkChildren(id, run);
      if (change.state.status === 'deleting') run.deleted = true;
      tell('store', `head of ${nameOf(id)}: ${stateOf(change.state)}`);
    }
    const bySweeper = change.position === undefined && change.state && isOpen(change.state);
    const last = swept.get(id);
    if (calm && bySweeper && last !== undefined && world.clock.now() < last + sweepMs) {
      say(`(8) run ${id} was woken twice by sweepers, ${world.clock.now() - last} ms apart`);
    }
    if (run && bySweeper) wokenInVain(id, run);
    if (bySweeper) swept.set(id, world.clock.now());
    else swept.delete(id);
    return done;
  };

  /** By a sweeper, once nothing disturbs any more. */
  function wokenInVain(id: string, run: Watched): void {
    const { phase } = run.journal.current;
    if (setting.disturbed() || (phase !== 'suspended' && phase !== 'blocked') || dueAt(run) < world.clock.now()) return;
    run.idleWakes += 1;
    if (run.idleWakes === idleWakesAllowed + 1) say(`(18) ${id} was woken ${run.idleWakes} times for nothing`);
  }

  /** Where the queue forgets, only its host begins a run that nobody has begun, and so it is the host that has to come by. */
  function patienceOf({ journal: { current } }: Watched): number {
    return current.phase === 'fresh' && !durableQueue ? longestWaitOfFresh : longestWaitAllowed;
  }

  /** From when on somebody has to look at the run. */
  function dueAt(run: Watched): number {
    const { current, birth } = run.journal;
    // Whatever its program does (K25).
    const latestEnd = birth.deadline + timeoutGraceMs;
    return current.phase === 'settled' ? current.end.at + leaseMs : Math.min(latestEnd, nextLook(run));
  }

  function nextLook({ journal: { current, birth } }: Watched): number {
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
    lose(process, run, { nonce, driver }) {
      lost.set(`${process} ${run} ${nonce}`, driver?.id ?? 'none');
      tell(process, `learns that it has lost ${nameOf(run)}`);
    },
    look(process, run, after, { head, chunks: [next] }) {
      const own = latest.get(`${process} ${run} ${head.birth.nonce}`);
      if (own?.position === after && next?.driver && next.driver.id !== own.driver) lostBySight.add(own.driver);
    },
    keep(process, { journal }) {
      const { id, nonce } = journal.birth;
      const run = runs.get(id);
      if (!run || run.deleted || run.journal.birth.nonce !== nonce) return;
      const { position, events } = journal;
      const isWhole = position === run.journal.position;
      const isTrue = isWhole
        ? isDeepStrictEqual(journal, run.journal)
        : isDeepStrictEqual(events, run.journal.events.slice(0, events.length));
      if (!isTrue) say(`(19) what ${process} knows of ${id} up to ${position} is not what the store holds`);
    },
    givenUp: (process, run) => void givenUp.add(`${process} ${run}`),
    hasLost: (process, run, nonce) => lost.has(`${process} ${run} ${nonce}`),
    eventsAtBirth: (run) => eventsAtBirth.get(run) ?? 0,
    begins(process, { run, nonce }) {
      if (!runs.has(run)) say(`(17) ${run} was to be begun before it was there`);
      const named = `${process} ${run} ${nonce}`;
      if (!begunAt.has(named)) begunAt.set(named, world.clock.now());
    },
    sent(message) {
      if (message.kind === 'mail') told.add(`${message.run} ${message.mail.id}`);
    },
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
    leaseOf: (process, run, nonce) => leases.get(`${process} ${run} ${nonce}`),
    eventsOf: (run) => runs.get(run)?.journal.events.length ?? 0,
    isNext(id, position) {
      const journal = runs.get(id)?.journal;
      return journal?.current.phase !== 'settled' && journal?.position === position - 1;
    },
    hasHeard: (run, event) => runs.get(run)?.journal.heard.has(event) ?? false,
    aloneUnder: (process) =>
      [...runs].flatMap(([run, { driver, journal }]) =>
        driver?.split('.')[0] === process
          ? [...journal.started].flatMap(([key, { alone }]) =>
              alone ? [{ run, nonce: journal.birth.nonce, key }] : [],
            )
          : [],
      ),
    isParked(id) {
      const phase = runs.get(id)?.journal.current.phase;
      return phase === 'suspended' || phase === 'blocked';
    },
    isBornLate: (run) => late.has(run),
  };
}
