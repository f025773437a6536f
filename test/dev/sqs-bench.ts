import { randomUUID } from 'node:crypto';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  type Message,
  type QueueAttributeName,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { expect } from 'vitest';

/** A server of SQS's protocol, and how time passes for it. */
export interface SqsServer {
  endpoint: string;
  pass(seconds: number): Promise<void>;
  /** Resolves once a receive that was begun waits at the server. */
  isWaiting(): Promise<void>;
  dispose(): Promise<void>;
}

/** The real client with what most checks need. */
export type Bench = ReturnType<typeof createBench>;

export function createBench({ endpoint, pass, isWaiting }: Omit<SqsServer, 'dispose'>) {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SQSClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  return {
    client,
    pass,
    isWaiting,
    newName: (prefix = 'queue') => `${prefix}-${randomUUID()}`,

    /** A queue of its own, by its address. */
    async createQueue(attributes: Partial<Record<QueueAttributeName, string>> = {}): Promise<string> {
      const { QueueUrl = '' } = await client.send(
        new CreateQueueCommand({ QueueName: `queue-${randomUUID()}`, Attributes: attributes }),
      );
      return QueueUrl;
    },

    async attributesOf(
      QueueUrl: string,
      ...AttributeNames: QueueAttributeName[]
    ): Promise<Partial<Record<string, string>>> {
      const { Attributes = {} } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
      return Attributes;
    },

    send: (QueueUrl: string, MessageBody: string, more: Partial<SendMessageCommandInput> = {}) =>
      client.send(new SendMessageCommand({ QueueUrl, MessageBody, ...more })),

    async receive(QueueUrl: string, more: Partial<ReceiveMessageCommandInput> = {}): Promise<Message[]> {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, ...more }),
      );
      return Messages;
    },
  };
}

export function bodiesOf(messages: readonly Message[]): (string | undefined)[] {
  return messages.map(({ Body }) => Body).sort();
}

/** An error of this name, whether or not the server puts the old prefix before those that have none. */
export function named(name: string): { name: unknown } {
  return { name: expect.stringMatching(new RegExp(`^(AWS\\.SimpleQueueService\\.)?${name}$`)) };
}
