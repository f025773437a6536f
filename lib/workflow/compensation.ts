import type { StepAttempt } from '../kernel/operations.ts';
import type { Duration } from './duration.ts';
import type { RetryOptions } from './retry.ts';

/** Something to undo. */
export interface Compensation {
  /** The key of what it undoes, or the name that it was registered under. */
  name: string;
  run(attempt: StepAttempt): unknown;
  retry?: RetryOptions | undefined;
  timeout?: Duration | undefined;
}

/** A run that failed and could not undo everything. `cause` is why it failed; `details` name what is left. */
export class CompensationError extends Error {
  override readonly name = 'CompensationError';
  readonly details: { compensation: string; message: string }[];

  constructor(cause: unknown, details: { compensation: string; message: string }[]) {
    const failed = details.map(({ compensation, message }) => `'${compensation}' (${message})`).join(', ');
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`${why}; and these compensations failed: ${failed}`, { cause });
    this.details = details;
  }
}

/** Undoes in reverse order, one after the other; one that fails for good does not keep the others from running. */
export async function compensateAll(
  compensations: Compensation[],
  runStep: (compensation: Compensation, index: number) => Promise<unknown>,
): Promise<{ compensation: string; message: string }[]> {
  const failures: { compensation: string; message: string }[] = [];
  for (let index = compensations.length - 1; index >= 0; index -= 1) {
    const compensation = compensations[index] as Compensation;
    try {
      await runStep(compensation, index);
    } catch (error) {
      failures.push({
        compensation: compensation.name,
        message: error instanceof Error ? error.message : String(error),
      });
    }
  }
  return failures;
}
