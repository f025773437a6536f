/**
 * Messages as bodies of SQS messages, and back.
 * Owns: the format on the wire; what may be trusted of what comes in. Does not own: what becomes of an unreadable body.
 * Nobody drops one: it stays in the queue until it is a dead letter, or until code that can read it gets it.
 */
import type { SQSRecord } from 'aws-lambda';
import * as z from 'zod';
import { Fault } from '../../kernel/faults.ts';
import type { Delivery, Message } from '../../ports/queue.ts';
import { messageSchema } from './schema.ts';

/** Greater than any that this code can read means: written by newer code. */
const messageFormat = 1;

/** SQS's own limit on a message, in bytes of UTF-8: body and attributes together. */
export const messageBytes = 1024 * 1024;

/** A message that cannot be used, and why. */
export interface Unreadable {
  unreadable: string;
}

/** Throws `Fault` too_large. */
export function toBody(message: Message): string {
  const body = JSON.stringify({ format: messageFormat, message }).replace(forbidden, asEscape);
  const bytes = Buffer.byteLength(body);
  if (bytes > messageBytes) {
    throw new Fault(
      'too_large',
      `The message to run ${message.run} has ${bytes} bytes; SQS takes messageBytes = ${messageBytes}. Send less, or a reference to it.`,
    );
  }
  return body;
}

export function fromBody(body: string): { message: Message } | Unreadable {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return { unreadable: 'it is not JSON' };
  }
  if (typeof parsed !== 'object' || parsed === null || !('format' in parsed) || !('message' in parsed)) {
    return { unreadable: 'it is no message of Pawl' };
  }
  if (parsed.format !== messageFormat) {
    return { unreadable: `it has the format ${JSON.stringify(parsed.format)}; this code reads ${messageFormat}` };
  }
  return readMessage(parsed.message);
}

/** A record of an SQS event, as a Lambda function gets it. */
export function toDelivery({
  body,
  receiptHandle,
  attributes,
}: Pick<SQSRecord, 'body' | 'receiptHandle'> & {
  attributes: Pick<SQSRecord['attributes'], 'ApproximateReceiveCount'>;
}): Delivery | Unreadable {
  const read = fromBody(body);
  if ('unreadable' in read) return read;
  const receives = Math.max(1, Number(attributes.ApproximateReceiveCount) || 1);
  return { message: read.message, receives, receipt: receiptHandle };
}

function readMessage(given: unknown): { message: Message } | Unreadable {
  try {
    const parsed = messageSchema.safeParse(given);
    if (parsed.success) return { message: parsed.data };
    return { unreadable: `it is not as expected: ${z.prettifyError(parsed.error)}` };
  } catch {
    return { unreadable: 'it nests too deeply' };
  }
}

/** The characters that JSON leaves as they are and SQS refuses. They can only stand within strings. */
const forbidden = /[\uFFFE\uFFFF]/g;

function asEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16)}`;
}
