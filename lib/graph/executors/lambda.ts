import { ExecutorError } from './executor-error.ts';
import type { ExecutorAttempt, LambdaInvoker } from './executors.ts';

/** Invokes a function and gives what it returned. An error that it threw keeps its name. */
export async function invokeFunction(
  { invokeLambda }: LambdaInvoker,
  name: string,
  payload: unknown,
  attempt: ExecutorAttempt,
): Promise<unknown> {
  const answer = await invokeLambda(name, payload, attempt);
  if (answer.functionError === undefined) return answer.payload;
  const { errorType, errorMessage } = (answer.payload ?? {}) as { errorType?: unknown; errorMessage?: unknown };
  throw new ExecutorError(
    typeof errorType === 'string' && errorType !== '' ? errorType : 'LambdaError',
    typeof errorMessage === 'string' ? errorMessage : `The function ${name} failed (${answer.functionError})`,
    { retryable: true },
  );
}
