import type { TaskKind } from '../kernel/events.ts';
import type { RunStatus } from '../kernel/head.ts';
import type { HistoryEntry, TaskStatus } from '../service/api.ts';
import { millis } from './render/time.ts';

/** A task as far as it is known from the journal and from this process. Times in milliseconds. */
export interface ProgressTask {
  key: string;
  kind: TaskKind;
  status: TaskStatus;
  attempts?: number;
  startedAt?: number;
  endedAt?: number;
  /** While waiting or retrying: when it goes on. */
  due?: number;
  /** A child's run id, or a signal's name. */
  name?: string;
  error?: string;
}

export interface RunProgress {
  status: RunStatus;
  /** In the order in which they were first seen. */
  tasks: ProgressTask[];
  blocked?: string;
  report?: unknown;
}

/** Folds what is heard of a run, while it is heard. */
export interface Progress {
  record(entry: HistoryEntry): void;
  /** A step began in this process. The journal says so only later, or never. */
  started(key: string, attempt: number, at: number): void;
  state(): RunProgress;
}

export function createProgress(): Progress {
  const tasks = new Map<string, ProgressTask>();
  let status: RunStatus = 'pending';
  let blocked: string | undefined;
  let report: unknown;

  const put = (key: string, change: Omit<ProgressTask, 'key' | 'kind'> & { kind?: TaskKind | undefined }) => {
    const before = tasks.get(key);
    const { kind = before?.kind ?? 'step', ...rest } = change;
    const startedAt = rest.startedAt ?? before?.startedAt;
    const name = rest.name ?? before?.name;
    const attempts = rest.attempts ?? before?.attempts;
    tasks.set(key, {
      ...rest,
      key,
      kind,
      ...(startedAt !== undefined && { startedAt }),
      ...(name !== undefined && { name }),
      ...(attempts !== undefined && { attempts }),
    });
  };

  const recordTask = (entry: HistoryEntry, key: string) => {
    const attempts = numberIn(entry, 'attempt');
    const startedAt = millis(entry.startedAt);
    const endedAt = millis(entry.at);
    const error = messageIn(entry.error);
    const common = {
      kind: kindIn(entry.kind),
      ...(attempts !== undefined && { attempts }),
      ...(startedAt !== undefined && { startedAt }),
      ...(error !== undefined && { error }),
    };
    if (entry.type === 'task_started') {
      const name = textIn(entry.child);
      const begun = millis(entry.at);
      if (entry.detached === true) put(key, { ...common, status: 'completed', ...(name && { name }) });
      else if (entry.kind === 'child') put(key, { ...common, status: 'waiting', ...(name && { name }), ...at(begun) });
      else put(key, { ...common, status: 'running', ...at(begun) });
    }
    if (entry.type === 'task_retried') {
      const due = millis(entry.retryAt);
      put(key, { ...common, status: 'retrying', ...(due !== undefined && { due }) });
    }
    if (entry.type === 'child_settled') {
      const { status: outcome, error: cause } = fieldsOf(entry.outcome);
      const why = messageIn(cause);
      put(key, {
        kind: 'child',
        status: endIn(outcome),
        ...(endedAt !== undefined && { endedAt }),
        ...(why && { error: why }),
      });
    }
    const ended = { ...common, ...(endedAt !== undefined && { endedAt }) };
    if (entry.type === 'task_completed') put(key, { ...ended, status: 'completed' });
    if (entry.type === 'task_failed') put(key, { ...ended, status: isCancelled(entry.error) ? 'cancelled' : 'failed' });
  };

  /** Waits that ended without an event of their own. */
  const end = (entry: HistoryEntry, status: TaskStatus, which: (task: ProgressTask) => boolean) => {
    const endedAt = millis(entry.at);
    for (const { due: _due, ...task } of [...tasks.values()].filter((each) => isOpenTask(each) && which(each))) {
      tasks.set(task.key, { ...task, status, ...(endedAt !== undefined && { endedAt }) });
    }
  };

  const recordAwaiting = (entry: HistoryEntry) => {
    const awaiting = awaitingIn(entry);
    const keys = new Set(awaiting.map(({ key }) => key));
    // A long list is stored in part.
    if (keys.size < 100) end(entry, 'cancelled', (task) => task.status === 'waiting' && !keys.has(task.key));
    for (const awaited of awaiting) {
      const before = tasks.get(awaited.key);
      const retrying = before?.status === 'retrying' || (awaited.kind === 'step' && awaited.due !== undefined);
      put(awaited.key, {
        kind: awaited.kind,
        status: retrying ? 'retrying' : 'waiting',
        ...(before?.error !== undefined && { error: before.error }),
        ...(before === undefined && at(millis(entry.at))),
        ...(awaited.due !== undefined && { due: awaited.due }),
        ...(awaited.name !== undefined && { name: awaited.name }),
      });
    }
  };

  const takeSignal = (entry: HistoryEntry) => {
    const taken = [...tasks.values()].find(
      (task) => task.kind === 'signal' && isOpenTask(task) && task.name === entry.name,
    );
    if (taken) end(entry, 'completed', (task) => task === taken);
  };

  return {
    record(entry) {
      if (typeof entry.key === 'string') recordTask(entry, entry.key);
      if (entry.type === 'run_suspended') recordAwaiting(entry);
      if (entry.type === 'run_signalled') takeSignal(entry);
      if (hasEnded(statusAfter(entry, status))) end(entry, 'cancelled', () => true);
      if (entry.type === 'run_reported') report = entry.details;
      status = statusAfter(entry, status);
      blocked = entry.type === 'run_blocked' ? textIn(entry.message) : undefined;
    },
    started(key, attempt, startedAt) {
      const before = tasks.get(key);
      if (before !== undefined && !isOpenTask(before)) return;
      put(key, { status: 'running', attempts: attempt, startedAt });
      if (status !== 'paused') status = 'running';
    },
    state: () => ({
      status,
      tasks: [...tasks.values()],
      ...(blocked !== undefined && { blocked }),
      ...(report !== undefined && { report }),
    }),
  };
}

function statusAfter(entry: HistoryEntry, before: RunStatus): RunStatus {
  switch (entry.type) {
    case 'run_suspended':
      return entry.paused === true ? 'paused' : 'waiting';
    case 'run_paused':
      return 'paused';
    case 'run_blocked':
      return 'blocked';
    case 'run_completed':
      return 'completed';
    case 'run_failed':
      return 'failed';
    case 'run_cancelled':
      return 'cancelled';
    default:
      return before === 'paused' && entry.type !== 'run_resumed' ? 'paused' : 'running';
  }
}

export interface AwaitedTask {
  key: string;
  kind: TaskKind;
  due?: number;
  name?: string;
}

/** What a `run_suspended` entry waits for. */
export function awaitingIn(entry: HistoryEntry): AwaitedTask[] {
  const list: unknown[] = Array.isArray(entry.awaiting) ? entry.awaiting : [];
  return list.flatMap((item) => {
    const fields = fieldsOf(item);
    const key = textIn(fields.key);
    if (key === undefined) return [];
    const due = millis(fields.due);
    const name = textIn(fields.name);
    const kind = kindIn(fields.kind) ?? 'step';
    return [{ key, kind, ...(due !== undefined && { due }), ...(name !== undefined && { name }) }];
  });
}

export function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function messageIn(error: unknown): string | undefined {
  return textIn(fieldsOf(error).message);
}

/** Any object's fields; none of what is no object. */
export function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

export function isOpenTask(task: { status: TaskStatus }): boolean {
  return task.status === 'running' || task.status === 'retrying' || task.status === 'waiting';
}

function hasEnded(status: RunStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

function endIn(value: unknown): TaskStatus {
  return value === 'completed' || value === 'cancelled' ? value : 'failed';
}

function at(startedAt: number | undefined): { startedAt?: number } {
  return startedAt === undefined ? {} : { startedAt };
}

function numberIn(entry: HistoryEntry, field: string): number | undefined {
  const value = entry[field];
  return typeof value === 'number' ? value : undefined;
}

function kindIn(value: unknown): TaskKind | undefined {
  return value === 'step' || value === 'timer' || value === 'signal' || value === 'child' ? value : undefined;
}

function isCancelled(error: unknown): boolean {
  const { name, code } = fieldsOf(error);
  return code === 'cancelled' || name === 'CancelledError' || name === 'RunCancelled';
}
