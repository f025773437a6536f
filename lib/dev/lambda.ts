import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import type { Clock } from '../ports/clock.ts';

/** A function's handler, whatever it takes and gives. */
export type Handler<Event, Result> = (event: Event, context: Context) => Promise<Result>;

export interface LambdaOptions {
  name: string;
  timeoutMs: number;
  clock: Clock;
}

/** An invocation that was cut off. What it was at may go on for a while, as a frozen sandbox does when it thaws. */
class TimedOut extends Error {
  override readonly name = 'TimedOut';
}

/** Calls a handler as Lambda does: with a context that knows the time left, and no longer than the timeout. */
export async function invoke<Event, Result>(
  handler: Handler<Event, Result>,
  event: Event,
  { name, timeoutMs, clock }: LambdaOptions,
): Promise<Result> {
  const deadline = clock.now() + timeoutMs;
  let cancel = () => {};
  const cutOff = new Promise<never>((_resolve, reject) => {
    cancel = clock.schedule(deadline, () => reject(new TimedOut(`${name} timed out after ${timeoutMs} ms`)));
  });
  try {
    return await Promise.race([handler(event, contextOf(name, deadline, clock)), cutOff]);
  } finally {
    cancel();
  }
}

/** What a handler is told of its invocation. */
export function contextOf(name: string, deadline: number, clock: Clock): Context {
  const left = () => Math.max(0, deadline - clock.now());
  return {
    callbackWaitsForEmptyEventLoop: false,
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    memoryLimitInMB: '256',
    awsRequestId: randomUUID(),
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: 'local',
    getRemainingTimeInMillis: left,
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
}
