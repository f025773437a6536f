import { isFault } from './faults.ts';
import type { Ports } from './ports.ts';

/**
 * Tries again with growing delays while the store is unavailable. `failures`: how often the call has failed before, which is no proof
 * that it was not carried out: what it writes is the same bytes each time.
 */
export function retrying<T>(ports: Ports, call: (failures: number) => Promise<T>): Promise<T> {
  return call(0).catch((error: unknown) => tryAgain(ports, call, error));
}

async function tryAgain<T>(ports: Ports, call: (failures: number) => Promise<T>, failure: unknown): Promise<T> {
  let error = failure;
  for (let attempt = 1; ; attempt += 1) {
    if (!isFault(error, 'unavailable') || attempt > ports.limits.storeRetries) throw error;
    const delay = Math.min(5_000, 25 * 2 ** attempt) * (0.5 + ports.ids.fraction() / 2);
    await new Promise<void>((resolve) => {
      ports.clock.schedule(ports.clock.now() + delay, resolve);
    });
    try {
      return await call(attempt);
    } catch (next) {
      error = next;
    }
  }
}
