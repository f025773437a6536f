import { createHeap, type Heap } from './heap.ts';

/**
 * Which task of a run has its turn next.
 *
 * Owns: the order among what could go on now, and how much may be under way at once.
 * Does not own: what a task waits for (body.ts), or what it does.
 *
 * Invariants:
 *  1. What takes no time (decisions, computed values) is done before anything that takes time starts, one after the
 *     other: so all that is ready through one event competes by priority.
 *  2. Of what may start, the greatest priority starts first; equals in the order of the file, then of their becoming ready.
 *  3. A task that cannot start because one limit is reached keeps nobody else from starting.
 *  4. Work is linear in tasks and starts, times a logarithm: nothing is ever searched for.
 */
export interface Scheduler {
  /** To be done in its turn, before anything starts. It must not throw or reject. */
  decide(turn: Turn, act: () => Promise<void> | void): void;
  /** To be started once every limit has room for it. */
  enqueue(entry: Startable): void;
  /** What `entry` took of the limits is free again. */
  release(entry: Startable): void;
  /** Does and starts what can be: called once everything that became ready together is queued. */
  go(): void;
  /**
   * Something is about to become ready without any further event: nothing starts before as many calls of `unhold`. Decisions
   * go on.
   */
  hold(): void;
  unhold(): void;
}

/** What decides who comes first. */
interface Turn {
  readonly priority: number;
  /** Place in the order of the file. */
  readonly order: number;
  /** False once its body has ended: then it is dropped. */
  isWanted(): boolean;
}

export interface Startable extends Turn {
  /** Whether it counts against the limit of the run. */
  readonly takesSlot: boolean;
  /** The limit of its container, if that has one. */
  readonly lane: Lane | undefined;
  /** Must neither throw nor start others before it returns. */
  start(): void;
}

/** The limit of one container: how many of its tasks are under way, and who waits for that. */
export interface Lane {
  readonly limit: number;
  used: number;
  /** Those that count against the limit of the run as well, and those that do not. */
  readonly waiting: { slotted: Heap<Queued<Startable>>; slotless: Heap<Queued<Startable>> };
}

interface Queued<T extends Turn> {
  readonly of: T;
  /** When it was queued, in numbers. */
  readonly serial: number;
}

export function createLane(limit: number): Lane {
  return { limit, used: 0, waiting: { slotted: createTurns(), slotless: createTurns() } };
}

function createTurns<T extends Turn>(): Heap<Queued<T>> {
  return createHeap<Queued<T>>(isBefore);
}

function isBefore(a: Queued<Turn>, b: Queued<Turn>): boolean {
  if (a.of.priority !== b.of.priority) return a.of.priority > b.of.priority;
  if (a.of.order !== b.of.order) return a.of.order < b.of.order;
  return a.serial < b.serial;
}

/** `slots`: how many slotted tasks of the run may be under way at once. `broken` is told of what no decision may throw. */
export function createScheduler(slots: number, broken: (error: unknown) => void): Scheduler {
  const decisions = createTurns<Turn & { act: () => Promise<void> | void }>();
  const slotted = createTurns<Startable>();
  const slotless = createTurns<Startable>();
  let used = 0;
  let serial = 0;
  let holds = 0;
  let pumping = false;

  const queued = <T extends Turn>(of: T): Queued<T> => {
    serial += 1;
    return { of, serial };
  };

  function go(): void {
    if (!pumping) run().catch(broken);
  }

  async function run(): Promise<void> {
    pumping = true;
    for (;;) {
      const decision = decisions.pop();
      if (decision) {
        const under = decision.of.isWanted() ? decision.of.act() : undefined;
        if (under) await under;
      } else if (holds > 0 || !startNext()) break;
    }
    pumping = false;
  }

  /** False: nothing can start. */
  function startNext(): boolean {
    const one = used < slots ? firstWanted(slotted) : undefined;
    const other = firstWanted(slotless);
    const heap = one && (!other || isBefore(one, other)) ? slotted : slotless;
    const next = heap.pop();
    if (!next) return false;
    const entry = next.of;
    const { lane } = entry;
    if (lane && lane.used >= lane.limit) {
      (entry.takesSlot ? lane.waiting.slotted : lane.waiting.slotless).push(next);
      return true;
    }
    if (lane) lane.used += 1;
    if (entry.takesSlot) used += 1;
    entry.start();
    return true;
  }

  /** A lane has room: its next of both kinds compete again, since which of them can start depends on the run's limit. */
  function offer({ waiting }: Lane): void {
    for (const [from, to] of [
      [waiting.slotted, slotted],
      [waiting.slotless, slotless],
    ] as const) {
      if (!firstWanted(from)) continue;
      to.push(from.pop() as Queued<Startable>);
    }
  }

  return {
    decide(turn, act) {
      const { priority, order } = turn;
      decisions.push(queued({ priority, order, isWanted: () => turn.isWanted(), act }));
    },
    enqueue(entry) {
      (entry.takesSlot ? slotted : slotless).push(queued(entry));
    },
    release({ lane, takesSlot }) {
      if (takesSlot) used -= 1;
      if (lane) {
        lane.used -= 1;
        offer(lane);
      }
    },
    go,
    hold() {
      holds += 1;
    },
    unhold() {
      holds -= 1;
      go();
    },
  };
}

/** The first that is still wanted; what is not is dropped on the way. */
function firstWanted(heap: Heap<Queued<Startable>>): Queued<Startable> | undefined {
  for (let first = heap.peek(); first; first = heap.peek()) {
    if (first.of.isWanted()) return first;
    heap.pop();
  }
  return undefined;
}
