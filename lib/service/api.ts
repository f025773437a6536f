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
  watchRun(id: string, options?: WatchOptions): AsyncIterable<HistoryEntry>;
  /** Accepts a signal, once per `key`. Faults `not_found`, `settled`. */
  signalRun(id: string, name: string, request?: SignalRequest): Promise<Accepted>;
  pauseRun(id: string, request?: CommandRequest): Promise<Accepted>;
  resumeRun(id: string, request?: CommandRequest): Promise<Accepted>;
  cancelRun(id: string, request?: CommandRequest & { reason?: string }): Promise<Accepted>;
  /** Answers a `ctx.callback()`. The token is the credential; only the first answer counts. */
  answerCallback(token: string, answer: CallbackAnswer): Promise<Accepted>;
  /** Removes a settled run with all its items. Faults `not_found`, `conflict` (still open). */
  deleteRun(id: string): Promise<void>;
  /** Those that are code, and those that are registered, by name. */
  listWorkflows(): Promise<WorkflowView[]>;
  /** Fault `not_found`. */
  getWorkflow(name: string): Promise<WorkflowDetail>;
  /** Fault `not_found`. */
  getWorkflowVersion(name: string, version: number): Promise<WorkflowVersionView>;
  /**
   * Checks a definition and keeps it as the next version of its workflow; the same content is the same version again. The
   * first version becomes active. Faults `invalid_input` (all problems, each with line and column), `conflict` (its own
   * version is another, or its name is that of a workflow in code).
   */
  registerWorkflow(request: RegisterWorkflowRequest): Promise<RegisteredWorkflow>;
  /** Has new runs get these versions. Faults `not_found`, `invalid_input`. */
  activateWorkflow(name: string, request: ActivateWorkflowRequest): Promise<WorkflowView>;
  /** Has new runs get what they got before the last change. Faults `not_found`, `conflict`. */
  rollbackWorkflow(name: string, request?: RollbackWorkflowRequest): Promise<WorkflowView>;
  /** New runs are refused; open ones go on. Fault `not_found`. */
  deactivateWorkflow(name: string, request?: CommandRequest): Promise<WorkflowView>;
  /** What was changed, when and by whom, the latest first. Fault `not_found`. */
  getWorkflowHistory(name: string, query?: WorkflowHistoryQuery): Promise<WorkflowHistoryPage>;
  /** What differs between two versions: the latest and the one before it, unless others are named. Fault `not_found`. */
  diffWorkflow(name: string, query?: DiffWorkflowQuery): Promise<WorkflowDiff>;
  health(): Promise<HealthView>;
  /** Sends the messages that ran out of receives once more; about how many, where the queue cannot tell exactly. */
  redriveDeadLetters(): Promise<Redriven>;
}

export interface WatchOptions {
  after?: number;
  /** `end`: no entries. That costs whoever watches, and is watched, nothing until the run has settled. */
  only?: 'end' | undefined;
  signal?: AbortSignal;
}

export interface StartRunRequest {
  workflow: string;
  /** Unless given, the latest of a workflow in code, an active one of a registered workflow. */
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
  /** Ids of runs that were passed over since what is stored of them is damaged, or of a newer version. */
  unreadable?: string[];
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

/** `code`: deployed, changed by a deployment. `graph`: registered as data, changed without one. */
export type WorkflowKind = 'code' | 'graph';

/** A version that new runs get, and how many of 100 of them: a run's id decides. */
export interface ActiveVersion {
  version: number;
  weight: number;
}

export interface WorkflowView {
  name: string;
  kind: WorkflowKind;
  /** The one that most new runs get; where none is active, the latest. */
  version: number;
  latest: number;
  /** Empty: the workflow is deactivated, and takes no new runs. */
  active: ActiveVersion[];
  description?: string;
  /** When and by whom the latest version was registered. */
  registeredAt?: string;
  registeredBy?: string;
  /** JSON Schemas, where the workflow declares schemas that can say theirs. */
  input?: unknown;
  output?: unknown;
}

export interface WorkflowDetail extends WorkflowView {
  /** The latest first, at most 100. */
  versions: WorkflowVersionSummary[];
}

export interface WorkflowVersionSummary {
  version: number;
  registeredAt?: string;
  registeredBy?: string;
}

export interface WorkflowVersionView extends WorkflowVersionSummary {
  name: string;
  kind: WorkflowKind;
  description?: string;
  input?: unknown;
  output?: unknown;
  /** As it was registered. Absent: it is code. */
  source?: WorkflowText;
  /** What the source says, as plain data. */
  definition?: unknown;
}

export interface WorkflowText {
  text: string;
  format: 'yaml' | 'json';
}

export interface RegisterWorkflowRequest {
  source: string;
  /** Default `yaml`. */
  format?: 'yaml' | 'json';
  /** Has all new runs get it, also where it was registered before. */
  activate?: boolean;
  /** Only checks, and says which version it would be. */
  dryRun?: boolean;
  /** Who registers it, for the record. */
  by?: string;
}

export interface RegisteredWorkflow {
  name: string;
  version: number;
  /** False: it was that version before, or nothing was to be kept. */
  created: boolean;
  /** What new runs get now. */
  active: ActiveVersion[];
}

export interface ActivateWorkflowRequest {
  /** Their weights sum up to 100; a single version needs none. */
  versions: { version: number; weight?: number | undefined }[];
  by?: string;
}

export interface RollbackWorkflowRequest {
  by?: string;
  /** Idempotency key: sent again, nothing more is rolled back. */
  key?: string;
}

export interface WorkflowHistoryQuery {
  /** 1 to 200, default 50. */
  limit?: number;
  /** Only what was changed before the change of this number. */
  before?: number;
}

export interface WorkflowHistoryPage {
  items: WorkflowChange[];
  /** Pass it as `before` to go on; absent at the first change. */
  next?: number;
}

export interface WorkflowChange {
  /** Counts from 1 over all changes of the workflow. */
  number: number;
  at: string;
  type: 'registered' | 'activated' | 'rolled_back' | 'deactivated';
  /** The one that was registered. */
  version?: number;
  /** What new runs got from then on. */
  active: ActiveVersion[];
  by?: string;
}

export interface DiffWorkflowQuery {
  from?: number;
  to?: number;
}

export interface WorkflowDiff {
  name: string;
  from: number;
  to: number;
  /** Ids of tasks. */
  tasks: { added: string[]; removed: string[]; changed: string[] };
  /** Of the texts, or of both as JSON where one is JSON and the other YAML. */
  hunks: DiffHunk[];
}

export interface DiffHunk {
  /** Its first line in either text, from 1. */
  from: number;
  to: number;
  /** Each with ` `, `-` or `+` before it. */
  lines: string[];
}

export interface HealthView {
  status: 'healthy' | 'warning' | 'critical' | 'unhealthy';
  checks: { name: string; status: 'healthy' | 'warning' | 'critical' | 'unhealthy'; message: string }[];
  /** Live workers on this data directory, this process included. */
  workers: number;
  version: string;
}
