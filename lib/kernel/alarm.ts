import type { Clock } from '../ports/clock.ts';

/** What a turn sleeps on: a moment, or whatever happens before it. */
export interface Alarm {
  /** Ends the sleep under way, or the next one before it begins. */
  wake(): void;
  sleepUntil(at: number): Promise<void> | undefined;
  stop(): void;
}

class RunAlarm implements Alarm {
  readonly #clock: Clock;
  #woken = false;
  #resume: (() => void) | undefined;
  // One timer, left armed where it is early enough: a wake too many costs less than a timer for each step.
  #armedAt = Number.POSITIVE_INFINITY;
  #disarm: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wake(): void {
    this.#woken = this.#resume === undefined;
    this.#resume?.();
    this.#resume = undefined;
  }

  sleepUntil(at: number): Promise<void> | undefined {
    if (this.#woken) {
      this.#woken = false;
      return undefined;
    }
    this.#arm(at);
    return new Promise<void>((resolve) => {
      this.#resume = resolve;
    });
  }

  stop(): void {
    this.#disarm?.();
  }

  #arm(at: number): void {
    if (at >= this.#armedAt) return;
    this.#disarm?.();
    this.#armedAt = at;
    this.#disarm = this.#clock.schedule(at, () => {
      this.#armedAt = Number.POSITIVE_INFINITY;
      this.wake();
    });
  }
}

export function createAlarm(clock: Clock): Alarm {
  return new RunAlarm(clock);
}
