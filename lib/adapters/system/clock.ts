import type { Clock } from '../../ports/clock.ts';

/** `setTimeout` fires at once for anything longer. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * So many may go on in one round of the event loop. libuv takes one new connection a round: the more is computed in each,
 * the longer do those wait that come at once.
 */
const MOST_IN_A_ROUND = 100;

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
  if (round === undefined || round.asked >= MOST_IN_A_ROUND) {
    round = createRound();
    if (rounds.push(round) === 1) setImmediate(beginRound);
  }
  round.asked += 1;
  return round.come;
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
  if (rounds.length > 0) setImmediate(beginRound);
  round?.begin();
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
