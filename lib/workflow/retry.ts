import { Fault } from '../kernel/faults.ts';
import type { RetryPolicy } from '../kernel/operations.ts';
import { type Duration, toMs } from './duration.ts';

export interface RetryOptions {
  /** Attempts in all. 1: no retry. Default 3. */
  attempts?: number;
  /** Delay before the second attempt. Default 500 ms. */
  initial?: Duration;
  /** Growth from delay to delay. Default 2. */
  factor?: number;
  /** The longest delay. Default one minute, or `initial` where that is longer. */
  max?: Duration;
  /** Share of each delay that is random, 0 to 1. Default 0.2. */
  jitter?: number;
  /** Whether an error is worth another attempt. Default: every error but `NonRetryableError` and what cannot be stored. */
  retryIf?: (error: unknown) => boolean;
}

const maxAttempts = 1_000;

export const stepRetry: RetryPolicy = { attempts: 3, initialMs: 500, factor: 2, maxMs: 60_000, jitter: 0.2 };
/** A compensation that gives up leaves a mess: it tries for longer. */
export const compensationRetry: RetryPolicy = {
  attempts: 10,
  initialMs: 1_000,
  factor: 2,
  maxMs: 300_000,
  jitter: 0.2,
};

/** A policy out of options; throws `Fault` invalid_input for values that make no sense. */
export function toRetryPolicy(options: RetryOptions | undefined, base: RetryPolicy, what: string): RetryPolicy {
  if (!options) return base;
  const initialMs = options.initial === undefined ? base.initialMs : toMs(options.initial, `${what}, retry.initial`);
  const policy: RetryPolicy = {
    attempts: options.attempts ?? base.attempts,
    initialMs,
    factor: options.factor ?? base.factor,
    maxMs: options.max === undefined ? Math.max(base.maxMs, initialMs) : toMs(options.max, `${what}, retry.max`),
    jitter: options.jitter ?? base.jitter,
    retryIf: options.retryIf,
  };
  check(
    Number.isInteger(policy.attempts) && policy.attempts >= 1 && policy.attempts <= maxAttempts,
    what,
    `attempts is ${policy.attempts}; it is a whole number from 1 to ${maxAttempts}`,
  );
  check(
    policy.factor >= 1 && Number.isFinite(policy.factor),
    what,
    `factor is ${policy.factor}; it is a number from 1`,
  );
  check(policy.jitter >= 0 && policy.jitter <= 1, what, `jitter is ${policy.jitter}; it is from 0 to 1`);
  return policy;
}

function check(holds: boolean, what: string, message: string): void {
  if (!holds) throw new Fault('invalid_input', `${what}, retry: ${message}`);
}
