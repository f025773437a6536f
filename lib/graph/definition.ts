/**
 * A task graph after parsing: normalised and plain data. Every default is filled in, durations are milliseconds, what the
 * file says in several ways is said in one, and whoever runs a graph needs nothing of the file but this.
 *
 * Invariants, held by the parser:
 *  1. An id is unique in the whole graph; `dependsOn` and `chosenBy` name tasks of the same list; there is no cycle.
 *  2. In the list of a `sequential` each task's `dependsOn` holds the one before it.
 *  3. An expression names only tasks that are done before it is evaluated (`lib/graph/scope.ts`).
 */
import type { RetryPolicy } from '../kernel/operations.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonSchema = boolean | { [key: string]: Json };

/** Where something stands: a path like `tasks[2].dependsOn[0]`, and line and column of the file, both from 1. */
export interface Place {
  path: string;
  line: number;
  column: number;
}

/** JSONata: `source` is what stands between `{%` and `%}`; the place is that of the string that holds it. */
export interface Expression {
  source: string;
  place: Place;
}

/** A value whose leaves may be expressions. A part without any is one `literal`. */
export type Template =
  | { kind: 'literal'; value: Json }
  | { kind: 'expression'; expression: Expression }
  | { kind: 'list'; items: Template[] }
  | { kind: 'object'; fields: { name: string; value: Template }[] };

export interface Graph {
  name: string;
  version: number;
  description: string | undefined;
  category: string | undefined;
  tags: string[];
  inputSchema: JsonSchema | undefined;
  outputSchema: JsonSchema | undefined;
  /** From creation to deadline, in ms. Undefined: as for workflows in code. */
  timeoutMs: number | undefined;
  /** How long a settled run is kept, in ms. Undefined: as for workflows in code. */
  retentionMs: number | undefined;
  durability: 'each' | 'relaxed' | 'none';
  /** How many `executor` and `sub_workflow` tasks of one run are under way at once. */
  concurrency: number;
  /** Undefined: what `body.last` gives. */
  output: Template | undefined;
  body: Body;
}

/** Tasks that are scheduled together: those of the graph, of a container, of one round of a `map`. */
export interface Body {
  /** In the order of the file. */
  tasks: GraphTask[];
  /**
   * The tasks that no other waits for, leaving out those that run only after an error. If it is exactly one, its output is
   * the output of the body; if several, an object of the outputs of the completed ones by id.
   */
  last: string[];
}

/**
 * When a task runs, seen from what it depends on, once all of that is done:
 * `all_succeeded`: all completed. `none_failed`: none failed, caught or not, and none was left out after a failure; some may
 * have been skipped. `any_succeeded`: at least one completed. `all_done`: always.
 */
export type JoinRule = 'all_succeeded' | 'none_failed' | 'any_succeeded' | 'all_done';

interface TaskBase {
  id: string;
  place: Place;
  description: string | undefined;
  /** Ids of the same body, without those of `chosenBy`. */
  dependsOn: string[];
  /**
   * The tasks of the same body that may choose this one: conditions by a case, others by `catch`. If there are any, the
   * task runs only if at least one of them chose it; else it is skipped. They are waited for like `dependsOn`, and take no
   * part in `join`.
   */
  chosenBy: string[];
  join: JoinRule;
  /** Evaluated when the join rule holds; false: the task is skipped. */
  when: Expression | undefined;
  /** Of ready tasks the one with the greatest priority starts first; equals start in the order of the file. */
  priority: number;
}

/** What can fail and be caught. */
interface Catching {
  /** In the order in which they are asked; `error` is the name of an error, or `*` for any. The failure then fails nobody. */
  catch: { error: string; then: string }[];
}

interface WithOutput {
  /** What the task gives instead of its result, which is `$result` here. */
  output: Template | undefined;
}

export interface GraphRetry extends Omit<RetryPolicy, 'retryIf'> {
  /** Names of the only errors that are worth another attempt. Undefined: all. */
  errors: string[] | undefined;
  /** Names of errors that are not. */
  except: string[];
}

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Who does the work. */
export type ExecutorTarget =
  | { kind: 'handler'; handler: string }
  /** The task's input is the body, as JSON; its result `{ status, headers, body }`. */
  | {
      kind: 'http';
      url: Template;
      method: HttpMethod;
      headers: { name: string; value: Template }[];
      query: { name: string; value: Template }[];
      /** The longest body of a response, in bytes. */
      maxResponseBytes: number;
    }
  /** A function's name or ARN; the task's input is its event. */
  | { kind: 'lambda'; function: string }
  /** A queue's name, ARN or URL; the task's input is in the message, with a callback token that the consumer answers. */
  | { kind: 'queue'; queue: string };

export interface Compensation {
  place: Place;
  target: Exclude<ExecutorTarget, { kind: 'queue' }>;
  /** May use `$result`, the task's output. Undefined: the task's output. */
  input: Template | undefined;
  retry: GraphRetry;
  /** Of one attempt, in ms. */
  timeoutMs: number | undefined;
}

export interface ExecutorTask extends TaskBase, Catching, WithOutput {
  type: 'executor';
  target: ExecutorTarget;
  /** Undefined: nothing (null). */
  input: Template | undefined;
  retry: GraphRetry;
  /** Of one attempt, in ms; with a queue: until the answer. */
  timeoutMs: number | undefined;
  /** An attempt of a handler that gives no heartbeat for so long has failed, in ms. */
  heartbeatTimeoutMs: number | undefined;
  atMostOnce: boolean;
  compensate: Compensation | undefined;
}

/** Chooses the tasks of the first case that holds; its output is the list of their ids. */
export interface ConditionTask extends TaskBase, Catching {
  type: 'condition';
  cases: { when: Expression; then: string[] }[];
  /** What is chosen if no case holds. */
  otherwise: string[];
}

export interface ParallelTask extends TaskBase, Catching, WithOutput {
  type: 'parallel';
  body: Body;
  /** How many of its tasks are under way at once. Undefined: the graph's. */
  concurrency: number | undefined;
  /** Of the whole, in ms. */
  timeoutMs: number | undefined;
}

export interface SequentialTask extends TaskBase, Catching, WithOutput {
  type: 'sequential';
  body: Body;
  /** Of the whole, in ms. */
  timeoutMs: number | undefined;
}

/** Its result is the list of the rounds' outputs; with `tolerate` a list of `{ status, output }` or `{ status, error }`. */
export interface MapTask extends TaskBase, Catching, WithOutput {
  type: 'map';
  items: Template;
  /** Rounds at once. */
  concurrency: number;
  /** How many rounds may fail. Undefined: none, and outputs are plain. */
  tolerate: number | undefined;
  /** A round takes so many items, as a list in `$item`. Undefined: one, as itself. */
  batch: number | undefined;
  /** Run once for each item (or batch), with `$item` and `$index`. */
  body: Body;
  /** Of the whole, in ms. */
  timeoutMs: number | undefined;
}

export interface SubWorkflowTask extends TaskBase, Catching, WithOutput {
  type: 'sub_workflow';
  workflow: string;
  /** Undefined: the active one. */
  workflowVersion: number | undefined;
  input: Template | undefined;
  timeoutMs: number | undefined;
  compensate: Compensation | undefined;
}

export interface WaitTask extends TaskBase, Catching {
  type: 'wait';
  /** Milliseconds from now, or an expression that gives a duration as text or milliseconds. */
  for:
    | { kind: 'duration'; ms: number }
    | { kind: 'durationExpression'; expression: Expression }
    /** Milliseconds since the epoch, or an expression that gives them or ISO 8601. */
    | { kind: 'until'; at: number }
    | { kind: 'untilExpression'; expression: Expression };
}

/** Its result is the signal's payload. A timeout is a `TimeoutError`; `onTimeout` of the file stands in `catch`. */
export interface SignalTask extends TaskBase, Catching, WithOutput {
  type: 'signal';
  signal: Template;
  schema: JsonSchema | undefined;
  timeoutMs: number | undefined;
}

/** Gives its `output`; nothing is recorded. */
export interface TransformTask extends TaskBase, Catching {
  type: 'transform';
  output: Template;
}

/** Ends its body at once with an error: at the top that is the run. */
export interface FailTask extends TaskBase {
  type: 'fail';
  error: string;
  message: Template;
}

/** Ends its body at once with this output: at the top that is the run. */
export interface SucceedTask extends TaskBase {
  type: 'succeed';
  output: Template | undefined;
}

export type GraphTask =
  | ExecutorTask
  | ConditionTask
  | ParallelTask
  | SequentialTask
  | MapTask
  | SubWorkflowTask
  | WaitTask
  | SignalTask
  | TransformTask
  | FailTask
  | SucceedTask;
