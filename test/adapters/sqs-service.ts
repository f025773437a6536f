import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SqsFaults } from '../../lib/dev/sqs/faults.ts';
import { startLocalSqs } from '../../lib/dev/sqs/server.ts';
import type { Clock } from '../../lib/ports/clock.ts';

/** A queue with its dead letters at a local SQS, made as the infrastructure makes them, and the real client. */
export async function startSqsService({
  clock,
  visibilityMs = 60_000,
  receiveLimit = 3,
  faults = {},
}: {
  clock: Clock;
  visibilityMs?: number;
  receiveLimit?: number;
  faults?: SqsFaults;
}) {
  const sqs = await startLocalSqs({ clock, faults });
  const client = new SQSClient({
    endpoint: sqs.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  const visibility = { VisibilityTimeout: String(visibilityMs / 1_000) };
  const deadLetters = await client.send(new CreateQueueCommand({ QueueName: 'dead', Attributes: visibility }));
  const deadLetterQueueUrl = deadLetters.QueueUrl ?? '';
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: deadLetterQueueUrl, AttributeNames: ['QueueArn'] }),
  );
  const redrive = { deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount: receiveLimit };
  const main = await client.send(
    new CreateQueueCommand({
      QueueName: 'wakes',
      Attributes: { ...visibility, RedrivePolicy: JSON.stringify(redrive) },
    }),
  );
  return {
    sqs,
    client,
    queueUrl: main.QueueUrl ?? '',
    deadLetterQueueUrl,
    /** Resolves once a receive waits at the queue. */
    async isWaiting() {
      while (sqs.core.waiting === 0) await clock.macrotask();
    },
    async dispose() {
      client.destroy();
      await sqs.close();
    },
  };
}
