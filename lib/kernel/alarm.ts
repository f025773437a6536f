import type { Clock } from '../ports/clock.ts';

/** What a turn sleeps on: a moment, or whatever happens before it. */
export interface Alarm {
  /** Ends the sleep under way, or the next one before it begins. */
  wake(): void;
  sleepUntil(at: number): Promise<void> | undefined;
  stop(): void;
}

export function createAlarm(clock: Clock): Alarm {
  let woken = false;
  let resume: (() => void) | undefined;
  // One timer, left armed where it is early enough: a wake too many costs less than a timer for each step.
  let armedAt = Number.POSITIVE_INFINITY;
  let disarm = () => {};

  function wake(): void {
    woken = resume === undefined;
    resume?.();
    resume = undefined;
  }

  function arm(at: number): void {
    if (at >= armedAt) return;
    disarm();
    armedAt = at;
    disarm = clock.schedule(at, () => {
      armedAt = Number.POSITIVE_INFINITY;
      wake();
    });
  }

  return {
    wake,
    sleepUntil(at) {
      if (woken) {
        woken = false;
        return undefined;
      }
      arm(at);
      return new Promise<void>((resolve) => {
        resume = resolve;
      });
    },
    stop: () => disarm(),
  };
}
