/** What a request may say. Everything is checked here; behind it only good values come. */
import * as z from 'zod';
import type { Attributes, Content } from './content.ts';
import { invalidValue, SqsError } from './errors.ts';

const attributeValue = z.object({
  DataType: z.string(),
  StringValue: z.string().nullish().transform(absent),
  BinaryValue: z.string().nullish().transform(absent),
});
const attributes = z
  .record(z.string(), attributeValue)
  .nullish()
  .transform((given): Attributes => given ?? {});
const settings = z.record(z.string(), z.string());
const names = z
  .array(z.string())
  .nullish()
  .transform((given) => given ?? []);
const optionalNumber = z.number().int().nullish().transform(absent);
const optionalText = z.string().nullish().transform(absent);
const ofQueue = { QueueUrl: z.string() };

const outgoing = {
  MessageBody: z.string(),
  DelaySeconds: optionalNumber,
  MessageAttributes: attributes,
  MessageSystemAttributes: attributes,
};
const visibility = { ReceiptHandle: z.string(), VisibilityTimeout: z.number().int() };
/** The entries of a batch are checked one by one, since one that is wrong fails alone. */
const batch = z.object({ ...ofQueue, Entries: z.array(z.looseObject({ Id: z.string() })) });

export const parameters = {
  CreateQueue: z.object({ QueueName: z.string(), Attributes: settings.nullish().transform((given) => given ?? {}) }),
  GetQueueUrl: z.object({ QueueName: z.string() }),
  ListQueues: z.object({ QueueNamePrefix: optionalText, MaxResults: optionalNumber, NextToken: optionalText }),
  GetQueueAttributes: z.object({ ...ofQueue, AttributeNames: names }),
  SetQueueAttributes: z.object({ ...ofQueue, Attributes: settings }),
  PurgeQueue: z.object(ofQueue),
  SendMessage: z.object({ ...ofQueue, ...outgoing }),
  SendMessageBatch: batch,
  SendMessageBatchEntry: z.object({ Id: z.string(), ...outgoing }),
  ReceiveMessage: z.object({
    ...ofQueue,
    AttributeNames: names,
    MessageSystemAttributeNames: names,
    MessageAttributeNames: names,
    MaxNumberOfMessages: optionalNumber,
    VisibilityTimeout: optionalNumber,
    WaitTimeSeconds: optionalNumber,
  }),
  DeleteMessage: z.object({ ...ofQueue, ReceiptHandle: z.string() }),
  DeleteMessageBatch: batch,
  DeleteMessageBatchEntry: z.object({ Id: z.string(), ReceiptHandle: z.string() }),
  ChangeMessageVisibility: z.object({ ...ofQueue, ...visibility }),
  ChangeMessageVisibilityBatch: batch,
  ChangeMessageVisibilityBatchEntry: z.object({ Id: z.string(), ...visibility }),
};

export function parse<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const { path = [], message = '', input: value } = parsed.error.issues[0] ?? {};
  const parameter = path.join('.');
  if (value === undefined && isAbsent(input, path)) {
    throw new SqsError('MissingParameter', `The request must contain the parameter ${parameter}.`);
  }
  throw invalidValue(JSON.stringify(value), parameter, message);
}

export interface Bounds {
  from: number;
  to: number;
}

export function assertWithin(value: number | undefined, parameter: string, { from, to }: Bounds): void {
  if (value === undefined || (value >= from && value <= to)) return;
  const reason =
    parameter === 'MaxNumberOfMessages'
      ? `Must be between ${from} and ${to}, if provided.`
      : `Must be >= ${from} and <= ${to}, if provided.`;
  throw invalidValue(value, parameter, reason);
}

export function contentOf(given: {
  MessageBody: string;
  MessageAttributes: Attributes;
  MessageSystemAttributes: Attributes;
}): Content {
  return {
    body: given.MessageBody,
    attributes: given.MessageAttributes,
    systemAttributes: given.MessageSystemAttributes,
  };
}

function isAbsent(input: unknown, path: readonly PropertyKey[]): boolean {
  const found = path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], input);
  return found === undefined;
}

function absent<T>(value: T | null | undefined): T | undefined {
  return value ?? undefined;
}
