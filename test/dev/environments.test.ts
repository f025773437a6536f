import { expect, test } from 'vitest';
import { inEnvironments } from '../../lib/dev/environments.ts';
import { contextOf } from '../../lib/dev/lambda.ts';
import { createShiftedClock } from '../../lib/dev/shifted-clock.ts';
import { hold } from '../kernel/harness.ts';

const context = contextOf('driver', 0, createShiftedClock());

/** A function that answers, once the event lets it, which of its environments it ran in. */
function aFunction() {
  let begun = 0;
  return inEnvironments(() => {
    begun += 1;
    const own = begun;
    return async (event: Promise<void>) => event.then(() => own);
  });
}

test('an environment is used again once it is free, and what its process remembers is there', async () => {
  const call = aFunction();
  const now = Promise.resolve();
  expect([await call(now, context), await call(now, context)]).toEqual([1, 1]);
});

test('invocations at the same time run in environments of their own', async () => {
  const call = aFunction();
  const gate = hold();
  const both = [call(gate.promise, context), call(gate.promise, context)];
  gate.release();
  expect(await Promise.all(both)).toEqual([1, 2]);
});

test('one whose invocation failed is free again', async () => {
  const call = aFunction();
  await expect(call(Promise.reject(new Error('failed')), context)).rejects.toThrow('failed');
  expect(await call(Promise.resolve(), context)).toBe(1);
});
