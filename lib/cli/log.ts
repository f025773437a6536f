import type { JournalEvent } from '../kernel/events.ts';
import type { LogLevel } from '../kernel/operations.ts';
import type { Observer } from '../kernel/ports.ts';
import type { HistoryEntry } from '../service/api.ts';
import type { Terminal } from './cli.ts';
import { entryLine } from './render/entry-line.ts';
import { clean } from './render/text.ts';
import { exactLocalTime } from './render/time.ts';

/** What a long-running Pawl says about itself and its runs. */
export interface Log {
  say(level: LogLevel, message: string, fields?: Record<string, unknown>): void;
  /** Something went wrong: `error`, if it is among the fields, says what. */
  failed(message: string, fields?: Record<string, unknown>): void;
  observer: Observer;
}

const levels: LogLevel[] = ['debug', 'info', 'warn', 'error'];
export const logLevels: readonly LogLevel[] = levels;

/** One JSON object a line on standard output: for machines. Inputs, outputs and results stay out of it. */
export function createJsonLog({ terminal, now, level }: { terminal: Terminal; now(): number; level: LogLevel }): Log {
  const lowest = levels.indexOf(level);
  const write = (at: number, entryLevel: LogLevel, message: string, fields: Record<string, unknown> = {}) => {
    if (levels.indexOf(entryLevel) < lowest) return;
    terminal.out(JSON.stringify({ time: new Date(at).toISOString(), level: entryLevel, message, ...fields }));
  };
  return {
    say: (entryLevel, message, fields) => write(now(), entryLevel, message, fields),
    failed(message, { error, ...fields } = {}) {
      const stack = error instanceof Error ? { stack: error.stack } : {};
      write(now(), 'error', message, { ...fields, ...(error !== undefined && { error: asText(error), ...stack }) });
    },
    observer: {
      stepStarted: ({ run, key, attempt, at }) => write(at, 'debug', 'step_started', { run, key, attempt }),
      recorded(run, chunk) {
        for (const event of chunk.events) write(event.at, levelOf(event), event.type, { run, ...loggedFields(event) });
      },
      logged: ({ run, level: entryLevel, message, fields }) =>
        write(now(), entryLevel, message, { run, ...(fields && { fields }) }),
      troubled: ({ run, message, error }) =>
        write(now(), 'error', message, { ...(run && { run }), error: asText(error) }),
    },
  };
}

function levelOf(event: JournalEvent): LogLevel {
  if (event.type === 'run_failed' || event.type === 'run_blocked') return 'error';
  if (event.type === 'task_retried' || event.type === 'task_failed' || event.type === 'run_timed_out') return 'warn';
  return event.type.startsWith('task_') ? 'debug' : 'info';
}

function loggedFields(event: JournalEvent): Record<string, unknown> {
  const logged: Record<string, unknown> = {};
  const fields: Record<string, unknown> = { ...event };
  for (const name of ['key', 'kind', 'attempt', 'name', 'code', 'reason', 'by'] as const) {
    if (fields[name] !== undefined) logged[name] = fields[name];
  }
  if ('startedAt' in event && event.startedAt !== undefined) logged.durationMs = event.at - event.startedAt;
  if ('error' in event) logged.error = `${event.error.name}: ${event.error.message}`;
  if (event.type === 'run_blocked') logged.error = event.message;
  return logged;
}

/** Lines for a person, on standard error. */
export function createPlainLog({ terminal, now }: { terminal: Terminal; now(): number }): Log {
  const paints = { debug: 'dim', info: 'reset', warn: 'yellow', error: 'red' } as const;
  const say: Log['say'] = (level, message) => {
    const paint = terminal.errColors[paints[level]];
    for (const line of message.split('\n')) terminal.err(`${exactLocalTime(now())}  ${paint(clean(line))}`);
  };
  return {
    say,
    failed: (message, { error } = {}) => say('error', error === undefined ? message : `${message}: ${asText(error)}`),
    observer: {
      recorded(run, chunk, seq) {
        for (const [index, event] of chunk.events.entries()) {
          const at = new Date(event.at).toISOString();
          const entry: HistoryEntry = { ...event, at, seq: seq + index, position: chunk.position };
          if (event.type === 'run_reported') entry.details = JSON.parse(event.details);
          const line = entryLine(entry);
          if (line !== undefined) terminal.err(`${line}  ${terminal.errColors.dim(run)}`);
        }
      },
      logged: ({ run, level, message, fields }) =>
        say(level, `${level}: ${message}${fields ? ` ${JSON.stringify(fields)}` : ''}  ${run}`),
      troubled: ({ run, message, error }) => say('error', `${message}: ${asText(error)}  ${run}`),
    },
  };
}

function asText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
