/** The operations on one queue of SQS, tried again while they fail for a moment. All of them are harmless to repeat. */
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Calls } from '../aws-calls.ts';

/** Limits of SQS. */
const mostMessages = 10;
const longestDelayS = 15 * 60;
const longestWaitS = 20;
/** SQS counts 12 hours from the receive on; what has passed of them is not known here. */
const longestHiddenS = 10 * 60 * 60;

/** What a receive may take beyond the time that it waits for messages, in ms. */
const answerMs = 5_000;

type Count = 'ApproximateNumberOfMessages' | 'ApproximateNumberOfMessagesNotVisible';

export interface Outgoing {
  body: string;
  /** What is sent where the body may have been sent already. Default: the same. */
  again?: () => string;
  delayMs?: number;
  attributes?: Record<string, MessageAttributeValue> | undefined;
  trace?: string | undefined;
}

/** Times are rounded up to whole seconds, and cut to what SQS takes. */
export function createOneQueue({ client, call, queueUrl }: { client: SQSClient; call: Calls; queueUrl: string }) {
  const QueueUrl = queueUrl;
  return {
    async send({ body, again = () => body, delayMs = 0, attributes, trace }: Outgoing): Promise<void> {
      const request = {
        QueueUrl,
        DelaySeconds: wholeSeconds(delayMs, longestDelayS),
        MessageAttributes: attributes,
        ...(trace && { MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: trace } } }),
      };
      await call('take a message', (failures) =>
        client.send(new SendMessageCommand({ ...request, MessageBody: failures === 0 ? body : again() })),
      );
    },

    async receive({ max, waitMs = 0 }: { max: number; waitMs?: number }): Promise<Message[]> {
      const WaitTimeSeconds = wholeSeconds(waitMs, longestWaitS);
      const command = new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: Math.min(max, mostMessages),
        WaitTimeSeconds,
        MessageSystemAttributeNames: ['ApproximateReceiveCount', 'AWSTraceHeader'],
        MessageAttributeNames: ['All'],
      });
      const requestTimeout = WaitTimeSeconds * 1_000 + answerMs;
      const { Messages = [] } = await call('give messages', () => client.send(command, { requestTimeout }));
      return Messages;
    },

    async remove(receipt: string): Promise<void> {
      const command = new DeleteMessageCommand({ QueueUrl, ReceiptHandle: receipt });
      await call('delete a message', () => client.send(command).catch(ignoreStaleReceipt));
    },

    async showIn(receipt: string, delayMs: number): Promise<void> {
      const VisibilityTimeout = wholeSeconds(delayMs, longestHiddenS);
      const command = new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: receipt, VisibilityTimeout });
      await call('give a message back', () => client.send(command).catch(ignoreStaleReceipt));
    },

    /** The sum of these counts, of which SQS says that they are about right. */
    async count(...names: Count[]): Promise<number> {
      const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: names });
      const { Attributes = {} } = await call('count messages', () => client.send(command));
      return names.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
    },
  };
}

export type OneQueue = ReturnType<typeof createOneQueue>;

/** The message was deleted, or somebody else has it by now: whoever comes late has nothing to say any more. */
function ignoreStaleReceipt(error: unknown): void {
  const isStale =
    error instanceof Error &&
    (error.name === 'ReceiptHandleIsInvalid' ||
      error.name === 'MessageNotInflight' ||
      (error.name.startsWith('InvalidParameterValue') && error.message.includes('ReceiptHandle')));
  if (!isStale) throw error;
}

function wholeSeconds(ms: number, longest: number): number {
  return Math.min(longest, Math.max(0, Math.ceil(ms / 1_000)));
}
