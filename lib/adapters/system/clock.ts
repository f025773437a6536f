import type { Clock } from '../../ports/clock.ts';

/** `setTimeout` fires at once for anything longer. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

let nextRound: Promise<void> | undefined;

/**
 * One for all who ask in the same round of the event loop: by the time it comes, the microtasks of each of them have run.
 */
function nextMacrotask(): Promise<void> {
  nextRound ??= new Promise((resolve) => {
    setImmediate(() => {
      nextRound = undefined;
      resolve();
    });
  });
  return nextRound;
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
