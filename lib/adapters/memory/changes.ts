import type { Changes } from '../../ports/changes.ts';

/** Hints within this process, given at once. */
export function createMemoryChanges(): Changes {
  const subscribers = new Map<string, Set<() => void>>();
  return {
    publish(runId) {
      for (const callback of [...(subscribers.get(runId) ?? [])]) callback();
    },
    subscribe(runId, callback) {
      // A callback of its own, so that the same function can subscribe twice.
      const own = () => callback();
      const callbacks = subscribers.get(runId) ?? new Set();
      subscribers.set(runId, callbacks.add(own));
      return () => {
        callbacks.delete(own);
        if (callbacks.size === 0 && subscribers.get(runId) === callbacks) subscribers.delete(runId);
      };
    },
  };
}
