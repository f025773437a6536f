/**
 * What AWS puts between a queue and a function: receives messages, hands them over in batches, and deletes those that the
 * function does not give back. Owns: polling, concurrency, partial batches. Does not own: visibility and redelivery,
 * which are the queue's.
 */
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';

export interface EventSourceOptions {
  sqs: SQSClient;
  queueUrl: string;
  invoke(event: SQSEvent): Promise<SQSBatchResponse>;
  /** An invocation that failed as a whole; its messages come again. */
  failed(error: unknown): void;
  /** Invocations at the same time. */
  concurrency?: number;
}

export interface EventSource {
  /** Takes nothing more, and waits for the invocations under way. */
  stop(): Promise<void>;
}

const batchSize = 10;
const waitSeconds = 20;
const receiveTimeoutMs = 25_000;

export function startEventSource({ sqs, queueUrl, invoke, failed, concurrency = 10 }: EventSourceOptions): EventSource {
  const stopped = new AbortController();
  const running = new Set<Promise<void>>();

  async function poll(): Promise<void> {
    while (!stopped.signal.aborted) {
      if (running.size >= concurrency) await Promise.race(running);
      const messages = await receive();
      if (messages.length === 0) continue;
      if (stopped.signal.aborted) return giveBack(messages);
      const batch = handle(messages).finally(() => running.delete(batch));
      running.add(batch);
    }
  }

  async function receive(): Promise<Message[]> {
    try {
      const answer = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: batchSize,
          WaitTimeSeconds: waitSeconds,
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: ['All'],
        }),
        { abortSignal: stopped.signal, requestTimeout: receiveTimeoutMs },
      );
      return answer.Messages ?? [];
    } catch (error) {
      if (!stopped.signal.aborted) failed(error);
      return [];
    }
  }

  async function handle(messages: Message[]): Promise<void> {
    try {
      const { batchItemFailures } = await invoke({ Records: messages.map((message) => recordOf(message, queueUrl)) });
      const givenBack = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      const done = messages.filter(({ MessageId }) => !givenBack.has(MessageId ?? ''));
      if (done.length === 0) return;
      await sqs.send(
        new DeleteMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: done.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
        }),
      );
    } catch (error) {
      failed(error);
    }
  }

  async function giveBack(messages: Message[]): Promise<void> {
    for (const { ReceiptHandle } of messages) {
      await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: queueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    }
  }

  const polling = poll();
  return {
    async stop() {
      stopped.abort();
      await polling;
      await Promise.all(running);
    },
  };
}

/** A message as the function gets it. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
function recordOf(message: Message, queueUrl: string): SQSRecord {
  const attributes = message.Attributes ?? {};
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: {
      ApproximateReceiveCount: attributes.ApproximateReceiveCount ?? '1',
      SentTimestamp: attributes.SentTimestamp ?? '0',
      SenderId: attributes.SenderId ?? 'local',
      ApproximateFirstReceiveTimestamp: attributes.ApproximateFirstReceiveTimestamp ?? '0',
      ...(attributes.AWSTraceHeader !== undefined && { AWSTraceHeader: attributes.AWSTraceHeader }),
    },
    messageAttributes: {},
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${queueUrl.split('/').at(-1)}`,
    awsRegion: 'us-east-1',
  };
}
