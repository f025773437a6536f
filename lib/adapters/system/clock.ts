import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import type { Clock } from '../../ports/clock.ts';

/** `setTimeout` fires at once for anything longer. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * So many may go on in one round of the event loop. libuv takes one new connection a round: the more is computed in each,
 * the longer do those wait that come at once.
 */
const MOST_IN_A_ROUND = 100;
/**
 * So many if this process computes for more of the time than it waits. Then what these have to write is written while the
 * next ones compute; where the disk takes longer than they do, it is better that all share one write.
 */
const FEWER_IN_A_ROUND = 32;
const BUSY_UTILIZATION = 0.5;
/** How often that is looked at, in ms. */
const LOOK_EVERY_MS = 50;

interface Round {
  come: Promise<void>;
  begin(): void;
  asked: number;
}

const rounds: Round[] = [];

/**
 * One for all who ask in the same round of the event loop, up to a number: by the time it comes, the microtasks of each of
 * them have run.
 */
function nextMacrotask(): Promise<void> {
  let round = rounds.at(-1);
  if (round === undefined || isFull(round)) {
    round = createRound();
    if (rounds.push(round) === 1) setImmediate(beginRound);
  }
  round.asked += 1;
  return round.come;
}

function isFull({ asked }: Round): boolean {
  return asked >= FEWER_IN_A_ROUND && (asked >= MOST_IN_A_ROUND || isBusy());
}

function createRound(): Round {
  let begin = () => {};
  const come = new Promise<void>((resolve) => {
    begin = resolve;
  });
  return { come, begin, asked: 0 };
}

function beginRound(): void {
  const round = rounds.shift();
  // Where the disk is fast, not in the very next round of the loop: in that one the writes of this one begin.
  if (rounds.length > 0) setImmediate(wasBusy ? () => setImmediate(beginRound) : beginRound);
  round?.begin();
}

let utilization: EventLoopUtilization | undefined;
let lookedAt = Number.NEGATIVE_INFINITY;
let wasBusy = false;

/** Whether this process has computed for more of the time than it has waited, lately. */
function isBusy(): boolean {
  const now = performance.now();
  if (now < lookedAt + LOOK_EVERY_MS) return wasBusy;
  const latest = performance.eventLoopUtilization();
  wasBusy = performance.eventLoopUtilization(latest, utilization).utilization > BUSY_UTILIZATION;
  utilization = latest;
  lookedAt = now;
  return wasBusy;
}

/** `keepsAlive: false`: what is scheduled does not keep the process from ending. */
export function createSystemClock({ keepsAlive = true }: { keepsAlive?: boolean } = {}): Clock {
  return {
    now: () => Date.now(),

    schedule(at, callback) {
      let timer: NodeJS.Timeout;
      function arm(): void {
        const left = Math.max(0, at - Date.now());
        timer = setTimeout(ring, Math.min(left, LONGEST_TIMEOUT_MS));
        if (!keepsAlive) timer.unref();
      }
      function ring(): void {
        // Timers run on another clock than `Date.now` and may be a millisecond early.
        if (Date.now() < at) arm();
        else callback();
      }
      arm();
      return () => clearTimeout(timer);
    },

    macrotask: nextMacrotask,
  };
}

export const systemClock: Clock = createSystemClock();
