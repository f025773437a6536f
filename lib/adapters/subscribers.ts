import type { Changes, OnChange } from '../ports/changes.ts';

/** Hints within this process, given at once. */
export function createSubscribers(): Changes {
  /** Lists that are replaced, never changed: whoever is being told them loses nobody. */
  const subscribers = new Map<string, readonly OnChange[]>();
  return {
    publish(runId, settledAt, end) {
      const callbacks = subscribers.get(runId);
      if (callbacks) for (const callback of callbacks) callback(settledAt, end);
    },
    subscribe(runId, callback) {
      // A callback of its own, so that the same function can subscribe twice.
      const own: OnChange = (settledAt, end) => callback(settledAt, end);
      subscribers.set(runId, [...(subscribers.get(runId) ?? []), own]);
      return () => {
        const left = subscribers.get(runId)?.filter((other) => other !== own) ?? [];
        if (left.length > 0) subscribers.set(runId, left);
        else subscribers.delete(runId);
      };
    },
  };
}
