import type { Clock } from '../../ports/clock.ts';

interface Alarm {
  at: number;
  order: number;
  callback: () => void;
}

export interface VirtualClock extends Clock {
  /** Moves time forward, firing what falls due in order of time, each at its own time and with its consequences. */
  advanceTo(at: number): Promise<void>;
  advance(ms: number): Promise<void>;
  /** Goes to the next thing due and fires it. False: nothing is scheduled. */
  advanceToNext(): Promise<boolean>;
  /** Lets everything happen that needs no time to pass. */
  settle(): Promise<void>;
  /** How many callbacks wait for their time. */
  readonly pending: number;
  /** When the next of them is due. */
  readonly nextDue: number | undefined;
}

/** Time that passes only when told to. `turns`: how many macrotasks count as quiescence. */
export function createVirtualClock({
  start = Date.UTC(2030, 0, 1),
  turns = 10,
}: {
  start?: number;
  turns?: number;
} = {}): VirtualClock {
  const alarms = new Set<Alarm>();
  let now = start;
  let scheduled = 0;

  const macrotask = () => new Promise<void>((resolve) => setImmediate(resolve));

  async function settle(): Promise<void> {
    for (let turn = 0; turn < turns; turn += 1) await macrotask();
  }

  function next(): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of alarms) {
      const isEarlier =
        first === undefined || alarm.at < first.at || (alarm.at === first.at && alarm.order < first.order);
      if (isEarlier) first = alarm;
    }
    return first;
  }

  function fire(alarm: Alarm): void {
    // What was taken back meanwhile, or has fired as overdue, is not there any more.
    if (!alarms.delete(alarm)) return;
    now = Math.max(now, alarm.at);
    alarm.callback();
  }

  async function advanceTo(at: number): Promise<void> {
    await settle();
    for (let alarm = next(); alarm !== undefined && alarm.at <= at; alarm = next()) {
      fire(alarm);
      await settle();
    }
    now = Math.max(now, at);
    await settle();
  }

  return {
    now: () => now,
    macrotask,
    settle,
    advanceTo,
    advance: (ms) => advanceTo(now + ms),

    schedule(at, callback) {
      scheduled += 1;
      const alarm = { at, order: scheduled, callback };
      alarms.add(alarm);
      if (at <= now) setImmediate(fire, alarm);
      return () => {
        alarms.delete(alarm);
      };
    },

    async advanceToNext() {
      await settle();
      const alarm = next();
      if (alarm === undefined) return false;
      fire(alarm);
      await settle();
      return true;
    },

    get pending() {
      return alarms.size;
    },
    get nextDue() {
      return next()?.at;
    },
  };
}
