/**
 * The closed list of what can go wrong, as callers see it. Adapters translate at their edge and keep the `cause`; HTTP
 * status and exit code are one map each, elsewhere.
 */
export type FaultCode =
  | 'invalid_input'
  | 'not_found'
  | 'conflict'
  | 'settled'
  | 'too_large'
  | 'unauthorized'
  | 'unavailable'
  | 'refused'
  | 'overloaded'
  | 'storage_full'
  | 'corrupt'
  | 'newer_format'
  | 'non_deterministic'
  | 'closed';

/** One thing that is wrong with an input, and where. `path` is like `items[2].price`; empty for the whole. */
export interface Problem {
  path: string;
  message: string;
  /** Of an input that is a text: where in it, from 1. */
  line?: number;
  column?: number;
  /** What may help. */
  hint?: string;
}

interface FaultOptions {
  cause?: unknown;
  problems?: Problem[];
  retryAfterMs?: number;
}

export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;
  readonly problems: Problem[] | undefined;
  /** Of what passes: another try before this is of no use, in ms. */
  readonly retryAfterMs: number | undefined;

  constructor(code: FaultCode, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.problems = options.problems;
    this.retryAfterMs = options.retryAfterMs;
  }
}

export function isFault(error: unknown, code?: FaultCode): error is Fault {
  return error instanceof Fault && (code === undefined || error.code === code);
}

const outages: ReadonlySet<FaultCode> = new Set(['unavailable', 'refused', 'storage_full', 'closed']);

/**
 * Whether the services or the machine are at fault, and not what was asked of them: once somebody has seen to them the
 * same goes well, so it is no outcome of anything. Only what is `unavailable` is worth another attempt right now;
 * `refused` stays so until permissions, names or code are corrected.
 */
export function isOutage(error: unknown): boolean {
  return error instanceof Fault && outages.has(error.code);
}
