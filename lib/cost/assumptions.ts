/**
 * What a machine cannot measure for AWS, by name. Times on a laptop say nothing of times on Lambda, so that these are
 * taken instead; every bill prints them.
 */
export interface Assumptions {
  /** Of each function, in MB: the construct's default. */
  memoryMb: number;
  /** What an invocation takes beside its requests and its steps, in ms. */
  invocationMs: number;
  /** What a request to table, queue or bucket takes, in ms. */
  requestMs: number;
  /** What a step takes, in ms, beside the request that writes its outcome. Steps that begin together take it once. */
  stepMs: number;
  /** What a step logs, in bytes. Pawl itself logs nothing where all is well, and Lambda's own lines are off. */
  logBytes: number;
  /** A line of the API's access log, in bytes. */
  accessLogBytes: number;
  /** Whether the table keeps its history for point-in-time recovery: the construct's default. */
  pointInTimeRecovery: boolean;
  /** Traces that are recorded of each invocation: none, which is the construct's default. */
  tracesPerInvocation: number;
  /** Pollers that Lambda keeps at an idle queue, and for how many seconds each of their requests waits. */
  pollers: number;
  pollSeconds: number;
  /** Days in a month. */
  monthDays: number;
}

/** A task takes 20 ms in all: a short step, and the request that makes its outcome durable. */
export const assumptions: Assumptions = {
  memoryMb: 256,
  invocationMs: 10,
  requestMs: 8,
  stepMs: 12,
  logBytes: 200,
  accessLogBytes: 450,
  pointInTimeRecovery: true,
  tracesPerInvocation: 0,
  pollers: 5,
  pollSeconds: 20,
  monthDays: 30,
};

export function billedGbSeconds(
  { requests, stepWaves }: { requests: number; stepWaves: number },
  { memoryMb, invocationMs, requestMs, stepMs }: Assumptions,
): number {
  const ms = invocationMs + requests * requestMs + stepWaves * stepMs;
  return (memoryMb / 1_024) * (ms / 1_000);
}

/** All of them, as one sentence without its end. */
export function assumedText({ memoryMb, invocationMs, requestMs, stepMs, logBytes }: Assumptions): string {
  return (
    `functions of ${memoryMb} MB, ${invocationMs} ms an invocation, ${requestMs} ms a request, ${stepMs} ms a step and ` +
    `${logBytes} bytes of its log`
  );
}
