import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Settings } from './settings.ts';

export interface Queues {
  /** Wakes and outside events. */
  queue: Queue;
  /** Messages that no driver could handle; the sweeper turns them into facts that their runs show. */
  deadLetters: Queue;
  /** Events and ticks that never reached their function. Nothing empties it but people. */
  undelivered: Queue;
}

/** A message comes back while its driver may still be at it unless this many times its time limit pass first. */
const visibilityFactor = 6;
const maxReceives = 5;

export function visibilityTimeout(driverTimeout: Duration): Duration {
  return Duration.seconds(visibilityFactor * driverTimeout.toSeconds());
}

export function createQueues(scope: Construct, { driverTimeout, encryptionKey }: Settings): Queues {
  if (encryptionKey) letEventBridgeUse(encryptionKey, Stack.of(scope).account);
  const common = { enforceSSL: true, ...encryption(encryptionKey) };
  const deadLetters = new Queue(scope, 'DeadLetters', { ...common, retentionPeriod: Duration.days(14) });
  const queue = new Queue(scope, 'Queue', {
    ...common,
    retentionPeriod: Duration.days(4),
    visibilityTimeout: visibilityTimeout(driverTimeout),
    deadLetterQueue: { queue: deadLetters, maxReceiveCount: maxReceives },
  });
  const undelivered = new Queue(scope, 'Undelivered', { ...common, retentionPeriod: Duration.days(14) });
  Validations.of(undelivered).acknowledge({
    id: 'AwsSolutions-SQS3',
    reason: 'It is a dead-letter queue itself, of EventBridge rules and of asynchronous invocations',
  });
  return { queue, deadLetters, undelivered };
}

function encryption(key: IKey | undefined): Pick<QueueProps, 'encryption' | 'encryptionMasterKey'> {
  if (key === undefined) return { encryption: QueueEncryption.SQS_MANAGED };
  return { encryption: QueueEncryption.KMS, encryptionMasterKey: key };
}

/** EventBridge encrypts what it puts into the queue of undelivered events. */
function letEventBridgeUse(key: IKey, account: string): void {
  key.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('events.amazonaws.com')],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:SourceAccount': account } },
    }),
  );
}
