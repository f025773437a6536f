import { type Context, TimeoutError } from '../../workflow/index.ts';
import type { GraphRun } from './host.ts';

/** A timeout that the run's own deadline leaves no room for: the deadline ends the run before. */
export function isPastDeadline({ operations }: GraphRun, ms: number): boolean {
  return operations.now() + ms > operations.run.deadline;
}

/**
 * The work, or a `TimeoutError`. `ctx` belongs to a scope that `close` closes: it is called in any case, so that neither
 * the timer nor the work is left.
 */
export async function within<T>(
  run: GraphRun,
  { ctx, ms, what, close }: { ctx: Context; ms: number | undefined; what: string; close: () => void },
  work: Promise<T>,
): Promise<T> {
  try {
    if (ms === undefined || isPastDeadline(run, ms)) return await work;
    const timeout = ctx.sleep(ms, { name: 'timeout' }).then(() => {
      throw new TimeoutError(`${what} took longer than its timeout of ${ms} ms`);
    });
    return await Promise.race([work, timeout]);
  } finally {
    close();
  }
}
