/**
 * The functions over stand-ins of DynamoDB, SQS and S3, asked over HTTP as a client asks them. Time is real, and leaps
 * when the test says so.
 *
 * Owns: what a test does to the queue and to the lines between functions and services. Does not own: what is asserted.
 */
import { DeleteMessageCommand, GetQueueAttributesCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { createClient, type PawlClient } from '../../lib/client/index.ts';
import { type LocalAws, type LocalAwsOptions, startLocalAws } from '../../lib/dev/local-aws.ts';
import type { ShiftedClock } from '../../lib/dev/shifted-clock.ts';
import type { RunStatus } from '../../lib/kernel/head.ts';
import type { AwsClients } from '../../lib/wiring/aws/clients.ts';

export interface AwsStage {
  readonly aws: LocalAws;
  readonly client: PawlClient;
  readonly clock: ShiftedClock;
  /** What the functions complained of. */
  readonly troubles: string[];
  /** Lets real time pass, and `skipMs` more of it at each look, until the condition holds. */
  until(condition: () => boolean | Promise<boolean>, skipMs?: number): Promise<void>;
  /** The promise's answer, for which time is skipped as long as it takes. */
  passing<T>(promise: Promise<T>, skipMs: number): Promise<T>;
  /** A condition for `until`. */
  is(id: string, status: RunStatus): () => Promise<boolean>;
  /** The queue's messages, handed to the driver by hand until there are none. */
  deliver(): Promise<void>;
  /** Somebody deletes the messages. Answers with their number. */
  takeAway(): Promise<number>;
  /** Nobody handles the messages, as often as they come, until one is a dead letter. */
  exhaust(): Promise<void>;
  close(): Promise<void>;
}

export type AwsStageOptions = Pick<LocalAwsOptions, 'workflows'> &
  Partial<Omit<LocalAwsOptions, 'clock'>> & { clock: ShiftedClock };

const minute = 60_000;
const patienceMs = 15_000;

export async function openAwsStage(options: AwsStageOptions): Promise<AwsStage> {
  const { clock } = options;
  const troubles: string[] = [];
  const aws = await startLocalAws({
    deployment: 'first',
    port: 0,
    observer: { troubled: ({ message, error }) => troubles.push(`${message}: ${error}`) },
    schedule: false,
    ...options,
  });
  const client = createClient({ url: aws.url });
  const { sqs } = aws.services.clients;
  const { queueUrl, deadLetterQueueUrl } = aws.services.environment;

  async function until(condition: () => boolean | Promise<boolean>, skipMs = 0): Promise<void> {
    const giveUpAt = Date.now() + patienceMs;
    while (!(await condition())) {
      if (Date.now() > giveUpAt) throw new Error(`Still not so. Troubles: ${troubles.join('; ')}`);
      clock.skip(skipMs);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async function receive() {
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: 10,
        MessageSystemAttributeNames: ['All'],
      }),
    );
    return Messages ?? [];
  }

  async function remove(messages: Awaited<ReturnType<typeof receive>>): Promise<void> {
    for (const { ReceiptHandle } of messages) {
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
    }
  }

  return {
    aws,
    client,
    clock,
    troubles,
    until,
    async passing(promise, skipMs) {
      let isOver = false;
      const end = () => {
        isOver = true;
      };
      promise.then(end, end);
      await until(() => isOver, skipMs);
      return promise;
    },
    is: (id, status) => async () => (await client.getRun(id)).status === status,

    async deliver() {
      for (let records = await receive(); records.length > 0; records = await receive()) {
        const event = {
          Records: records.map((message) => ({
            messageId: message.MessageId,
            receiptHandle: message.ReceiptHandle,
            body: message.Body,
            attributes: message.Attributes,
          })),
        };
        const { batchItemFailures } = (await aws.invoke('driver', event)) as { batchItemFailures: unknown[] };
        if (batchItemFailures.length > 0) throw new Error(`Given back: ${JSON.stringify(batchItemFailures)}`);
        await remove(records);
      }
    },

    async takeAway() {
      const messages = await receive();
      await remove(messages);
      return messages.length;
    },

    async exhaust() {
      await until(async () => {
        await receive();
        const { Attributes } = await sqs.send(
          new GetQueueAttributesCommand({
            QueueUrl: deadLetterQueueUrl,
            AttributeNames: ['ApproximateNumberOfMessages'],
          }),
        );
        return Attributes?.ApproximateNumberOfMessages === '1';
      }, 13 * minute);
    },

    close: () => aws.close(),
  };
}

/** A request on its way to a service. */
export interface AwsCall {
  /** 'PutItem', 'Query', 'SendMessage' … */
  command: string;
  input: Record<string, unknown>;
}

export type AwsTrouble =
  /** Never arrives, and its sender hears nothing any more: its process is as good as dead, or frozen until the promise resolves. */
  | { do: 'hang'; until: Promise<void> }
  /** Carried out, and the answer is lost. */
  | { do: 'unanswered' }
  /** Not carried out, and says that it is too much just now. */
  | { do: 'throttle' }
  /** Carried out, and answered with something else. */
  | { do: 'answer'; with(output: Record<string, unknown>): Record<string, unknown> };

/** The same clients, whose calls go through a rule first. */
export function disturbed(clients: AwsClients, rule: (call: AwsCall) => AwsTrouble | undefined): AwsClients {
  for (const client of Object.values(clients) as Pick<AwsClients['sqs'], 'middlewareStack'>[]) {
    client.middlewareStack.add(
      (next, { commandName = '' }) =>
        async (args) => {
          const command = commandName.replace(/Command$/, '');
          const trouble = rule({ command, input: args.input as unknown as Record<string, unknown> });
          if (trouble?.do === 'hang') await trouble.until;
          if (trouble?.do === 'throttle') {
            throw Object.assign(new Error('slow down'), { name: 'ThrottlingException', $metadata: {} });
          }
          const answer = await next(args);
          if (trouble?.do === 'unanswered') throw Object.assign(new Error('no answer'), { name: 'TimeoutError' });
          if (trouble?.do !== 'answer') return answer;
          return { ...answer, output: trouble.with(answer.output as unknown as Record<string, unknown>) as never };
        },
      { step: 'initialize' },
    );
  }
  return clients;
}

/** A promise that nobody keeps. */
export const forever = new Promise<never>(() => {});
