/**
 * Time of all processes of a soak: real time, and more of it the more they do, shifted for all of them at once. So a slow
 * machine does not let leases end before anybody could have renewed them.
 */
import { createShiftedClock, type ShiftedClock } from '../../lib/dev/shifted-clock.ts';

export interface SoakTime {
  readonly clock: ShiftedClock;
  /** What the processes read: one double, by how many ms time is shifted. */
  readonly shift: SharedArrayBuffer;
  skip(ms: number): void;
  /** A request was made: some time has passed. */
  worked(): void;
  /** Told after each shift. */
  onShift(listener: () => void): void;
  /** Resolves when so much virtual time has passed; never, once stopped. */
  pause(ms: number): Promise<void>;
  stop(): void;
}

const beatMs = 20;
const requestMs = 50;
/** What passes with each beat while somebody is at work, who may be waiting or frozen, and while nobody is. */
const stillMs = 60;
const idleMs = 600;

export function createSoakTime(isIdle: () => boolean): SoakTime {
  const clock = createShiftedClock();
  const shift = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT);
  const shifted = new Float64Array(shift);
  const listeners: (() => void)[] = [];
  const pauses = new Set<() => void>();
  let requests = 0;

  function skip(ms: number): void {
    shifted[0] = (shifted[0] ?? 0) + ms;
    clock.skip(ms);
    for (const listener of listeners) listener();
  }

  const beat = setInterval(() => {
    skip(requests * requestMs + (isIdle() ? idleMs : stillMs));
    requests = 0;
  }, beatMs);

  return {
    clock,
    shift,
    skip,
    worked() {
      requests += 1;
    },
    onShift: (listener) => void listeners.push(listener),
    pause: (ms) =>
      new Promise((resolve) => {
        const cancel = clock.schedule(clock.now() + ms, () => {
          pauses.delete(cancel);
          resolve();
        });
        pauses.add(cancel);
      }),
    stop() {
      clearInterval(beat);
      for (const cancel of pauses) cancel();
    },
  };
}
