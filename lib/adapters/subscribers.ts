import type { Changes, OnChange } from '../ports/changes.ts';

/** Hints within this process, given at once. */
export function createSubscribers(): Changes {
  const subscribers = new Map<string, Set<OnChange>>();
  return {
    publish(runId, settledAt, end) {
      const callbacks = subscribers.get(runId);
      if (callbacks) for (const callback of [...callbacks]) callback(settledAt, end);
    },
    subscribe(runId, callback) {
      // A callback of its own, so that the same function can subscribe twice.
      const own: OnChange = (settledAt, end) => callback(settledAt, end);
      const callbacks = subscribers.get(runId) ?? new Set();
      subscribers.set(runId, callbacks.add(own));
      return () => {
        callbacks.delete(own);
        if (callbacks.size === 0 && subscribers.get(runId) === callbacks) subscribers.delete(runId);
      };
    },
  };
}
