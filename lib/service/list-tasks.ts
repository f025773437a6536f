import type { JournalEvent, TaskKind } from '../kernel/events.ts';
import { foldJournal, type Journal } from '../kernel/journal.ts';
import type { Ports } from '../kernel/ports.ts';
import type { TaskView } from './api.ts';
import { runNotFound } from './checks.ts';
import { iso, showError, showPayload } from './history.ts';

/** The run's tasks as its journal shows them, in the order in which they became visible. A short step shows once it ended. */
export async function listTasks(ports: Ports, id: string): Promise<TaskView[]> {
  const record = await ports.store.read(id);
  if (!record || record.head.state.status === 'deleting') throw runNotFound(id);
  const journal = foldJournal(record.head.birth, record.chunks);
  const tasks = new Map<string, TaskView>();
  for (const event of journal.events) await applyEvent(ports, tasks, event);
  finish(tasks, journal);
  return [...tasks.values()];
}

async function applyEvent(ports: Ports, tasks: Map<string, TaskView>, event: JournalEvent): Promise<void> {
  switch (event.type) {
    case 'task_started': {
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
    case 'run_suspended':
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

/** A wait that is not among the latest `awaiting` has been taken or given up; a settled run has nothing open. */
function finish(tasks: Map<string, TaskView>, journal: Journal): void {
  const { current } = journal;
  const awaited = current.phase === 'suspended' ? new Set(current.awaiting.map(({ key }) => key)) : undefined;
  for (const task of tasks.values()) {
    if (task.endedAt !== undefined) continue;
    const isOver = current.phase === 'settled' || (awaited && awaited.size < 100 && !awaited.has(task.key));
    if (!isOver) continue;
    task.status = task.kind === 'signal' && wasTaken(journal, task) ? 'completed' : 'cancelled';
    delete task.due;
  }
}

function wasTaken(journal: Journal, task: TaskView): boolean {
  return journal.events.some((event) => event.type === 'run_signalled' && event.name === task.name);
}
