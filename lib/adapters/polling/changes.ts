import type { Changes } from '../../ports/changes.ts';
import type { Clock } from '../../ports/clock.ts';
import { createSubscribers } from '../subscribers.ts';

export interface PollingOptions {
  clock: Clock;
  /** From subscribing, or from what was published in this process, to the first hint, in ms. The distances double. */
  firstMs: number;
  /** The longest distance between two hints, in ms. */
  maxMs: number;
}

/** For processes that cannot tell each other anything: whoever subscribes is told to look again, now and then. */
export function createPollingChanges({ clock, firstMs, maxMs }: PollingOptions): Changes {
  const published = createSubscribers();
  return {
    publish: published.publish,
    subscribe(runId, callback) {
      let distanceMs = firstMs;
      let cancel = () => {};
      const hintLater = () => {
        cancel = clock.schedule(clock.now() + distanceMs, () => {
          distanceMs = Math.min(distanceMs * 2, maxMs);
          hintLater();
          callback('unknown', undefined);
        });
      };
      hintLater();
      const unsubscribe = published.subscribe(runId, (settledAt, end) => {
        cancel();
        distanceMs = firstMs;
        hintLater();
        callback(settledAt, end);
      });
      return () => {
        cancel();
        unsubscribe();
      };
    },
  };
}
