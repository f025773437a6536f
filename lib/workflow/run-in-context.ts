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

export function insideOf(context: Context): Inside {
  const tasks = (context as Partial<ScopedContext>)[tasksOf];
  if (!tasks) throw new WorkflowError("This context is none of Pawl's own");
  const { operations, scope } = tasks;
  return { operations, scope, contextIn: (inner) => tasks.contextIn(inner) };
}

/** Runs a workflow in a context of its own; if it fails or has been cancelled, undoes what it has done, last first. */
export async function runInContext(
  operations: Operations,
  run: (context: Context) => Promise<unknown>,
): Promise<unknown> {
  const compensations: Compensation[] = [];
  const tasks = new TasksOfScope(operations, createScope(operations), compensations);
  try {
    const value = await run(new ScopedContext(tasks));
    if (!operations.isCancelled() || compensations.length === 0) return value;
    throw new CancelledError('The run was cancelled');
  } catch (error) {
    const goesOn = error instanceof ContinueAs;
    if (compensations.length === 0 || (goesOn && !operations.isCancelled())) throw error;
    const failures = await compensateAll(compensations, (compensation, index) => undo(operations, compensation, index));
    const cause = goesOn ? new CancelledError('The run was cancelled') : error;
    throw failures.length === 0 ? cause : new CompensationError(cause, failures);
  }
}

/** One compensation, as a step that neither cancelling nor the deadline touches. */
function undo(operations: Operations, { name, run, retry, timeout }: Compensation, index: number): Promise<unknown> {
  const spec = {
    run,
    retry: toRetryPolicy(retry, compensationRetry, `Compensation '${name}'`),
    timeoutMs: optionalMs(timeout, `Compensation '${name}', timeout`),
    atMostOnce: false,
    shielded: true,
  };
  return operations.step(`compensate:${name}#${index + 1}`, spec).result;
}

/** The tasks of one scope, written as ordinary code on the kernel's four operations. */
class TasksOfScope {
  readonly operations: Operations;
  readonly scope: Scope;
  readonly compensations: Compensation[];

  constructor(operations: Operations, scope: Scope, compensations: Compensation[]) {
    this.operations = operations;
    this.scope = scope;
    this.compensations = compensations;
  }

  contextIn(scope: Scope): Context {
    return new ScopedContext(new TasksOfScope(this.operations, scope, this.compensations));
  }

  compensate({ name, ...what }: Compensation): void {
    this.compensations.push({ name: this.scope.key(name), ...what });
  }

  step(
    name: string,
    run: (attempt: StepAttempt) => unknown,
    options: StepOptions<unknown> | undefined,
  ): Promise<unknown> {
    const { operations, compensations } = this;
    try {
      const key = this.scope.key(name);
      const spec = options ? stepSpec(name, run, options) : plainStep(run);
      const result = this.scope.track(() => operations.step(key, spec));
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

  async sleep(duration: Duration, options: { name?: string } = {}): Promise<void> {
    const { operations } = this;
    const due = operations.now() + toMs(duration, 'ctx.sleep');
    const key = this.scope.nextKey(`sleep:${options.name ?? duration}`);
    await this.scope.track(() => operations.timer(key, due));
  }

  async sleepUntil(moment: Date | string | number, options: { name?: string } = {}): Promise<void> {
    const due = toMoment(moment, 'ctx.sleepUntil');
    const key = this.scope.nextKey(`sleep:${options.name ?? 'until'}`);
    await this.scope.track(() => this.operations.timer(key, due));
  }

  /** A signal's payload, or a `TimeoutError`. The wait that lost is closed. */
  async waitFor(key: string, name: string, timeout: Duration | undefined, what: string): Promise<unknown> {
    const { operations } = this;
    if (timeout === undefined) return this.scope.track(() => operations.signal(key, name));
    const waits = this.scope.inner(key.slice(key.lastIndexOf('/') + 1));
    const due = operations.now() + toMs(timeout, `${what}, timeout`);
    try {
      return await Promise.race([
        waits.track(() => operations.signal(key, name)),
        waits
          .track(() => operations.timer(waits.key('timeout'), due))
          .then(() => {
            throw new TimeoutError(`${what} did not come within ${timeout}${typeof timeout === 'number' ? ' ms' : ''}`);
          }),
      ]);
    } finally {
      waits.close();
    }
  }

  async signal<T>(name: string, options: SignalOptions<T> & { name?: string } = {}): Promise<T> {
    const what = `Signal '${name}'`;
    const key = this.scope.nextKey(`signal:${options.name ?? name}`);
    const payload = await this.waitFor(key, name, options.timeout, what);
    return options.schema ? parseWith(options.schema, payload, `The payload of signal '${name}'`) : (payload as T);
  }

  callback<T>(name: string, options: SignalOptions<T> = {}): Callback<T> {
    const key = this.scope.key(`callback:${name}`);
    const answered = this.waitFor(key, key, options.timeout, `The answer to callback '${name}'`).then((payload) => {
      const answer = payload as { result?: unknown; error?: { name?: string; message: string } };
      if (answer.error) throw new TaskError({ name: answer.error.name ?? 'Error', message: answer.error.message }, key);
      return options.schema
        ? parseWith(options.schema, answer.result, `The answer to callback '${name}'`)
        : (answer.result as T);
    });
    return { token: this.operations.callbackToken(key), result: maybeUnheard(answered) };
  }

  async child(of: Named, input: unknown, options: ChildOptions = {}, detached: boolean): Promise<never> {
    const named = typeof of === 'string' ? { name: of } : of;
    const key = this.scope.key(`child:${options.name ?? named.name}`);
    const { correlationId } = options;
    const spec = { workflow: named.name, version: named.version, input, detached, correlationId };
    return (await this.scope.track(() => this.operations.child(key, spec))) as never;
  }

  async map<Item, Result>(
    name: string,
    items: readonly Item[],
    run: MapFunction<Item, Result>,
    options: { concurrency?: number; tolerate?: number } = {},
  ): Promise<never> {
    return (await runMap(this.scope.inner(name), items, run, options, (scope) => this.contextIn(scope))) as never;
  }

  async all(name: string, branches: Record<string, Branch<unknown>>): Promise<never> {
    return (await runAll(this.scope.inner(name), branches, (scope) => this.contextIn(scope))) as never;
  }

  async race(name: string, branches: Record<string, Branch<unknown>>): Promise<never> {
    return (await runRace(this.scope.inner(name), branches, (scope) => this.contextIn(scope))) as never;
  }
}

/** No private field of a context, so that a proxy around it works. */
const tasksOf = Symbol('tasks');

/**
 * What a workflow gets. Owns: keys and scopes, what a task's options mean, compensation. Does not own: anything durable.
 *
 * Each of its parts is made when it is asked for, and may be taken out of it: `const { step } = ctx`. A map has a context for
 * each of its items, and most use one function.
 */
class ScopedContext implements Context {
  readonly [tasksOf]: TasksOfScope;

  constructor(tasks: TasksOfScope) {
    this[tasksOf] = tasks;
  }

  // What is set in the place of a part stays there, as with any object.
  static {
    for (const [name, part] of Object.entries(Object.getOwnPropertyDescriptors(ScopedContext.prototype))) {
      if (!part.get) continue;
      const set = function (this: Context, value: unknown) {
        Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
      };
      Object.defineProperty(ScopedContext.prototype, name, { ...part, set });
    }
  }

  get run(): Context['run'] {
    const { id, workflow, version, correlationId } = this[tasksOf].operations.run;
    return { id, workflow, version, ...(correlationId !== undefined && { correlationId }) };
  }

  get step(): Context['step'] {
    return (name, run, options) => this[tasksOf].step(name, run, options as StepOptions<unknown>) as Promise<never>;
  }

  get sleep(): Context['sleep'] {
    return (duration, options) => maybeUnheard(this[tasksOf].sleep(duration, options));
  }

  get sleepUntil(): Context['sleepUntil'] {
    return (moment, options) => maybeUnheard(this[tasksOf].sleepUntil(moment, options));
  }

  get signal(): Context['signal'] {
    return (name, options) => maybeUnheard(this[tasksOf].signal(name, options));
  }

  get callback(): Context['callback'] {
    return (name, options) => this[tasksOf].callback(name, options);
  }

  get child(): Context['child'] {
    return (of: Named, input?: unknown, options?: ChildOptions) =>
      maybeUnheard(this[tasksOf].child(of, input, options, false));
  }

  get startDetached(): Context['startDetached'] {
    return (of: Named, input?: unknown, options?: ChildOptions) =>
      maybeUnheard(this[tasksOf].child(of, input, options, true));
  }

  get map(): Context['map'] {
    return <Item, Result>(
      name: string,
      items: readonly Item[],
      run: MapFunction<Item, Result>,
      options?: { concurrency?: number; tolerate?: number },
    ) => maybeUnheard(this[tasksOf].map(name, items, run, options));
  }

  get all(): Context['all'] {
    return (name, branches) => maybeUnheard(this[tasksOf].all(name, branches));
  }

  get race(): Context['race'] {
    return (name, branches) => maybeUnheard(this[tasksOf].race(name, branches));
  }

  get compensate(): Context['compensate'] {
    return (name, run, options) => this[tasksOf].compensate({ name, run, ...options });
  }

  get continueAs(): Context['continueAs'] {
    return (input) => {
      throw new ContinueAs(input);
    };
  }

  get now(): Context['now'] {
    return () => this[tasksOf].operations.now();
  }

  get random(): Context['random'] {
    return () => toFraction(this[tasksOf].operations.derive(this[tasksOf].scope.nextKey('random:')));
  }

  get uuid(): Context['uuid'] {
    return () => toUuid(this[tasksOf].operations.derive(this[tasksOf].scope.nextKey('uuid:')));
  }

  get version(): Context['version'] {
    return (change) => this[tasksOf].operations.version(change);
  }

  get report(): Context['report'] {
    return (details) => this[tasksOf].operations.report(details);
  }

  get log(): Context['log'] {
    const log = (level: LogLevel) => (message: string, fields?: Record<string, unknown>) =>
      this[tasksOf].operations.log(level, message, fields);
    return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  }
}

type Named = { name: string; version?: number } | string;

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
