import type { Problem } from '../../kernel/faults.ts';
import type { Json } from '../definition.ts';
import { ExecutorError } from '../executors/executor-error.ts';

/** A value that was computed cannot be used where it is wanted: `ValueError`. Trying again gives the same. */
export function valueError(what: string, value: Json | undefined, expected: string): Error {
  const shown = value === undefined ? 'nothing' : JSON.stringify(value);
  const excerpt = shown.length > 100 ? `${shown.slice(0, 100)}…` : shown;
  return new ExecutorError('ValueError', `${what} is ${excerpt}; it has to be ${expected}`, { retryable: false });
}

/** What came from outside does not fit the task's schema: `PayloadError`, with the problems as its details. */
export function payloadError(what: string, problems: Problem[]): Error {
  const words = problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  return new ExecutorError('PayloadError', `${what} does not fit the task's schema: ${words.join('; ')}`, {
    retryable: false,
    details: problems,
  });
}
