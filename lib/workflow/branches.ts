import { Fault } from '../kernel/faults.ts';
import { ContinueAs } from '../kernel/operations.ts';
import { CancelledError, DeadlineError } from '../kernel/stored-error.ts';
import type { Branch, Context, MapFunction, MapResult } from './context.ts';
import type { Scope } from './scope.ts';

/**
 * Things side by side, as ordinary code over scopes: all, race, map. Whoever decides closes the scopes that lost, in the
 * same reaction to the same event, so that every replay closes them there (K28).
 */

type InScope = (scope: Scope) => Context;

interface Started<T> {
  scope: Scope;
  result: Promise<T>;
}

function startBranches<T>(
  parent: Scope,
  branches: Record<string, Branch<T>>,
  contextIn: InScope,
): [string, Started<T>][] {
  const names = Object.keys(branches);
  const scopes = names.map((name) => parent.inner(name));
  return names.map((name, index) => {
    const scope = scopes[index] as Scope;
    const branch = branches[name] as Branch<T>;
    return [name, { scope, result: start(() => branch(contextIn(scope))) }];
  });
}

/** Calls at once, and turns a throw into a rejection. */
async function start<T>(run: () => Promise<T>): Promise<T> {
  return run();
}

export async function runAll(
  parent: Scope,
  branches: Record<string, Branch<unknown>>,
  contextIn: InScope,
): Promise<Record<string, unknown>> {
  const started = startBranches(parent, branches, contextIn);
  try {
    const values = await Promise.all(started.map(([, { result }]) => result));
    return Object.fromEntries(started.map(([name], index) => [name, values[index]]));
  } catch (error) {
    for (const [, { scope }] of started) scope.close();
    throw error;
  }
}

export async function runRace(
  parent: Scope,
  branches: Record<string, Branch<unknown>>,
  contextIn: InScope,
): Promise<{ winner: string; value: unknown }> {
  const started = startBranches(parent, branches, contextIn);
  if (started.length === 0) throw new Fault('invalid_input', 'A race needs at least one branch');
  try {
    return await Promise.race(started.map(([winner, { result }]) => result.then((value) => ({ winner, value }))));
  } finally {
    for (const [, { scope }] of started) scope.close();
  }
}

/** What is no failure of an item, and so is never tolerated: the run is to end. */
export function endsRun(error: unknown): boolean {
  return error instanceof CancelledError || error instanceof DeadlineError || error instanceof ContinueAs;
}

const defaultConcurrency = 100;

export async function runMap<Item, Result>(
  parent: Scope,
  items: readonly Item[],
  run: MapFunction<Item, Result>,
  options: { concurrency?: number; tolerate?: number },
  contextIn: InScope,
): Promise<Result[] | MapResult<Result>[]> {
  const { concurrency = defaultConcurrency, tolerate } = options;
  if (!(concurrency >= 1))
    throw new Fault('invalid_input', `The concurrency of a map is ${concurrency}; it is at least 1`);
  if (tolerate !== undefined && !(tolerate >= 0))
    throw new Fault('invalid_input', `A map tolerates ${tolerate} failures; it is at least 0`);
  const results: MapResult<Result>[] = new Array(items.length);
  const open = new Set<Scope>();
  let next = 0;
  let failures = 0;

  async function runItems(): Promise<void> {
    while (next < items.length) {
      const index = next;
      next += 1;
      const scope = parent.inner(String(index));
      open.add(scope);
      try {
        const value = await run(items[index] as Item, contextIn(scope), index);
        results[index] = { status: 'completed', value };
      } catch (error) {
        failures += 1;
        if (failures > (tolerate ?? 0) || endsRun(error)) throw error;
        results[index] = { status: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
      }
      open.delete(scope);
    }
  }

  try {
    await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, runItems));
  } catch (error) {
    next = items.length;
    for (const scope of open) scope.close();
    throw error;
  }
  return tolerate === undefined ? results.map((result) => (result as { value: Result }).value) : results;
}
