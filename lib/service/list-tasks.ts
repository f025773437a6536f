import type { Awaiting, JournalEvent, TaskKind } from '../kernel/events.ts';
import { foldJournal, type Journal } from '../kernel/journal.ts';
import type { Ports } from '../kernel/ports.ts';
import { maxAwaiting } from '../kernel/suspension.ts';
import type { TaskView } from './api.ts';
import { requireRun } from './checks.ts';
import { iso, showError, showPayload } from './history.ts';

/** The run's tasks as its journal shows them, in the order in which they became visible. A short step shows once it ended. */
export async function listTasks(ports: Ports, id: string): Promise<TaskView[]> {
  const record = await requireRun(ports, id);
  const journal = foldJournal(record.head.birth, record.chunks);
  const tasks = new Map<string, TaskView>();
  for (const event of journal.events) await applyEvent(ports, tasks, event);
  finish(tasks, journal);
  return [...tasks.values()];
}

async function applyEvent(ports: Ports, tasks: Map<string, TaskView>, event: JournalEvent): Promise<void> {
  switch (event.type) {
    case 'task_started': {
      if (tasks.get(event.key)?.endedAt !== undefined) return;
      const task = taskOf(tasks, event.key, event.kind);
      task.status = 'running';
      task.startedAt ??= iso(event.at);
      if (event.kind === 'step') task.attempts = event.attempt;
      if (event.child !== undefined) task.name = event.child;
      return;
    }
    case 'task_retried': {
      const task = taskOf(tasks, event.key, 'step');
      task.status = 'retrying';
      task.startedAt ??= iso(event.startedAt);
      task.attempts = event.attempt;
      task.due = iso(event.retryAt);
      task.error = showError(event.error);
      return;
    }
    case 'task_completed':
    case 'task_failed': {
      const task = taskOf(tasks, event.key, event.kind);
      end(task, event.type === 'task_completed' ? 'completed' : 'failed', event.at);
      if (event.startedAt !== undefined) task.startedAt ??= iso(event.startedAt);
      if (event.attempt !== undefined) task.attempts = event.attempt;
      if (event.type === 'task_failed') task.error = showError(event.error);
      else if (event.result !== undefined) task.result = await showPayload(ports, event.result);
      return;
    }
    case 'child_settled': {
      const task = taskOf(tasks, event.key, 'child');
      end(task, event.outcome.status, event.at);
      if (event.outcome.status !== 'completed') task.error = showError(event.outcome.error);
      else if (event.outcome.output !== undefined) task.result = await showPayload(ports, event.outcome.output);
      return;
    }
    case 'run_signalled': {
      const taken = openSignal(tasks, event.name);
      if (!taken) return;
      end(taken, 'completed', event.at);
      if (event.payload !== undefined) taken.result = await showPayload(ports, event.payload);
      return;
    }
    case 'run_suspended':
      giveUp(tasks, event.awaiting, event.at);
      for (const awaited of event.awaiting) {
        const task = taskOf(tasks, awaited.key, awaited.kind);
        task.startedAt ??= iso(event.at);
        if (awaited.due !== undefined) task.due = iso(awaited.due);
        if (awaited.name !== undefined) task.name = awaited.name;
      }
      return;
    default:
      return;
  }
}

function taskOf(tasks: Map<string, TaskView>, key: string, kind: TaskKind): TaskView {
  const found = tasks.get(key);
  if (found) return found;
  const task: TaskView = { key, kind, status: 'waiting' };
  tasks.set(key, task);
  return task;
}

function end(task: TaskView, status: 'completed' | 'failed' | 'cancelled', at: number): void {
  task.status = status;
  task.endedAt = iso(at);
  delete task.due;
  if (status === 'completed') delete task.error;
}

/** A wait that is no longer among what the run awaits was given up; when exactly, no event says. */
function giveUp(tasks: Map<string, TaskView>, awaiting: Awaiting[], at: number): void {
  if (awaiting.length >= maxAwaiting) return;
  const awaited = new Set(awaiting.map(({ key }) => key));
  for (const task of tasks.values()) {
    const isWait = task.kind === 'signal' || task.kind === 'timer';
    if (isWait && task.endedAt === undefined && !awaited.has(task.key)) end(task, 'cancelled', at);
  }
}

/** A settled run has nothing open. */
function finish(tasks: Map<string, TaskView>, { current }: Journal): void {
  if (current.phase !== 'settled') return;
  for (const task of tasks.values()) if (task.endedAt === undefined) end(task, 'cancelled', current.end.at);
}

/** The wait that a signal of this name goes to: the earliest that has none yet. */
function openSignal(tasks: Map<string, TaskView>, name: string): TaskView | undefined {
  for (const task of tasks.values()) {
    if (task.kind === 'signal' && task.name === name && task.endedAt === undefined) return task;
  }
  return undefined;
}
