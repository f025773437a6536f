import { type FaultCode, isFault } from '../kernel/faults.ts';

/** What a shell sees. */
export const exitCode = {
  ok: 0,
  /** The run failed or was cancelled, or something else went wrong. */
  failed: 1,
  /** Wrong usage: what was typed cannot be done as it stands. */
  usage: 2,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

const ofFault: Record<FaultCode, ExitCode> = {
  invalid_input: exitCode.usage,
  not_found: exitCode.usage,
  too_large: exitCode.usage,
  conflict: exitCode.failed,
  settled: exitCode.failed,
  unauthorized: exitCode.failed,
  unavailable: exitCode.failed,
  refused: exitCode.failed,
  overloaded: exitCode.failed,
  storage_full: exitCode.failed,
  corrupt: exitCode.failed,
  newer_format: exitCode.failed,
  non_deterministic: exitCode.failed,
  closed: exitCode.failed,
};

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof Complaint) return error.exitCode;
  return isFault(error) ? ofFault[error.code] : exitCode.failed;
}

/** What the command line itself has to say against a command: what is wrong, where, and what to do. */
export class Complaint extends Error {
  override readonly name = 'Complaint';
  readonly exitCode: ExitCode;
  readonly details: string[];
  readonly advice: string[];

  constructor(message: string, { details = [], advice = [], exit = exitCode.usage, cause }: ComplaintOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exit;
    this.details = details;
    this.advice = advice;
  }
}

interface ComplaintOptions {
  details?: string[];
  advice?: string[];
  exit?: ExitCode;
  cause?: unknown;
}
