import {
  ContinueAs,
  type LogLevel,
  type Operations,
  type StepAttempt,
  type StepSpec,
  WorkflowError,
} from '../kernel/operations.ts';
import { CancelledError, TaskError, TimeoutError } from '../kernel/stored-error.ts';
import { runAll, runMap, runRace } from './branches.ts';
import { type Compensation, CompensationError, compensateAll } from './compensation.ts';
import type { Branch, Callback, ChildOptions, Context, MapFunction, SignalOptions, StepOptions } from './context.ts';
import { toFraction, toUuid } from './derived.ts';
import { type Duration, toMoment, toMs } from './duration.ts';
import { compensationRetry, stepRetry, toRetryPolicy } from './retry.ts';
import { parseWith } from './schema.ts';
import { createScope, type Scope } from './scope.ts';

/** What a context is made of, for whoever interprets another language on it and closes scopes of its own. */
export interface Inside {
  operations: Operations;
  scope: Scope;
  /** The context whose tasks belong to a scope. */
  contextIn(scope: Scope): Context;
}

const insides = new WeakMap<Context, Inside>();

export function insideOf(context: Context): Inside {
  const inside = insides.get(context);
  if (!inside) throw new WorkflowError("This context is none of Pawl's own");
  return inside;
}

/**
 * The context, written as ordinary code on the kernel's four operations.
 *
 * Owns: keys and scopes, what a task's options mean, compensation.
 * Does not own: anything durable.
 */
export function createContext(operations: Operations): {
  context: Context;
  /** Runs the workflow; if it fails or has been cancelled, undoes what it has done, last first. */
  compensateIfNeeded(run: () => Promise<unknown>): Promise<unknown>;
} {
  const compensations: Compensation[] = [];
  const root = createScope(operations);

  async function compensateIfNeeded(run: () => Promise<unknown>): Promise<unknown> {
    try {
      const value = await run();
      if (!operations.isCancelled() || compensations.length === 0) return value;
      throw new CancelledError('The run was cancelled');
    } catch (error) {
      const goesOn = error instanceof ContinueAs;
      if (compensations.length === 0 || (goesOn && !operations.isCancelled())) throw error;
      const failures = await compensateAll(compensations, undo);
      const cause = goesOn ? new CancelledError('The run was cancelled') : error;
      throw failures.length === 0 ? cause : new CompensationError(cause, failures);
    }
  }

  /** One compensation, as a step that neither cancelling nor the deadline touches. */
  function undo({ name, run, retry, timeout }: Compensation, index: number): Promise<unknown> {
    const spec = {
      run,
      retry: toRetryPolicy(retry, compensationRetry, `Compensation '${name}'`),
      timeoutMs: optionalMs(timeout, `Compensation '${name}', timeout`),
      atMostOnce: false,
      shielded: true,
    };
    return operations.step(`compensate:${name}#${index + 1}`, spec).result;
  }

  return { context: contextIn(root), compensateIfNeeded };

  function contextIn(scope: Scope): Context {
    function step(
      name: string,
      run: (attempt: StepAttempt) => unknown,
      options: StepOptions<unknown> | undefined,
    ): Promise<unknown> {
      try {
        const key = scope.key(name);
        const spec = options ? stepSpec(name, run, options) : plainStep(run);
        const result = scope.track(() => operations.step(key, spec));
        const compensate = options?.compensate;
        if (!compensate) return result;
        const push = (value: unknown) => {
          compensations.push({ name: key, run: (attempt) => compensate(value as never, attempt) });
          return value;
        };
        return maybeUnheard(result.then(push));
      } catch (error) {
        return maybeUnheard(Promise.reject(error));
      }
    }

    async function sleep(duration: Duration, options: { name?: string } = {}): Promise<void> {
      const due = operations.now() + toMs(duration, 'ctx.sleep');
      const key = scope.nextKey(`sleep:${options.name ?? duration}`);
      await scope.track(() => operations.timer(key, due));
    }

    async function sleepUntil(moment: Date | string | number, options: { name?: string } = {}): Promise<void> {
      const due = toMoment(moment, 'ctx.sleepUntil');
      const key = scope.nextKey(`sleep:${options.name ?? 'until'}`);
      await scope.track(() => operations.timer(key, due));
    }

    /** A signal's payload, or a `TimeoutError`. The wait that lost is closed. */
    async function waitFor(key: string, name: string, timeout: Duration | undefined, what: string): Promise<unknown> {
      if (timeout === undefined) return scope.track(() => operations.signal(key, name));
      const waits = scope.inner(key.slice(key.lastIndexOf('/') + 1));
      const due = operations.now() + toMs(timeout, `${what}, timeout`);
      try {
        return await Promise.race([
          waits.track(() => operations.signal(key, name)),
          waits
            .track(() => operations.timer(waits.key('timeout'), due))
            .then(() => {
              throw new TimeoutError(
                `${what} did not come within ${timeout}${typeof timeout === 'number' ? ' ms' : ''}`,
              );
            }),
        ]);
      } finally {
        waits.close();
      }
    }

    async function signal<T>(name: string, options: SignalOptions<T> & { name?: string } = {}): Promise<T> {
      const what = `Signal '${name}'`;
      const payload = await waitFor(scope.nextKey(`signal:${options.name ?? name}`), name, options.timeout, what);
      return options.schema ? parseWith(options.schema, payload, `The payload of signal '${name}'`) : (payload as T);
    }

    function callback<T>(name: string, options: SignalOptions<T> = {}): Callback<T> {
      const key = scope.key(`callback:${name}`);
      const answered = waitFor(key, key, options.timeout, `The answer to callback '${name}'`).then((payload) => {
        const answer = payload as { result?: unknown; error?: { name?: string; message: string } };
        if (answer.error)
          throw new TaskError({ name: answer.error.name ?? 'Error', message: answer.error.message }, key);
        return options.schema
          ? parseWith(options.schema, answer.result, `The answer to callback '${name}'`)
          : (answer.result as T);
      });
      return { token: operations.callbackToken(key), result: maybeUnheard(answered) };
    }

    async function child(
      of: { name: string; version?: number } | string,
      input: unknown,
      options: ChildOptions = {},
      detached = false,
    ): Promise<never> {
      const named = typeof of === 'string' ? { name: of } : of;
      const key = scope.key(`child:${options.name ?? named.name}`);
      const spec = {
        workflow: named.name,
        version: named.version,
        input,
        detached,
        correlationId: options.correlationId,
      };
      return (await scope.track(() => operations.child(key, spec))) as never;
    }

    async function map<Item, Result>(
      name: string,
      items: readonly Item[],
      run: MapFunction<Item, Result>,
      options: { concurrency?: number; tolerate?: number } = {},
    ): Promise<never> {
      return (await runMap(scope.inner(name), items, run, options, contextIn)) as never;
    }

    async function all(name: string, branches: Record<string, Branch<unknown>>): Promise<never> {
      return (await runAll(scope.inner(name), branches, contextIn)) as never;
    }

    async function race(name: string, branches: Record<string, Branch<unknown>>): Promise<never> {
      return (await runRace(scope.inner(name), branches, contextIn)) as never;
    }

    const log = (level: LogLevel) => (message: string, fields?: Record<string, unknown>) =>
      operations.log(level, message, fields);
    const { id, workflow, version, correlationId } = operations.run;

    const context: Context = {
      run: { id, workflow, version, ...(correlationId !== undefined && { correlationId }) },
      step: (name, run, options) => step(name, run, options as StepOptions<unknown>) as Promise<never>,
      sleep: (duration, options) => maybeUnheard(sleep(duration, options)),
      sleepUntil: (moment, options) => maybeUnheard(sleepUntil(moment, options)),
      signal: (name, options) => maybeUnheard(signal(name, options)),
      callback,
      child: (of: { name: string; version?: number } | string, input?: unknown, options?: ChildOptions) =>
        maybeUnheard(child(of, input, options)),
      startDetached: (of: { name: string; version?: number } | string, input: unknown, options?: ChildOptions) =>
        maybeUnheard(child(of, input, options, true)),
      map: <Item, Result>(
        name: string,
        items: readonly Item[],
        run: MapFunction<Item, Result>,
        options?: { concurrency?: number; tolerate?: number },
      ) => maybeUnheard(map(name, items, run, options)),
      all: (name, branches) => maybeUnheard(all(name, branches)),
      race: (name, branches) => maybeUnheard(race(name, branches)),
      compensate: (name, run, options = {}) => {
        compensations.push({ name: scope.key(name), run, ...options });
      },
      continueAs(input) {
        throw new ContinueAs(input);
      },
      now: () => operations.now(),
      random: () => toFraction(operations.derive(scope.nextKey('random:'))),
      uuid: () => toUuid(operations.derive(scope.nextKey('uuid:'))),
      version: (change) => operations.version(change),
      report: (details) => operations.report(details),
      log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    };
    insides.set(context, { operations, scope, contextIn });
    return context;
  }
}

/** Of a step without options, which is nearly each: nothing is to be checked. */
function plainStep(run: StepSpec['run']): StepSpec {
  return { run, retry: stepRetry, timeoutMs: undefined, heartbeatTimeoutMs: undefined, atMostOnce: false };
}

function stepSpec(name: string, run: StepSpec['run'], options: StepOptions<unknown>): StepSpec {
  const what = `Step '${name}'`;
  const { atMostOnce = false } = options;
  return {
    run,
    retry: toRetryPolicy(options.retry, atMostOnce ? { ...stepRetry, attempts: 1 } : stepRetry, what),
    timeoutMs: optionalMs(options.timeout, `${what}, timeout`),
    heartbeatTimeoutMs: optionalMs(options.heartbeatTimeout, `${what}, heartbeatTimeout`),
    atMostOnce,
  };
}

/** It may be awaited much later, or never: its failure must not count as unhandled, which would end the process. */
function maybeUnheard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

function optionalMs(duration: Duration | undefined, what: string): number | undefined {
  return duration === undefined ? undefined : toMs(duration, what);
}
