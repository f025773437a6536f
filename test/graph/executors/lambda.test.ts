import { expect, test } from 'vitest';
import type { LambdaAnswer } from '../../../lib/graph/executors/executors.ts';
import { invokeFunction } from '../../../lib/graph/executors/lambda.ts';

const attempt = { signal: new AbortController().signal, idempotencyToken: 'token-1' };

const answering = (answer: LambdaAnswer) =>
  invokeFunction({ invokeLambda: async () => answer }, 'resize', { id: 1 }, attempt);

test('gives what the function returned', async () => {
  expect(await answering({ payload: { width: 3 } })).toEqual({ width: 3 });
});

test('an error of the function keeps its name and message', async () => {
  const thrown = answering({
    functionError: 'Unhandled',
    payload: { errorType: 'RangeError', errorMessage: 'too wide', trace: [] },
  });
  await expect(thrown).rejects.toMatchObject({ name: 'RangeError', message: 'too wide', retryable: true });
});

test('a failure that says nothing is a LambdaError', async () => {
  await expect(answering({ functionError: 'Unhandled', payload: undefined })).rejects.toMatchObject({
    name: 'LambdaError',
    message: 'The function resize failed (Unhandled)',
  });
});
