import type { ErrorView, RunView } from '../../service/api.ts';
import { humanDuration } from './duration.ts';
import { glyphOf, paintOf } from './status.ts';
import type { Canvas } from './table.ts';
import { clean, cleanLines, cut, padEnd } from './text.ts';
import { localTime, millis } from './time.ts';

/** What is known about a run apart from its tasks: a line per field that it has. */
export function runHead(run: RunView, now: number, canvas: Canvas): string[] {
  const fields: [string, string | undefined][] = [
    ['workflow', `${run.workflow} version ${run.version}`],
    ['created', localTime(run.createdAt)],
    ['ended', run.closedAt === undefined ? undefined : `${localTime(run.closedAt)}, after ${lasted(run, now)}`],
    ['deadline', run.closedAt === undefined ? localTime(run.deadline) : undefined],
    ['goes on', run.wakeAt === undefined ? undefined : `at ${localTime(run.wakeAt)} at the latest`],
    ['cancel', run.cancelRequested && run.closedAt === undefined ? 'requested' : undefined],
    ['key', run.key],
    ['correlation', run.correlationId],
    ['started by', run.origin],
    ['parent', run.parent && `${run.parent.id}, its task ${run.parent.task}`],
    ['continued', run.continuedAs && `as ${run.continuedAs}`],
    ['not awaited', run.unawaited?.join(', ')],
    ['report', json(run.report)],
    ['input', json(run.input)],
    ['output', json(run.output)],
    ['events', String(run.events)],
  ];
  const known = fields.filter((field): field is [string, string] => field[1] !== undefined);
  const titleWidth = Math.max(...known.map(([title]) => title.length));
  const status = paintOf(run.status, canvas.colors)(`${glyphOf(run.status)} ${run.status}`);
  return [
    `${canvas.colors.bold(clean(run.id))}  ${status}`,
    ...known.map(([title, value]) => {
      const room = Math.max(20, canvas.width - titleWidth - 4);
      return `  ${canvas.colors.dim(padEnd(title, titleWidth))}  ${cut(clean(value), room)}`;
    }),
    ...blockedLines(run, canvas),
    ...unreadLines(run),
    ...(run.error === undefined ? [] : ['', ...errorLines(run.error, canvas)]),
  ];
}

function blockedLines({ blocked }: RunView, { colors }: Canvas): string[] {
  if (blocked === undefined) return [];
  return [
    '',
    colors.red(`Blocked (${clean(blocked.code)}), looked at again at ${localTime(blocked.retryAt)}:`),
    ...cleanLines(blocked.message).map((line) => `  ${line}`),
  ];
}

/** What waits for the run: it reads it at its next turn, or once it is no longer blocked. */
function unreadLines({ unread = [] }: RunView): string[] {
  if (unread.length === 0) return [];
  return ['', 'Accepted, and not read by the run yet:', ...unread.map((mail) => `  ${unreadLine(mail)}`)];
}

const unreadWords: Record<string, string> = {
  run_signalled: 'signal',
  run_cancel_requested: 'cancel',
  run_paused: 'pause',
  run_resumed: 'resume',
  child_settled: 'the end of child',
};

function unreadLine({ type, name, at }: NonNullable<RunView['unread']>[number]): string {
  const what = [unreadWords[type] ?? type, name].filter((word) => word !== undefined).join(' ');
  return `${clean(what)}, at ${localTime(at)}`;
}

/** An error with its causes. */
export function errorLines(error: ErrorView, canvas: Canvas, showStack = false): string[] {
  const code = error.code === undefined ? '' : ` (${clean(error.code)})`;
  const [first = '', ...rest] = cleanLines(error.message);
  const lines = [
    `${canvas.colors.red(clean(error.name))}${code}: ${first}`,
    ...rest.map((line) => `  ${line}`),
    ...(error.details === undefined ? [] : [`  details: ${cut(clean(json(error.details) ?? ''), 1_000)}`]),
    ...(showStack && error.stack !== undefined ? stackLines(error.stack).map(canvas.colors.dim) : []),
  ];
  if (error.cause === undefined) return lines;
  const [cause = '', ...more] = errorLines(error.cause, canvas, showStack);
  return [...lines, `  caused by ${cause}`, ...more.map((line) => `  ${line}`)];
}

function stackLines(stack: string): string[] {
  return cleanLines(stack).filter((line) => /^\s+at /.test(line));
}

function lasted(run: RunView, now: number): string {
  const from = millis(run.createdAt) ?? now;
  return humanDuration((millis(run.closedAt) ?? now) - from);
}

function json(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}
