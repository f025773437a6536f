import type { Changes } from '../ports/changes.ts';

/** Hints within this process, given at once. */
export function createSubscribers(): Changes {
  const subscribers = new Map<string, Set<(settled: boolean) => void>>();
  return {
    publish(runId, settled) {
      const callbacks = subscribers.get(runId);
      if (callbacks) for (const callback of [...callbacks]) callback(settled);
    },
    subscribe(runId, callback) {
      // A callback of its own, so that the same function can subscribe twice.
      const own = (settled: boolean) => callback(settled);
      const callbacks = subscribers.get(runId) ?? new Set();
      subscribers.set(runId, callbacks.add(own));
      return () => {
        callbacks.delete(own);
        if (callbacks.size === 0 && subscribers.get(runId) === callbacks) subscribers.delete(runId);
      };
    },
  };
}
