/** The services' stand-ins, with a table, a queue, its dead letters and a bucket in them, made as the infrastructure makes them. */
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { Fault } from '../kernel/faults.ts';
import type { Clock } from '../ports/clock.ts';
import { createAwsClients } from '../wiring/aws/all-clients.ts';
import type { AwsClients, Endpoints } from '../wiring/aws/clients.ts';
import type { AwsEnvironment } from '../wiring/aws/environment.ts';
import { createLocalTable } from '../wiring/aws/local-table.ts';
import { quietAwsSdk } from '../wiring/environment.ts';
import { startLocalS3 } from './s3/server.ts';
import type { SqsFaults } from './sqs/faults.ts';
import { startLocalSqs } from './sqs/server.ts';
import { connectionsAtOnce } from './stand-in-server.ts';

export interface LocalServices {
  endpoints: Endpoints;
  clients: AwsClients;
  environment: Pick<AwsEnvironment, 'table' | 'queueUrl' | 'deadLetterQueueUrl' | 'bucket' | 'indexShards'>;
  close(): Promise<void>;
}

const names = { table: 'pawl', queue: 'pawl-wakes', deadLetters: 'pawl-dead-letters', bucket: 'pawl-payloads' };
const maxReceives = 5;

export interface LocalServicesOptions {
  clock: Clock;
  /** How long a received message stays hidden, in ms. */
  visibilityMs: number;
  /** What goes wrong in the queue on purpose. */
  sqsFaults?: SqsFaults | undefined;
}

export async function startLocalServices({
  clock,
  visibilityMs,
  sqsFaults = {},
}: LocalServicesOptions): Promise<LocalServices> {
  quietAwsSdk();
  const dynamodb = await startDynalite();
  const [sqs, s3] = await Promise.all([startLocalSqs({ clock, faults: sqsFaults }), startLocalS3()]);
  const endpoints: Endpoints = { dynamodb: dynamodb.url, sqs: sqs.url, s3: s3.url };
  const clients = createAwsClients(endpoints);
  await createLocalTable(clients.dynamodb, names.table);
  const deadLetterQueueUrl = await createQueue(clients, names.deadLetters, {});
  const { Attributes } = await clients.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: deadLetterQueueUrl, AttributeNames: ['QueueArn'] }),
  );
  const queueUrl = await createQueue(clients, names.queue, {
    VisibilityTimeout: String(Math.round(visibilityMs / 1_000)),
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount: maxReceives }),
  });
  await clients.s3.send(new CreateBucketCommand({ Bucket: names.bucket }));
  return {
    endpoints,
    clients,
    environment: { table: names.table, queueUrl, deadLetterQueueUrl, bucket: names.bucket, indexShards: 4 },
    async close() {
      for (const client of Object.values(clients)) client.destroy();
      await Promise.all([sqs.close(), s3.close(), dynamodb.close()]);
    },
  };
}

async function createQueue({ sqs }: AwsClients, name: string, attributes: Record<string, string>): Promise<string> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  return QueueUrl ?? '';
}

interface DynaliteServer {
  listen(port: number, host: string, backlog: number, callback: (error?: Error) => void): void;
  address(): { port: number };
  close(callback: () => void): void;
  closeAllConnections?(): void;
}

async function startDynalite(): Promise<{ url: string; close(): Promise<void> }> {
  const { default: dynalite } = await loadDynalite();
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve, reject) =>
    server.listen(0, '127.0.0.1', connectionsAtOnce, (error) => (error ? reject(error) : resolve())),
  );
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections?.();
      }),
  };
}

async function loadDynalite(): Promise<{ default: (options: { createTableMs: number }) => DynaliteServer }> {
  // Named by a variable, so that no bundler looks for what need not be installed.
  const name = 'dynalite';
  try {
    return await import(name);
  } catch (cause) {
    throw new Fault(
      'invalid_input',
      'AWS on one machine needs the package dynalite, a stand-in for DynamoDB. Install it with: npm install --save-dev dynalite@4',
      { cause },
    );
  }
}
