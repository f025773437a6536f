import type { Clock } from '../../ports/clock.ts';

interface Wait {
  waitMs: number;
  signal?: AbortSignal | undefined;
}

interface Waiter<Options, Result> {
  options: Options;
  end(results: Result[]): void;
}

/** Those who wait for messages, each for a time and in their order. Who is gone or has waited in vain gets nothing. */
export function createWaiters<Options extends Wait, Result>(clock: Clock) {
  const waiters = new Set<Waiter<Options, Result>>();
  return {
    wait(options: Options): Promise<Result[]> {
      const { waitMs, signal } = options;
      return new Promise((resolve) => {
        const giveUp = () => waiter.end([]);
        const stopTimer = clock.schedule(clock.now() + waitMs, giveUp);
        const waiter = {
          options,
          end(results: Result[]) {
            stopTimer();
            signal?.removeEventListener('abort', giveUp);
            waiters.delete(waiter);
            resolve(results);
          },
        };
        signal?.addEventListener('abort', giveUp);
        waiters.add(waiter);
      });
    },

    /** One after the other, until there is nothing more for the next. */
    serve(take: (options: Options) => Result[]): void {
      for (const waiter of waiters) {
        const taken = take(waiter.options);
        if (taken.length === 0) return;
        waiter.end(taken);
      }
    },

    dismiss(): void {
      for (const waiter of waiters) waiter.end([]);
    },

    get size() {
      return waiters.size;
    },
  };
}
