/**
 * Whether this process can take more work.
 *
 * Owns: when it is too much, and how long to stay away. Does not own: the backlog, which is its queue's.
 * What lets open runs end is taken for longer than what begins new ones: else a full queue could never empty.
 */
import { Fault } from '../kernel/faults.ts';
import type { Clock } from '../ports/clock.ts';

/** What waits in this process for somebody to take it. */
export interface Backlog {
  count(): number;
  /** How long the first in the queue has waited, in ms. 0: there is none. */
  oldestMs(): number;
  /** Whom it waits for. */
  runs(): Set<string>;
}

export interface LoadLimits {
  /** So many messages may wait for a turn, however long they do, before no more runs are started. */
  backlog: number;
  /** More may wait, as long as the first of them has not waited for longer, in ms. */
  backlogMs: number;
  /** With more than these waiting, nothing is taken any more, neither signals nor what the sweeper finds. */
  backlogMost: number;
  /** Who starts a run in this process waits for room, but not when nobody got any for so long, in ms. */
  startPatienceMs: number;
}

export const defaultLoadLimits: LoadLimits = {
  backlog: 1_000,
  backlogMs: 5_000,
  backlogMost: 50_000,
  startPatienceMs: 30_000,
};

export interface Load {
  /** Throws `Fault` overloaded. */
  admitStart(): void;
  /** Throws `Fault` overloaded. */
  admitMessage(): void;
  /**
   * Resolves when there is room to start a run, in the order of the calls. The result is called once it is started: until
   * then it is not seen in the backlog. Rejects with `Fault` overloaded where nothing moves.
   */
  roomForStart(): Promise<() => void>;
  /** Whether the sweeper and other processes may add to what waits. */
  hasRoom(): boolean;
  waiting(): number;
}

const shortestRetryMs = 1_000;
const longestRetryMs = 30_000;
/** Those who wait for room look for it so often, in ms. */
const lookEveryMs = 25;
/** So many of those who wait are let in at a look: it shows only later what they cost. */
const atOnce = 50;

export function createLoad({ backlog, clock, limits }: { backlog: Backlog; clock: Clock; limits: LoadLimits }): Load {
  const waiters: { enter(started: () => void): void; leave(fault: Fault): void }[] = [];
  let movedAt = 0;
  /** Starts that are let in and under way. */
  let entering = 0;

  const isFull = () => backlog.count() >= limits.backlogMost;
  const isLong = () => isFull() || (backlog.count() >= limits.backlog && backlog.oldestMs() > limits.backlogMs);

  const hasRoomForStart = () => entering < limits.backlog && !isLong();

  function enter(): () => void {
    entering += 1;
    let isOver = false;
    return () => {
      if (!isOver) entering -= 1;
      isOver = true;
    };
  }

  function overloaded(limit: keyof LoadLimits): Fault {
    // The first has waited for about as long as the queue takes to empty; half of it will do.
    const retryAfterMs = Math.min(longestRetryMs, Math.max(shortestRetryMs, backlog.oldestMs() / 2));
    const message = `${backlog.count()} messages wait for a turn here, and no more are taken now (${limit} is ${limits[limit]}): try again later`;
    return new Fault('overloaded', message, { retryAfterMs });
  }

  function look(): void {
    const now = clock.now();
    for (let entered = 0; entered < atOnce && waiters.length > 0 && hasRoomForStart(); entered += 1) {
      waiters.shift()?.enter(enter());
      movedAt = now;
    }
    if (now - movedAt >= limits.startPatienceMs) {
      for (const { leave } of waiters.splice(0)) leave(overloaded('startPatienceMs'));
    }
    if (waiters.length > 0) clock.schedule(now + lookEveryMs, look);
  }

  return {
    admitStart() {
      if (isFull()) throw overloaded('backlogMost');
      if (isLong()) throw overloaded('backlog');
    },
    admitMessage() {
      if (isFull()) throw overloaded('backlogMost');
    },
    async roomForStart() {
      if (waiters.length === 0 && hasRoomForStart()) return enter();
      return new Promise<() => void>((resolve, reject) => {
        waiters.push({ enter: resolve, leave: reject });
        if (waiters.length > 1) return;
        movedAt = clock.now();
        clock.schedule(movedAt + lookEveryMs, look);
      });
    },
    hasRoom: () => !isFull(),
    waiting: () => backlog.count(),
  };
}
