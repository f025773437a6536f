import type { TaskView } from '../../service/api.ts';
import { isOpenTask, type ProgressTask, type RunProgress } from '../progress.ts';
import { humanDuration, liveDuration } from './duration.ts';
import { glyphOf, paintOf } from './status.ts';
import { type Canvas, type Cell, type Column, table } from './table.ts';
import { clean, cut } from './text.ts';
import { localTime, millis } from './time.ts';

/** A run's tasks while they happen: state, attempts, time. At most `rows` lines; what ended gives way first. */
export function progressTable(run: RunProgress, now: number, canvas: Canvas & { rows: number }): string[] {
  const { shown, hidden } = mostTelling(run.tasks, canvas.rows);
  const lines = table(
    columns(['', '', '', '', '']),
    shown.map((task) => cellsOf(task, now, canvas)),
    canvas,
  );
  if (hidden > 0) lines.unshift(canvas.colors.dim(`… and ${hidden} more tasks`));
  if (run.report !== undefined) {
    lines.push(canvas.colors.dim(cut(clean(`reports ${JSON.stringify(run.report)}`), canvas.width - 1)));
  }
  if (run.blocked !== undefined) lines.push(canvas.colors.red(clean(`! blocked: ${run.blocked}`)));
  return lines;
}

/** The tasks of one run, as a table with titles. */
export function taskTable(tasks: TaskView[], now: number, canvas: Canvas): string[] {
  return table(
    columns(['', 'TASK', 'STATE', 'ATTEMPTS', 'TIME']),
    tasks.map((task) => cellsOf(progressTask(task), now, canvas)),
    canvas,
  );
}

export function progressTask(task: TaskView): ProgressTask {
  const startedAt = millis(task.startedAt);
  const endedAt = millis(task.endedAt);
  const due = millis(task.due);
  return {
    key: task.key,
    kind: task.kind,
    status: task.status,
    ...(task.attempts !== undefined && { attempts: task.attempts }),
    ...(startedAt !== undefined && { startedAt }),
    ...(endedAt !== undefined && { endedAt }),
    ...(due !== undefined && { due }),
    ...(task.name !== undefined && { name: task.name }),
    ...(task.error !== undefined && { error: task.error.message }),
  };
}

function columns([glyph = '', key = '', state = '', attempts = '', time = '']: string[]): Column[] {
  return [
    { title: glyph },
    { title: key, shrinkTo: 12 },
    { title: state, shrinkTo: 10 },
    { title: attempts, align: 'right' },
    { title: time, align: 'right' },
  ];
}

function cellsOf(task: ProgressTask, now: number, canvas: Canvas): Cell[] {
  const paint = paintOf(task.status, canvas.colors);
  return [
    { text: glyphOf(task.status), paint },
    { text: task.key },
    { text: stateOf(task, now), paint },
    { text: task.kind === 'step' && task.attempts !== undefined ? String(task.attempts) : '' },
    { text: timeOf(task, now), paint: canvas.colors.dim },
  ];
}

/** The state, and what one would ask next about it. */
function stateOf(task: ProgressTask, now: number): string {
  const error = task.error === undefined ? '' : `: ${task.error}`;
  if (task.status === 'retrying') return `retrying ${inTime(task.due, now)}`.trim() + error;
  if (task.status === 'failed') return `failed${error}`;
  if (task.status !== 'waiting') return task.kind === 'step' ? task.status : `${task.status} (${task.kind})`;
  if (task.kind === 'signal') return `waiting for the signal ${task.name ?? task.key}${until(task.due)}`;
  if (task.kind === 'child') return `waiting for the run ${task.name ?? ''}`.trim();
  return `waiting ${inTime(task.due, now)}`.trim();
}

function inTime(due: number | undefined, now: number): string {
  if (due === undefined) return '';
  return due > now ? `in ${liveDuration(due - now)}` : 'now';
}

function until(due: number | undefined): string {
  return due === undefined ? '' : ` until ${localTime(due)}`;
}

function timeOf(task: ProgressTask, now: number): string {
  if (task.startedAt === undefined) return '';
  if (task.endedAt !== undefined) return humanDuration(task.endedAt - task.startedAt);
  return isOpenTask(task) ? liveDuration(now - task.startedAt) : '';
}

function mostTelling(tasks: ProgressTask[], rows: number): { shown: ProgressTask[]; hidden: number } {
  if (tasks.length <= rows) return { shown: tasks, hidden: 0 };
  const room = Math.max(1, rows - 1);
  const open = tasks.filter(isOpenTask);
  const ended = tasks.filter((task) => !isOpenTask(task));
  const kept = new Set([...open.slice(0, room), ...lastOf(ended, room - open.length)]);
  return { shown: tasks.filter((task) => kept.has(task)), hidden: tasks.length - kept.size };
}

function lastOf<T>(items: T[], count: number): T[] {
  return count <= 0 ? [] : items.slice(-count);
}
