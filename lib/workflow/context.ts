import type { LogLevel, StepAttempt } from '../kernel/operations.ts';
import type { Duration } from './duration.ts';
import type { RetryOptions } from './retry.ts';
import type { Schema } from './schema.ts';
import type { Stored } from './stored.ts';
import type { InputAnd, Workflow } from './workflow.ts';

/**
 * What a workflow works with. Everything a workflow does, and everything it learns from outside, goes through this: then
 * it can be replayed. All values are stored as JSON, and what is returned is what was stored.
 */
export interface Context {
  readonly run: {
    id: string;
    workflow: string;
    version: number;
    correlationId?: string;
  };

  /**
   * Runs a function once and records what it returns; a replay gets the record. It may run again if it failed (see
   * `retry`) or if the process died before the record was durable: pass `attempt.idempotencyToken` on to other systems.
   * Throws a `TaskError` with the step's own error name once the attempts are used up.
   */
  step<T>(name: string, run: (attempt: StepAttempt) => T | Promise<T>, options?: StepOptions<T>): Promise<Stored<T>>;

  /** Waits, from milliseconds to years. A wait of more than a second holds no process. */
  sleep(duration: Duration, options?: { name?: string }): Promise<void>;
  sleepUntil(moment: Date | string | number, options?: { name?: string }): Promise<void>;

  /**
   * Waits for a signal from outside. One that came before is taken at once, the oldest first. Throws `TimeoutError`.
   * The option `name` names the task, where that is not to be the signal's name.
   */
  signal<T = unknown>(name: string, options?: SignalOptions<T> & { name?: string }): Promise<T>;

  /** A token that an outside system answers once. Give it away inside a step, then await `result`. */
  callback<T = unknown>(name: string, options?: SignalOptions<T>): Callback<T>;

  /** Starts another workflow as a run of its own and waits for its output. */
  child<Input, Output>(workflow: Workflow<Input, Output>, ...args: InputAnd<Input, ChildOptions>): Promise<Output>;
  child(workflow: string, input?: unknown, options?: ChildOptions): Promise<unknown>;
  /** Starts another workflow and goes on; it outlives this run. */
  startDetached<Input>(
    workflow: Workflow<Input, unknown>,
    ...args: InputAnd<Input, ChildOptions>
  ): Promise<{ id: string }>;
  startDetached(workflow: string, input?: unknown, options?: ChildOptions): Promise<{ id: string }>;

  /**
   * Does the same for each item, `concurrency` at a time (default 100). The first failure closes the rest and is thrown;
   * with `tolerate` failures are results, until there are more of them.
   */
  map<Item, Result>(
    name: string,
    items: readonly Item[],
    run: MapFunction<Item, Result>,
    options?: { concurrency?: number },
  ): Promise<Result[]>;
  map<Item, Result>(
    name: string,
    items: readonly Item[],
    run: MapFunction<Item, Result>,
    options: { concurrency?: number; tolerate: number },
  ): Promise<MapResult<Result>[]>;

  /** All branches side by side. The first failure closes the others and is thrown. */
  all<Branches extends Record<string, Branch<unknown>>>(
    name: string,
    branches: Branches,
  ): Promise<{ [Name in keyof Branches]: Awaited<ReturnType<Branches[Name]>> }>;
  /** The first branch to end wins; the others are closed: their steps are aborted, their children cancelled. */
  race<Branches extends Record<string, Branch<unknown>>>(
    name: string,
    branches: Branches,
  ): Promise<RaceResult<Branches>>;

  /** Something to undo if the run fails or is cancelled. What was registered last is undone first. */
  compensate(
    name: string,
    run: (attempt: StepAttempt) => unknown,
    options?: Pick<StepOptions<unknown>, 'retry' | 'timeout'>,
  ): void;

  /** Ends this run and goes on as a new one with this input. Never returns. */
  continueAs(input: unknown): never;

  /** Milliseconds since the epoch, the same in every replay. */
  now(): number;
  /** In [0, 1), the same in every replay. */
  random(): number;
  uuid(): string;
  /** True in runs that reach this place first under code that asks for `change`; older runs keep the old way. */
  version(change: string): boolean;
  /** Progress that people see. The latest is kept; it rides on the next write. */
  report(details: unknown): void;
  /** Silent in replay. */
  readonly log: Record<LogLevel, (message: string, fields?: Record<string, unknown>) => void>;
}

export interface StepOptions<T> {
  retry?: RetryOptions;
  /** Of one attempt. */
  timeout?: Duration;
  /** An attempt that does not call `heartbeat()` for so long has failed. */
  heartbeatTimeout?: Duration;
  /** Never run a second time after a crash: the step then fails as `OutcomeUnknownError`. Costs one more write. */
  atMostOnce?: boolean;
  /** Undoes this step if the run fails or is cancelled later. Runs as a step of its own, with retries. */
  compensate?: (result: Stored<T>, attempt: StepAttempt) => unknown;
}

export interface SignalOptions<T> {
  schema?: Schema<unknown, T>;
  timeout?: Duration;
}

export interface Callback<T> {
  /** Whoever has it can answer, once: `POST /v1/callbacks/{token}`. */
  token: string;
  result: Promise<T>;
}

export interface ChildOptions {
  /** Default: the workflow's name. Two children of one workflow in one scope need names. */
  name?: string;
  correlationId?: string;
}

export type Branch<T> = (ctx: Context) => Promise<T>;
export type MapFunction<Item, Result> = (item: Item, ctx: Context, index: number) => Promise<Result>;
export type MapResult<Result> = { status: 'completed'; value: Result } | { status: 'failed'; error: Error };
export type RaceResult<Branches extends Record<string, Branch<unknown>>> = {
  [Name in keyof Branches]: { winner: Name; value: Awaited<ReturnType<Branches[Name]>> };
}[keyof Branches];
