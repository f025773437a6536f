import type { HistoryEntry } from '../service/api.ts';
import type { Cli, Redraw } from './cli.ts';
import { createProgress, isOpenTask, type Progress } from './progress.ts';
import { entryLine, startLine } from './render/entry-line.ts';
import { progressTable } from './render/tasks.ts';

/** Shows a run while it goes on, on standard error. */
export interface Display {
  entry(entry: HistoryEntry): void;
  /** A step began in this process. */
  stepStarted(key: string, attempt: number, at: number): void;
  /** Something to be read once: a log line, a remark. */
  note(line: string): void;
  /** What follows belongs to another run, which goes on where this one ended. */
  nextRun(id: string): void;
  /** Leaves the last state standing. Further calls do nothing. */
  close(): void;
}

const redrawEveryMs = 100;

export async function createDisplay(cli: Cli): Promise<Display> {
  const { terminal } = cli;
  return terminal.interactive ? redrawn(cli, await terminal.redraw()) : lineByLine(cli);
}

function lineByLine({ terminal }: Cli): Display {
  return {
    entry(entry) {
      const line = entryLine(entry);
      if (line !== undefined) terminal.err(line);
    },
    stepStarted: (key, attempt, at) => terminal.err(startLine(key, attempt, at)),
    note: (line) => terminal.err(line),
    nextRun: (id) => terminal.err(`goes on as run ${id}`),
    close: () => {},
  };
}

function redrawn({ terminal, now }: Cli, redraw: Redraw): Display {
  let progress: Progress = createProgress();
  let changed = true;
  let closed = false;
  const draw = () => {
    const canvas = { width: terminal.errWidth(), colors: terminal.errColors, rows: terminal.errHeight() - 3 };
    redraw.draw(progressTable(progress.state(), now(), canvas));
  };
  // Elapsed times grow without any event, and a thousand events at once are worth one drawing.
  const timer = setInterval(() => {
    const running = progress.state().tasks.some(isOpenTask);
    if (changed || running) draw();
    changed = false;
  }, redrawEveryMs);
  return {
    entry(entry) {
      progress.record(entry);
      changed = true;
    },
    stepStarted(key, attempt, at) {
      progress.started(key, attempt, at);
      changed = true;
    },
    note(line) {
      if (closed) terminal.err(line);
      else redraw.above([line]);
    },
    nextRun(id) {
      draw();
      redraw.above([`goes on as run ${id}`]);
      progress = createProgress();
    },
    close() {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      draw();
      redraw.done();
    },
  };
}
