/**
 * Calls of AWS services, which may fail for a moment.
 * Owns: which failures pass by themselves, how long they are waited out, what the caller hears if they last.
 * Does not own: what a failure means for one operation. Whoever knows catches it inside the attempt.
 */
import { Fault } from '../kernel/faults.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';

/**
 * Makes an attempt, and further ones while it fails for a reason that passes. `doing` completes "cannot …". An attempt
 * may have been carried out although it failed, so it has to be harmless to repeat; it is told how many have failed
 * before. Throws `Fault` unavailable, or refused for what does not pass by itself: permissions, a wrong name, a request
 * that the service does not understand. The service's error is its cause; what no service has said is thrown as it is.
 */
export type Calls = <T>(doing: string, attempt: (failures: number) => Promise<T>) => Promise<T>;

export interface CallsOptions {
  clock: Clock;
  ids: Pick<Ids, 'fraction'>;
  /** As people call it. */
  service: string;
  attempts?: number;
  /** The delay before the second attempt; each further one is twice as long, half of it by chance. */
  firstDelayMs?: number;
  maxDelayMs?: number;
  /** No attempt begins later than this. */
  patienceMs?: number;
}

/** `throttled` and `transient` failures pass by themselves; `final` ones do not; a `foreign` error is not the service's. */
export type Trouble = 'throttled' | 'transient' | 'final' | 'foreign';

/** A service that throttles needs more time than one that stumbles. */
const throttledFactor = 4;

export function createCalls({
  clock,
  ids,
  service,
  attempts = 5,
  firstDelayMs = 50,
  maxDelayMs = 2_000,
  patienceMs = 10_000,
}: CallsOptions): Calls {
  function delayAfter(failures: number, trouble: Trouble): number {
    const first = trouble === 'throttled' ? throttledFactor * firstDelayMs : firstDelayMs;
    const longest = Math.min(maxDelayMs, first * 2 ** (failures - 1));
    return longest * (0.5 + ids.fraction() / 2);
  }

  return async (doing, attempt) => {
    const last = clock.now() + patienceMs;
    for (let failures = 1; ; failures += 1) {
      try {
        return await attempt(failures - 1);
      } catch (error) {
        const trouble = troubleOf(error);
        if (trouble === 'foreign') throw error;
        if (trouble === 'final') {
          throw new Fault('refused', `${service} refuses to ${doing}: ${described(error)}`, { cause: error });
        }
        const next = clock.now() + delayAfter(failures, trouble);
        if (failures >= attempts || next > last) {
          throw new Fault('unavailable', `${service} cannot ${doing} now: ${described(error)}`, { cause: error });
        }
        await new Promise<void>((resolve) => {
          clock.schedule(next, resolve);
        });
      }
    }
  };
}

const throttlingNames = new Set([
  'BandwidthLimitExceeded',
  'KMS.ThrottlingException',
  'KmsThrottled',
  'LimitExceededException',
  'OverLimit',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);
const throttlingStatuses = new Set([429, 509]);

const transientNames = new Set([
  // The next attempt is signed with new credentials.
  'ExpiredToken',
  'ExpiredTokenException',
  'InternalError',
  'InternalFailure',
  'InternalServerError',
  'RequestTimeout',
  'RequestTimeoutException',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'TimeoutError',
  // The SDK sets its clock by the answer, so that the next attempt is signed with the right time.
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
]);
const transientStatuses = new Set([500, 502, 503, 504]);
const transientCodes = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);
/** How the SDK says that what arrived is not what was sent, or only a part of it. */
const damaged = /checksum|SyntaxError/i;

export function troubleOf(error: unknown): Trouble {
  if (!(error instanceof Error)) return 'foreign';
  const { name, status, codes, isThrottled, isAnswer } = traitsOf(error);
  if (isThrottled || throttlingNames.has(name) || throttlingStatuses.has(status)) return 'throttled';
  if (transientNames.has(name) || transientStatuses.has(status)) return 'transient';
  if (codes.some((code) => transientCodes.has(code)) || damaged.test(`${name} ${error.message}`)) return 'transient';
  return isAnswer || name === 'CredentialsProviderError' ? 'final' : 'foreign';
}

/** What the SDK puts on its errors. */
interface SdkTraits {
  code?: unknown;
  $metadata?: { httpStatusCode?: number };
  $retryable?: { throttling?: boolean };
}

function traitsOf(error: Error) {
  const { code, $metadata, $retryable } = error as SdkTraits;
  const { code: deeper } = (error.cause ?? {}) as SdkTraits;
  return {
    name: error.name,
    status: $metadata?.httpStatusCode ?? 0,
    codes: [code, deeper].map(String),
    isThrottled: $retryable?.throttling === true,
    isAnswer: $metadata !== undefined,
  };
}

function described(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
