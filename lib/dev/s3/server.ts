/** S3 on one machine, for the real clients with `forcePathStyle`. In memory. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import { type Answer, type Question, startStandInServer } from '../stand-in-server.ts';
import { type Buckets, createBuckets } from './buckets.ts';
import { S3Error, type S3ErrorCode, s3Statuses } from './errors.ts';
import { operationOf, type S3Request, type Surroundings } from './operations.ts';
import { toXml } from './xml.ts';

/** What goes wrong on purpose. Each is asked every time; without an answer all is well. */
export interface S3Faults {
  /** Whether a call goes wrong: refused, failed, or carried out and then cut off before the answer. */
  call?(operation: string): 'slow down' | 'failed' | 'cut off' | undefined;
  /** Why one key among those of a `DeleteObjects` is not deleted. */
  keeps?(key: string): S3ErrorCode | undefined;
}

export interface LocalS3 {
  /** The endpoint for clients. */
  url: string;
  buckets: Buckets;
  /** Forgets everything. */
  close(): Promise<void>;
}

export interface LocalS3Options {
  clock?: Pick<Clock, 'now'>;
  /** Default: any free one. */
  port?: number;
  faults?: S3Faults;
}

const bodyBytes = 64 * 1024 * 1024;
const systemTime = { now: () => Date.now() };

export async function startLocalS3({
  clock = systemTime,
  port = 0,
  faults = {},
}: LocalS3Options = {}): Promise<LocalS3> {
  const buckets = createBuckets();
  const surroundings: Surroundings = { buckets, clock, keeps: (key) => faults.keeps?.(key) };
  const { url, close } = await startStandInServer({
    port,
    bodyBytes,
    tooLong: refusal(new S3Error('EntityTooLarge', `This stand-in for S3 takes at most ${bodyBytes} bytes.`), ''),
    answer: async (question) => answer(question, surroundings, faults),
  });
  return { url, buckets, close };
}

function answer(question: Question, surroundings: Surroundings, faults: S3Faults): Answer | undefined {
  try {
    const request = placed(question);
    const { name, run } = operationOf(request);
    const fault = faults.call?.(name);
    if (fault === 'slow down') throw new S3Error('SlowDown', 'Please reduce your request rate.');
    if (fault === 'failed') throw new S3Error('InternalError', 'The request failed, on purpose.');
    const { headers, ...rest } = run(request, surroundings);
    return fault === 'cut off' ? undefined : { ...rest, headers: { ...headers, 'x-amz-request-id': randomUUID() } };
  } catch (error) {
    const known = error instanceof S3Error ? error : new S3Error('InternalError', String(error));
    return refusal(known, question.method);
  }
}

/** `/<bucket>/<key>` */
function placed(question: Question): S3Request {
  const [, bucket = '', key = ''] = question.path.split(/^\/([^/]*)\/?/);
  try {
    return { ...question, bucket: decodeURIComponent(bucket), key: decodeURIComponent(key) };
  } catch {
    throw new S3Error('InvalidURI', 'Could not parse the specified URI.');
  }
}

/** Of a HEAD only the status tells what is wrong. */
function refusal({ code, message }: S3Error, method: string): Answer {
  const requestId = randomUUID();
  return {
    status: s3Statuses[code],
    headers: { 'content-type': 'application/xml', 'x-amz-request-id': requestId },
    ...(method !== 'HEAD' && { body: toXml('Error', { Code: code, Message: message, RequestId: requestId }) }),
  };
}
