/** What an executor throws: `name` is what `catch` and `retry` of a task go by. */
export class ExecutorError extends Error {
  /** Whether another attempt may do better. */
  readonly retryable: boolean;
  readonly code: string | undefined;
  readonly details: unknown;

  constructor(
    name: string,
    message: string,
    options: { retryable: boolean; code?: string; details?: unknown; cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = name;
    this.retryable = options.retryable;
    this.code = options.code;
    this.details = options.details;
  }
}

/** Says of any error whether its thrower has ruled out another attempt. */
export function isFinal(error: unknown): boolean {
  return error instanceof ExecutorError && !error.retryable;
}
