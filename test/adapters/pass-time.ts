import type { VirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';

/** Lets time pass, from one thing due to the next, until the work has ended one way or the other. */
export async function passTime<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let hasEnded = false;
  const end = () => {
    hasEnded = true;
  };
  work.then(end, end);
  while (!hasEnded) await clock.advanceToNext();
  return work;
}
