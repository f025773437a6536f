import type { HistoryEntry } from '../../service/api.ts';
import { awaitingIn, fieldsOf, messageIn, textIn } from '../progress.ts';
import { humanDuration } from './duration.ts';
import { glyphOf } from './status.ts';
import { clean, cut } from './text.ts';
import { exactLocalTime, localTime, millis } from './time.ts';

/** One line for one event of the journal, for output that is not redrawn. `undefined`: nothing worth a line. */
export function entryLine(entry: HistoryEntry): string | undefined {
  const told = tell(entry);
  return told === undefined ? undefined : clean(`${exactLocalTime(entry.at)}  ${told}`);
}

/** A step that began in this process. */
export function startLine(key: string, attempt: number, at: number): string {
  const again = attempt > 1 ? ` (attempt ${attempt})` : '';
  return clean(`${exactLocalTime(at)}  ${glyphOf('running')} ${key} running${again}`);
}

function tell(entry: HistoryEntry): string | undefined {
  const key = textIn(entry.key) ?? '';
  const error = messageIn(entry.error) ?? 'no error was recorded';
  switch (entry.type) {
    case 'task_started':
      if (entry.kind !== 'child') return undefined;
      return `${glyphOf('waiting')} ${key} started the run ${textIn(entry.child) ?? ''}${entry.detached ? ', not waited for' : ''}`;
    case 'task_retried':
      return `${glyphOf('retrying')} ${key} attempt ${entry.attempt} failed${took(entry)}, again ${againIn(entry)}: ${error}`;
    case 'task_completed':
      return `${glyphOf('completed')} ${key} completed${attempts(entry)}${took(entry)}`;
    case 'task_failed':
      return `${glyphOf('failed')} ${key} failed${attempts(entry)}${took(entry)}: ${error}`;
    case 'run_suspended':
      return waitingFor(entry);
    case 'run_blocked':
      return `${glyphOf('blocked')} blocked (${textIn(entry.code) ?? ''}), looked at again at ${timeIn(entry.retryAt)}: ${textIn(entry.message) ?? ''}`;
    case 'run_signalled':
      return `${glyphOf('running')} signal ${textIn(entry.name) ?? ''} received`;
    case 'run_cancel_requested':
      return `${glyphOf('cancelled')} cancel requested${entry.reason ? `: ${textIn(entry.reason)}` : ''}`;
    case 'run_paused':
      return `${glyphOf('paused')} paused`;
    case 'run_resumed':
      return `${glyphOf('running')} resumed`;
    case 'run_timed_out':
      return `${glyphOf('failed')} the run's time is over`;
    case 'run_reported':
      return `${glyphOf('pending')} reported ${cut(JSON.stringify(entry.details) ?? '', 200)}`;
    case 'child_settled':
      return `${glyphOf('running')} ${key} ended: ${textIn(fieldsOf(entry.outcome).status) ?? ''}`;
    case 'run_completed':
      return `${glyphOf('completed')} run completed${entry.continuedAs ? ', goes on as another run' : ''}`;
    case 'run_failed':
      return `${glyphOf('failed')} run failed: ${error}`;
    case 'run_cancelled':
      return `${glyphOf('cancelled')} run cancelled: ${error}`;
    default:
      return undefined;
  }
}

function waitingFor(entry: HistoryEntry): string {
  if (entry.paused === true) return `${glyphOf('paused')} the run is paused`;
  const awaited = awaitingIn(entry).map(({ key, kind, due, name }) => {
    const until = due === undefined ? '' : ` until ${localTime(due)}`;
    if (kind === 'signal') return `the signal ${name ?? key}${until}`;
    if (kind === 'child') return `the run of ${key}`;
    return `${key}${until}`;
  });
  const more = awaited.length > 3 ? ` and ${awaited.length - 3} more` : '';
  return `${glyphOf('waiting')} waiting for ${awaited.slice(0, 3).join(', ')}${more}`;
}

function attempts(entry: HistoryEntry): string {
  return typeof entry.attempt === 'number' && entry.attempt > 1 ? ` at attempt ${entry.attempt}` : '';
}

function took(entry: HistoryEntry): string {
  const startedAt = millis(entry.startedAt);
  const endedAt = millis(entry.at);
  return startedAt === undefined || endedAt === undefined ? '' : ` in ${humanDuration(endedAt - startedAt)}`;
}

function againIn(entry: HistoryEntry): string {
  const retryAt = millis(entry.retryAt);
  const at = millis(entry.at);
  return retryAt === undefined || at === undefined ? 'later' : `in ${humanDuration(retryAt - at)}`;
}

function timeIn(value: unknown): string {
  const time = millis(value);
  return time === undefined ? 'an unknown time' : localTime(time);
}
