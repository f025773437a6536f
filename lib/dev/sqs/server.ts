/**
 * SQS on one machine, for the real clients: AWS JSON 1.0 over HTTP. Standard queues only, in memory. Time is a clock's,
 * so that waits need not be waited for.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import { type Answer, type Question, startStandInServer } from '../stand-in-server.ts';
import { createSqsCore, type SqsCore } from './core.ts';
import { SqsError, sqsErrors } from './errors.ts';
import type { SqsFaults } from './faults.ts';
import { operationOf } from './operations.ts';

export interface LocalSqs {
  /** The endpoint for clients. */
  url: string;
  core: SqsCore;
  /** Lets go who waits, and forgets everything. */
  close(): Promise<void>;
}

export interface LocalSqsOptions {
  clock: Clock;
  /** Default: any free one. */
  port?: number;
  faults?: SqsFaults;
}

/** A batch at its limit whose every character is escaped. */
const bodyBytes = 8 * 1024 * 1024;
const targetPrefix = 'AmazonSQS.';

export async function startLocalSqs({ clock, port = 0, faults = {} }: LocalSqsOptions): Promise<LocalSqs> {
  const core = createSqsCore({ clock, faults });
  const server = await startStandInServer({
    port,
    bodyBytes,
    tooLong: refusal(new SqsError('InvalidParameterValue', 'The request is too long.')),
    answer: (question) => answer(question, { core, faults, baseUrl: server.url }),
  });
  return {
    url: server.url,
    core,
    async close() {
      core.close();
      await server.close();
    },
  };
}

async function answer(
  { method, headers, body, signal }: Question,
  { core, faults, baseUrl }: { core: SqsCore; faults: SqsFaults; baseUrl: string },
): Promise<Answer | undefined> {
  const name = operationNameOf(headers['x-amz-target']);
  try {
    const operation = method === 'POST' ? operationOf(name) : undefined;
    if (operation === undefined) {
      throw new SqsError(
        'InvalidAction',
        `The operation ${name || `of a ${method}`} is not part of this stand-in for SQS.`,
      );
    }
    const fault = faults.call?.(name);
    if (fault === 'throttled') throw new SqsError('RequestThrottled', 'The request was denied due to throttling.');
    if (fault === 'failed') throw new SqsError('InternalFailure', 'The request failed, on purpose.');
    const output = await operation(parseJson(body), { core, baseUrl, signal });
    return fault === 'cut off' ? undefined : json(200, output, {});
  } catch (error) {
    if (error instanceof SqsError) return refusal(error);
    return refusal(new SqsError('InternalFailure', String(error)));
  }
}

function operationNameOf(target: string | string[] | undefined): string {
  return typeof target === 'string' && target.startsWith(targetPrefix) ? target.slice(targetPrefix.length) : '';
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new SqsError('InvalidParameterValue', 'The body of the request is not JSON.');
  }
}

function refusal({ code, message }: SqsError): Answer {
  const { status, query } = sqsErrors[code];
  const side = status < 500 ? 'Sender' : 'Receiver';
  return json(status, { __type: `com.amazonaws.sqs#${code}`, message }, { 'x-amzn-query-error': `${query};${side}` });
}

function json(status: number, body: unknown, headers: Record<string, string>): Answer {
  return {
    status,
    headers: { ...headers, 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': randomUUID() },
    body: JSON.stringify(body),
  };
}
