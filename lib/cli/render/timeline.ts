import { isOpenTask, type ProgressTask } from '../progress.ts';
import { humanDuration } from './duration.ts';
import { paintOf } from './status.ts';
import type { Canvas } from './table.ts';
import { clean, cut, padEnd, padStart, widthOf } from './text.ts';

/** When each task ran: a bar per task over the time from `from` to `to`. Waits are drawn thin. */
export function timeline(tasks: ProgressTask[], from: number, to: number, canvas: Canvas): string[] {
  const width = Math.min(canvas.width, 120);
  const begun = tasks.filter((task) => task.startedAt !== undefined);
  if (begun.length === 0) return [];
  const names = begun.map((task) => cut(clean(task.key), Math.max(8, Math.floor(width / 3))));
  const times = begun.map((task) => {
    const endedAt = endOf(task, to);
    return endedAt === undefined ? '' : humanDuration(endedAt - (task.startedAt ?? from));
  });
  const nameWidth = Math.max(...names.map(widthOf));
  const timeWidth = Math.max(...times.map(widthOf));
  const room = Math.max(8, width - nameWidth - timeWidth - 4);
  const lines = begun.map((task, index) => {
    const bar = barOf(task, from, to, room);
    const painted = padEnd('', bar.offset) + paintOf(task.status, canvas.colors)(bar.text);
    const space = ' '.repeat(room - bar.offset - bar.text.length);
    return `${padEnd(names[index] ?? '', nameWidth)}  ${painted}${space}  ${padStart(times[index] ?? '', timeWidth)}`.trimEnd();
  });
  return [...lines, scale(nameWidth, room, to - from, canvas)];
}

function barOf(task: ProgressTask, from: number, to: number, room: number): { offset: number; text: string } {
  const span = Math.max(1, to - from);
  const column = (time: number) => Math.min(room, Math.max(0, Math.round(((time - from) / span) * room)));
  const start = Math.min(room - 1, column(task.startedAt ?? from));
  const length = Math.max(1, column(endOf(task, to) ?? from) - start);
  const open = isOpenTask(task);
  const ink = task.kind === 'step' && task.status !== 'retrying' ? '━' : '╌';
  return { offset: start, text: ink.repeat(length - 1) + (open ? '▸' : ink) };
}

/** A wait that was taken or given up may have no end of its own; then only its beginning is drawn. */
function endOf(task: ProgressTask, to: number): number | undefined {
  return task.endedAt ?? (isOpenTask(task) ? to : undefined);
}

function scale(nameWidth: number, room: number, spanMs: number, canvas: Canvas): string {
  const end = humanDuration(spanMs);
  return canvas.colors.dim(`${' '.repeat(nameWidth)}  0${padStart(end, room - 1)}`);
}
