import type { Birth } from './events.ts';

/**
 * What the kernel offers to a program: four operations, each named by a key that is the same in every replay, and a
 * little that is not an operation. All else is written on top.
 */
export interface Operations {
  readonly run: Pick<Birth, 'id' | 'workflow' | 'version' | 'createdAt' | 'deadline' | 'correlationId'>;
  step(key: string, spec: StepSpec): Task;
  /** Fires at `due`, in ms since the epoch. */
  timer(key: string, due: number): Task;
  /** Takes the earliest signal of this name that nobody has taken; the earliest waiting task gets it. */
  signal(key: string, name: string): Task;
  child(key: string, spec: ChildSpec): Task;
  /** Time of the latest event that the program has been fed (K24). */
  now(): number;
  /** An identifier that depends on the run and on `label` alone. */
  derive(label: string): string;
  /** Token with which an outside system answers the signal `name`. */
  callbackToken(name: string): string;
  /** Whether this run reaches the place first under code that asks for `change`. */
  version(change: string): boolean;
  report(details: unknown): void;
  /** Silent while the program is being replayed. `fields` are plain data. */
  log(level: LogLevel, message: string, fields?: Record<string, unknown>): void;
  /** A person has asked to cancel the run. */
  isCancelled(): boolean;
}

/** The same operations, with another spec for each step. */
export function withSteps(operations: Operations, specOf: (key: string, spec: StepSpec) => StepSpec): Operations {
  return {
    run: operations.run,
    step: (key, spec) => operations.step(key, specOf(key, spec)),
    timer: (key, due) => operations.timer(key, due),
    signal: (key, name) => operations.signal(key, name),
    child: (key, spec) => operations.child(key, spec),
    now: () => operations.now(),
    derive: (label) => operations.derive(label),
    callbackToken: (name) => operations.callbackToken(name),
    version: (change) => operations.version(change),
    report: (details) => operations.report(details),
    log: (level, message, fields) => operations.log(level, message, fields),
    isCancelled: () => operations.isCancelled(),
  };
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** An operation under way. `result` gives the JSON value, or rejects with a `TaskError`. */
export interface Task {
  result: Promise<unknown>;
  /** The program is no longer interested: the promise stays open for ever, a running step is aborted, a child cancelled. */
  close(): void;
}

export interface RetryPolicy {
  /** Attempts in all, 1 to 1,000. */
  attempts: number;
  /** Delay before the second attempt, in ms. */
  initialMs: number;
  /** Growth from delay to delay. */
  factor: number;
  maxMs: number;
  /** Share of the delay that is random, 0 to 1. */
  jitter: number;
  /** Whether an error is worth another attempt. */
  retryIf?: ((error: unknown) => boolean) | undefined;
}

export interface StepSpec {
  run(attempt: StepAttempt): unknown;
  retry: RetryPolicy;
  /** Of one attempt, in ms. */
  timeoutMs?: number | undefined;
  /** An attempt that does not call `heartbeat()` for so long has failed, in ms. */
  heartbeatTimeoutMs?: number | undefined;
  /** A `task_started` is durable before the step runs; after a crash it fails instead of running again. */
  atMostOnce: boolean;
  /** Cancelling the run and its deadline do not touch it: a compensation. */
  shielded?: boolean;
}

/** What a step's function is told. */
export interface StepAttempt {
  /** From 1. */
  attempt: number;
  /** The same in every attempt of this step of this run, and in no other: pass it to services that take idempotency keys. */
  idempotencyToken: string;
  /** Aborted when the step is no longer wanted: lost a race, cancelled, timed out, shutdown. */
  signal: AbortSignal;
  heartbeat(): void;
}

export interface ChildSpec {
  workflow: string;
  version?: number | undefined;
  input: unknown;
  /** Nobody waits for it, and it outlives this run. */
  detached: boolean;
  correlationId?: string | undefined;
}

/** Thrown by a program to end the run and to go on as a new one with this input. */
export class ContinueAs {
  readonly input: unknown;
  constructor(input: unknown) {
    this.input = input;
  }
}

/** A mistake in a workflow that the program can be told of at once: two tasks of one name, a name too long. */
export class WorkflowError extends Error {
  override readonly name = 'WorkflowError';
}
