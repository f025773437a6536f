import { AsyncResource } from 'node:async_hooks';
import type { Clock } from '../ports/clock.ts';

/** Real time plus what has been skipped of it. */
export interface ShiftedClock extends Clock {
  /** Moves time forward at once. What falls due rings right after, one after the other, in order of its time. */
  skip(ms: number): void;
  /** Whether something is due that has not rung yet. */
  readonly ringing: boolean;
}

interface Alarm {
  at: number;
  order: number;
  callback: () => void;
}

/** `setTimeout` fires at once for anything longer. */
const longestTimeoutMs = 2 ** 31 - 1;

/**
 * Passes by itself like the system's clock, and faster when told to: for waits that nobody wants to sit through. With `stands` it
 * passes only when told to, so that what happens does not depend on how fast the machine is.
 */
export function createShiftedClock({ stands = false }: { stands?: boolean } = {}): ShiftedClock {
  const beginning = Date.now();
  const alarms = new Set<Alarm>();
  let shiftMs = 0;
  let scheduled = 0;
  let timer: NodeJS.Timeout | undefined;

  const now = () => (stands ? beginning : Date.now()) + shiftMs;

  function first(): Alarm | undefined {
    let found: Alarm | undefined;
    for (const alarm of alarms) {
      const isEarlier =
        found === undefined || alarm.at < found.at || (alarm.at === found.at && alarm.order < found.order);
      if (isEarlier) found = alarm;
    }
    return found;
  }

  function arm(): void {
    clearTimeout(timer);
    const alarm = first();
    timer = alarm && setTimeout(ring, Math.min(Math.max(0, alarm.at - now()), longestTimeoutMs));
  }

  /** One at a time, so that what throws keeps nothing else from ringing. */
  function ring(): void {
    const alarm = first();
    // Timers run on another clock than `Date.now` and may be a millisecond early.
    const isDue = alarm !== undefined && alarm.at <= now();
    if (isDue) alarms.delete(alarm);
    arm();
    if (isDue) alarm.callback();
  }

  return {
    now,
    skip(ms) {
      if (!(ms >= 0)) throw new RangeError(`Time goes forward: cannot skip ${ms} ms`);
      shiftMs += ms;
      arm();
    },
    schedule(at, callback) {
      scheduled += 1;
      // One timer serves all, and each callback is still to belong to whoever scheduled it.
      const alarm = { at, order: scheduled, callback: AsyncResource.bind(callback) };
      alarms.add(alarm);
      arm();
      return () => {
        if (alarms.delete(alarm)) arm();
      };
    },
    macrotask: () => new Promise((resolve) => setImmediate(resolve)),
    get ringing() {
      return (first()?.at ?? Number.POSITIVE_INFINITY) <= now();
    },
  };
}
