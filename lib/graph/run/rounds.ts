import { endsRun } from '../../workflow/branches.ts';
import type { Json } from '../definition.ts';
import type { RunningBody } from './body.ts';
import { errorValue } from './error-value.ts';

export interface RunningRounds {
  /** The rounds' outputs, in the order of the items. */
  result: Promise<Json[]>;
  close(): void;
}

/**
 * The rounds of a map, `concurrency` at a time. The first failure that is not tolerated closes the rest. With `tolerate`
 * results say of each round how it ended.
 */
export function mapRounds(
  items: readonly Json[],
  { concurrency, tolerate }: { concurrency: number; tolerate: number | undefined },
  {
    start,
    ended,
    soon,
  }: {
    start: (item: Json, index: number) => RunningBody;
    /** A round that ended by itself has been taken in. */
    ended: () => void;
    /** The result is about to be there. */
    soon: () => void;
  },
): RunningRounds {
  const results: Json[] = new Array(items.length).fill(null);
  const running = new Set<RunningBody>();
  let next = 0;
  let failures = 0;
  let closed = false;
  let resolve!: (results: Json[]) => void;
  let reject!: (error: unknown) => void;
  const result = new Promise<Json[]>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  result.catch(() => {});

  function startMore(): void {
    while (!closed && running.size < concurrency && next < items.length) {
      const index = next;
      next += 1;
      const body = start(items[index] as Json, index);
      running.add(body);
      body.result.then(
        ({ output }) => take(() => end(body, index, tolerate === undefined ? output : { status: 'completed', output })),
        (error: unknown) => take(() => fail(body, index, error)),
      );
    }
    if (running.size > 0 || next < items.length || closed) return;
    soon();
    resolve(results);
  }

  function take(round: () => void): void {
    if (!closed) round();
    ended();
  }

  function end(body: RunningBody, index: number, value: Json): void {
    running.delete(body);
    results[index] = value;
    startMore();
  }

  function fail(body: RunningBody, index: number, error: unknown): void {
    failures += 1;
    if (tolerate !== undefined && failures <= tolerate && !endsRun(error)) {
      end(body, index, { status: 'failed', error: errorValue(error) });
      return;
    }
    soon();
    reject(error);
    close();
  }

  function close(): void {
    if (closed) return;
    closed = true;
    for (const body of running) body.close();
    running.clear();
  }

  startMore();
  return { result, close };
}
