import type { TaskKind } from '../kernel/events.ts';
import type { RunStatus } from '../kernel/head.ts';

/**
 * What can be asked of Pawl, by whatever way: in process, over HTTP, from the command line. Times are ISO 8601 strings,
 * values are plain JSON, every failure is a `Fault`.
 */
export interface PawlApi {
  /** Accepts a run: it is durable when this resolves. The same workflow, key and input answer with the same run. */
  startRun(request: StartRunRequest): Promise<{ run: RunView; created: boolean }>;
  /** Folds the run's journal, so it is exact. Fault `not_found`. */
  getRun(id: string): Promise<RunView>;
  /** Reads heads, newest first: a status may lag behind by a turn. */
  listRuns(query?: ListRunsQuery): Promise<RunPage>;
  listTasks(id: string): Promise<TaskView[]>;
  /** The journal, event by event, in its order. `after`: the sequence number last seen. */
  getHistory(id: string, query?: HistoryQuery): Promise<HistoryPage>;
  /** All of the run that a replay needs, in one piece. Fault `not_found`. */
  exportRun(id: string): Promise<ExportedRun>;
  /** The journal as it grows: first what is there after `after`, then each event as it is recorded; ends when the run settles. */
  watchRun(id: string, options?: { after?: number; signal?: AbortSignal }): AsyncIterable<HistoryEntry>;
  /** Accepts a signal, once per `key`. Faults `not_found`, `settled`. */
  signalRun(id: string, name: string, request?: SignalRequest): Promise<Accepted>;
  pauseRun(id: string, request?: CommandRequest): Promise<Accepted>;
  resumeRun(id: string, request?: CommandRequest): Promise<Accepted>;
  cancelRun(id: string, request?: CommandRequest & { reason?: string }): Promise<Accepted>;
  /** Answers a `ctx.callback()`. The token is the credential; only the first answer counts. */
  answerCallback(token: string, answer: CallbackAnswer): Promise<Accepted>;
  /** Removes a settled run with all its items. Faults `not_found`, `conflict` (still open). */
  deleteRun(id: string): Promise<void>;
  listWorkflows(): Promise<WorkflowView[]>;
  health(): Promise<HealthView>;
  /** Sends the messages that ran out of receives once more; about how many, where the queue cannot tell exactly. */
  redriveDeadLetters(): Promise<Redriven>;
}

export interface StartRunRequest {
  workflow: string;
  /** The latest version unless given. */
  version?: number;
  input?: unknown;
  /** Idempotency key: 1 to 256 characters. */
  key?: string;
  correlationId?: string;
  /** Who starts it, for the record. */
  origin?: string;
}

export interface SignalRequest {
  payload?: unknown;
  /** Idempotency key of the signal. */
  key?: string;
  by?: string;
}

export interface CommandRequest {
  by?: string;
}

export type CallbackAnswer = { result?: unknown } | { error: { name?: string; message: string } };

export interface Redriven {
  redriven: number;
}

/** The request is durable. What it leads to is in the journal. */
export interface Accepted {
  accepted: true;
  /** The event's id, the same for a repetition. */
  eventId: string;
}

export interface ErrorView {
  name: string;
  message: string;
  code?: string;
  stack?: string;
  details?: unknown;
  cause?: ErrorView;
}

/** A run, with the fields that exist in its state. */
export interface RunView {
  id: string;
  workflow: string;
  version: number;
  status: RunStatus;
  createdAt: string;
  updatedAt: string;
  deadline: string;
  input?: unknown;
  /** Once completed. */
  output?: unknown;
  /** Once failed or cancelled. */
  error?: ErrorView;
  closedAt?: string;
  /** While waiting: when it goes on by itself at the latest. */
  wakeAt?: string;
  /** While waiting. */
  awaiting?: { key: string; kind: TaskKind; due?: string; name?: string }[];
  /** While blocked: why, and what to look for. */
  blocked?: { code: string; message: string; retryAt: string };
  /** The latest `ctx.report()`. */
  report?: unknown;
  correlationId?: string;
  key?: string;
  origin?: string;
  parent?: { id: string; task: string };
  /** The run that goes on where this one ended. */
  continuedAs?: string;
  /** Steps that were not awaited and had not ended. */
  unawaited?: string[];
  cancelRequested?: boolean;
  /** What is stored for the run and not in its journal yet, the oldest first: at most 50. A child's `name` is its task's key. */
  unread?: { type: string; name?: string; at: string }[];
  /** Number of events in the journal. */
  events: number;
}

/** A run as lists show it, from its head alone. */
export interface RunSummary {
  id: string;
  workflow: string;
  version: number;
  status: RunStatus;
  createdAt: string;
  closedAt?: string;
  wakeAt?: string;
  correlationId?: string;
  key?: string;
}

export interface ListRunsQuery {
  status?: RunStatus;
  workflow?: string;
  correlationId?: string;
  /** ISO 8601, inclusive. */
  createdFrom?: string;
  /** ISO 8601, exclusive. */
  createdBefore?: string;
  /** 1 to 200, default 50. */
  limit?: number;
  cursor?: string;
}

export interface RunPage {
  items: RunSummary[];
  cursor?: string;
}

export type TaskStatus = 'running' | 'retrying' | 'waiting' | 'completed' | 'failed' | 'cancelled';

export interface TaskView {
  key: string;
  kind: TaskKind;
  status: TaskStatus;
  /** Attempts so far, of a step. */
  attempts?: number;
  startedAt?: string;
  endedAt?: string;
  /** While waiting or retrying: when it goes on. */
  due?: string;
  result?: unknown;
  error?: ErrorView;
  /** A child's run id, or a signal's name. */
  name?: string;
}

/** One event of the journal, as shown. `seq` counts from 1 over the whole journal. */
export interface HistoryEntry {
  seq: number;
  /** The append that wrote it. */
  position: number;
  at: string;
  type: string;
  /** Everything else of the event: `key`, `attempt`, `error`, `result`, `wakeAt`, … */
  [field: string]: unknown;
}

export interface HistoryQuery {
  after?: number;
  /** 1 to 1000, default 200. */
  limit?: number;
}

export interface HistoryPage {
  items: HistoryEntry[];
  /** Pass it as `after` to go on; absent at the end of the journal as it is now. */
  next?: number;
}

/**
 * A run as a file: all that its program was ever told, so that it can be replayed elsewhere. Holds the run's inputs and
 * results, and no secret: callback tokens and idempotency tokens cannot be made from `seed`.
 */
export interface ExportedRun {
  /** Of this form. */
  format: 1;
  run: {
    id: string;
    workflow: string;
    version: number;
    createdAt: string;
    deadline: string;
    correlationId?: string;
    /** What `ctx.random()` and `ctx.uuid()` follow from. */
    seed: string;
  };
  input?: unknown;
  history: HistoryEntry[];
}

export interface WorkflowView {
  name: string;
  version: number;
  /** JSON Schemas, where the workflow declares schemas that can say theirs. */
  input?: unknown;
  output?: unknown;
}

export interface HealthView {
  status: 'healthy' | 'warning' | 'critical' | 'unhealthy';
  checks: { name: string; status: 'healthy' | 'warning' | 'critical' | 'unhealthy'; message: string }[];
  /** Live workers on this data directory, this process included. */
  workers: number;
  version: string;
}
