import type { StoredError } from './events.ts';
import { Fault } from './faults.ts';
import type { Limits } from './limits.ts';

/**
 * Errors on their way into the journal and back. The program never sees the thrown object itself: what it catches is
 * made from what is stored, so that a replay branches on exactly the same.
 */

/** Thrown by a step to say that trying again is no use. */
export class NonRetryableError extends Error {
  override readonly name: string = 'NonRetryableError';
}

/** A failed task, as the workflow catches it. `name` is the original error's. */
export class TaskError extends Error {
  /** The failed task's key. */
  readonly task: string;
  readonly code: string | undefined;
  readonly details: unknown;

  constructor(stored: StoredError, task: string) {
    super(stored.message, stored.cause === undefined ? undefined : { cause: restoreError(stored.cause, task) });
    this.name = stored.name;
    this.task = task;
    this.code = stored.code;
    this.details = stored.details === undefined ? undefined : JSON.parse(stored.details);
    if (stored.stack !== undefined) this.stack = stored.stack;
  }

  /** A workflow may return it: of other errors JSON would keep nothing. */
  toJSON(): { name: string; message: string; task: string; code?: string; details?: unknown } {
    const { name, message, task, code, details } = this;
    return { name, message, task, ...(code !== undefined && { code }), ...(details !== undefined && { details }) };
  }
}

/** What awaits get when somebody cancels the run. Catch it to clean up; the run ends as cancelled all the same. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
}

/** What awaits get when the run passes its deadline, and a step's attempt when it passes its timeout. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/** The run's own deadline, told from other timeouts where that matters. */
export class DeadlineError extends TimeoutError {}

export function restoreError(stored: StoredError, task: string): Error {
  return new TaskError(stored, task);
}

const maxCauses = 4;

/** Whatever was thrown, bounded: each cause has half the room of what it caused, so that all of them fit into one record. */
export function storeError(thrown: unknown, limits: Pick<Limits, 'errorChars'>, depth = 0): StoredError {
  try {
    return readError(thrown, limits, depth);
  } catch {
    return { name: 'Error', message: 'Something was thrown that cannot be read' };
  }
}

/** Throws what a getter of the thrown object throws. */
function readError(thrown: unknown, limits: Pick<Limits, 'errorChars'>, depth: number): StoredError {
  const room = Math.floor(limits.errorChars / 2 ** depth);
  const cut = (text: string) => (text.length > room ? `${text.slice(0, room)}… (cut)` : text);
  if (!(thrown instanceof Error)) {
    return { name: 'Error', message: cut(`A value that is not an Error was thrown: ${describe(thrown)}`) };
  }
  const stored: StoredError = { name: cut(String(thrown.name)), message: cut(String(thrown.message)) };
  const { code, details } = thrown as { code?: unknown; details?: unknown };
  if (typeof code === 'string' || typeof code === 'number') stored.code = cut(String(code));
  if (typeof thrown.stack === 'string') stored.stack = cut(thrown.stack);
  const detailsText = details === undefined ? problemsOf(thrown) : safeJson(details);
  if (detailsText !== undefined && detailsText.length <= room) stored.details = detailsText;
  if (thrown.cause !== undefined && depth < maxCauses) stored.cause = storeError(thrown.cause, limits, depth + 1);
  return stored;
}

function problemsOf(thrown: Error): string | undefined {
  return thrown instanceof Fault && thrown.problems ? safeJson(thrown.problems) : undefined;
}

function safeJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function describe(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  return safeJson(thrown) ?? String(thrown);
}
