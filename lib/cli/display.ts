import type { HistoryEntry } from '../service/api.ts';
import type { Cli, Redraw } from './cli.ts';
import { createProgress, isOpenTask, type Progress } from './progress.ts';
import { entryLine, startLine } from './render/entry-line.ts';
import { progressTable } from './render/tasks.ts';
import { millis } from './render/time.ts';

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
  const isWatched = terminal.interactive && !(await cli.environment()).ci;
  return isWatched ? redrawn(cli, await terminal.redraw()) : lineByLine(cli);
}

/** A step's start is heard at once, what the journal says a moment later; so that lines are in order, starts wait for it. */
const startsWaitMs = 40;

function lineByLine({ terminal }: Cli): Display {
  let starts: { at: number; line: string }[] = [];
  const tellStarts = (before: number) => {
    for (const { at, line } of starts) if (at < before) terminal.err(line);
    starts = starts.filter(({ at }) => at >= before);
  };
  const note = (line: string) => {
    tellStarts(Number.POSITIVE_INFINITY);
    terminal.err(line);
  };
  return {
    entry(entry) {
      tellStarts(millis(entry.at) ?? 0);
      const line = entryLine(entry);
      if (line !== undefined) terminal.err(line);
    },
    stepStarted(key, attempt, at) {
      starts.push({ at, line: startLine(key, attempt, at) });
      setTimeout(() => tellStarts(at + 1), startsWaitMs).unref();
    },
    note,
    nextRun: (id) => note(`goes on as run ${id}`),
    close: () => tellStarts(Number.POSITIVE_INFINITY),
  };
}

function redrawn({ terminal, now }: Cli, redraw: Redraw): Display {
  let progress: Progress = createProgress();
  let changed = true;
  let closed = false;
  const draw = () => {
    const canvas = { width: terminal.errWidth(), colors: terminal.errColors, rows: terminal.errHeight() - 4 };
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
