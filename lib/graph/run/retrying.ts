import type { RetryOptions } from '../../workflow/retry.ts';
import type { GraphRetry } from '../definition.ts';
import { isFinal } from '../executors/executor-error.ts';
import { ExpressionError } from '../expressions/expression-error.ts';

/** Whether the policy gives this error another attempt, as far as names decide. */
export function isWorthRetrying({ errors, except }: GraphRetry, error: unknown): boolean {
  if (isFinal(error) || error instanceof ExpressionError) return false;
  const name = error instanceof Error ? error.name : 'Error';
  return (errors === undefined || errors.includes(name)) && !except.includes(name);
}

export function toRetryOptions(retry: GraphRetry): RetryOptions {
  const { attempts, initialMs, factor, maxMs, jitter } = retry;
  const retryIf = (error: unknown) => isWorthRetrying(retry, error);
  return { attempts, initial: initialMs, factor, max: maxMs, jitter, retryIf };
}
