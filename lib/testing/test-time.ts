import type { VirtualClock } from '../adapters/memory/virtual-clock.ts';
import { foldJournal } from '../kernel/journal.ts';
import { maxAwaiting } from '../kernel/suspension.ts';
import type { Store } from '../ports/store.ts';

/**
 * Time in a test: it stands still while there is something to do, and goes on to the next thing due when it is asked to.
 *
 * Owns: when everything has come to rest, and what is due next.
 */
export interface TestTime {
  /** Lets everything happen that needs no time to pass. */
  settle(): Promise<void>;
  advanceTo(at: number): Promise<void>;
  /** Goes on to the next thing due. Runs' deadlines do not count as such. False: nothing is due. */
  skip(): Promise<boolean>;
}

export interface TimeOptions {
  clock: VirtualClock;
  store: Store;
  /** Runs that a turn is at: the clock knows what is due for them. */
  isDriving(runId: string): boolean;
  sweep(): Promise<unknown>;
  /** Grows with whatever happens. */
  activity(): number;
  /** Calls of the store that take real time, and have not been answered. */
  callsUnderWay(): number;
  /** Steps that do real work just now, and a number that changes whenever one begins or ends. */
  work(): { busy: number; changes: number };
  /** How long such steps are waited for before time goes on without them, in real ms. */
  patienceMs: number;
}

/** When a run goes on by itself, and when it passes its deadline. */
interface Moments {
  due: number;
  deadline: number;
}

const realWaitMs = 1;
const pageSize = 200;
const never = Number.POSITIVE_INFINITY;

export function createTestTime(options: TimeOptions): TestTime {
  const { clock, store } = options;
  /** The work that patience has run out for. */
  let givenUp = -1;
  const known = new Map<string, { place: string; moments: Moments }>();

  async function settle(): Promise<void> {
    for (;;) {
      const before = options.activity();
      await clock.settle();
      if (options.activity() !== before || options.callsUnderWay() > 0) continue;
      const { busy, changes } = options.work();
      if (busy === 0 || changes === givenUp) return;
      if (!(await somethingHappens(before))) givenUp = changes;
    }
  }

  /** Steps that read files or call servers need real time. */
  async function somethingHappens(since: number): Promise<boolean> {
    const { changes } = options.work();
    const until = performance.now() + options.patienceMs;
    while (performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, realWaitMs));
      if (options.activity() !== since || options.work().changes !== changes) return true;
    }
    return false;
  }

  /** When runs that no turn is at go on by themselves, and when the first of them passes its deadline. */
  async function nextOfWaiting(): Promise<Moments> {
    const next = { due: never, deadline: never };
    let cursor: string | undefined;
    do {
      const page = await store.listDue(never, { limit: pageSize, ...(cursor !== undefined && { cursor }) });
      for (const { id, wakeAt } of page.items) {
        if (wakeAt >= next.due && wakeAt >= next.deadline) return next;
        if (options.isDriving(id)) continue;
        const { due, deadline } = await knownMomentsOf(id, wakeAt);
        next.due = Math.min(next.due, due);
        next.deadline = Math.min(next.deadline, deadline);
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
    return next;
  }

  /** A run's moments change with its journal alone: one that has not grown is not read again. */
  async function knownMomentsOf(id: string, wakeAt: number): Promise<Moments> {
    const head = await store.readHead(id);
    const grown = head && (await store.read(id, head.position))?.chunks.length;
    const place = `${head?.birth.nonce} ${head?.position} ${grown} ${wakeAt}`;
    const found = known.get(id);
    if (found?.place === place) return found.moments;
    const moments = await momentsOf(id, wakeAt);
    known.set(id, { place, moments });
    return moments;
  }

  /** A parent also looks at its children now and then; here no notice gets lost, so nobody waits for that. */
  async function momentsOf(id: string, wakeAt: number): Promise<Moments> {
    const record = await store.read(id);
    if (!record) return { due: never, deadline: never };
    const { current, birth, timedOut } = foldJournal(record.head.birth, record.chunks);
    if (current.phase === 'blocked') return { due: never, deadline: current.retryAt };
    if (current.phase !== 'suspended') return { due: wakeAt, deadline: never };
    const deadline = timedOut ? current.wakeAt : birth.deadline;
    if (current.paused) return { due: never, deadline };
    // The list is cut where it is long; then what wakes the run is all that is known.
    const isCut = current.awaiting.length >= maxAwaiting && current.wakeAt < deadline;
    return { due: isCut ? current.wakeAt : Math.min(...current.awaiting.map(({ due }) => due ?? never)), deadline };
  }

  async function advanceTo(at: number): Promise<void> {
    await settle();
    for (;;) {
      const waiting = await nextOfWaiting();
      const next = Math.min(clock.nextDue ?? never, waiting.due, waiting.deadline);
      if (next > at) break;
      await clock.advanceTo(Math.max(next, clock.now()));
      await options.sweep();
      await settle();
    }
    await clock.advanceTo(Math.max(at, clock.now()));
    await settle();
  }

  return {
    settle,
    advanceTo,
    async skip() {
      await settle();
      const next = Math.min(clock.nextDue ?? never, (await nextOfWaiting()).due);
      if (next === never) return false;
      await advanceTo(Math.max(next, clock.now()));
      return true;
    },
  };
}
