import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, test } from 'vitest';
import { troubleOf } from '../../lib/adapters/aws-calls.ts';
import { defaultLimits } from '../../lib/kernel/limits.ts';
import { createAwsClients } from '../../lib/wiring/aws/all-clients.ts';
import { type AwsClients, serviceTimeouts } from '../../lib/wiring/aws/clients.ts';

const timeouts = { connectMs: 500, answerMs: 200, payloadMs: 300, pollMs: 2_000 };
let server: Server;
let clients: AwsClients;

async function begin(answer: (response: ServerResponse) => void): Promise<void> {
  server = createServer((_request, response) => answer(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  clients = createAwsClients({ dynamodb: url, sqs: url, s3: url }, timeouts);
}

afterEach(async () => {
  for (const client of Object.values(clients)) client.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const silent = () => {};
const halfAnAnswer = (response: ServerResponse) => {
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0', 'content-length': '100' });
  response.write('{"half":');
};
const requests: [string, () => Promise<unknown>][] = [
  ['DynamoDB', () => clients.dynamodb.send(new GetItemCommand({ TableName: 't', Key: { pk: { S: 'a' } } }))],
  ['SQS', () => clients.sqs.send(new SendMessageCommand({ QueueUrl: 'http://127.0.0.1/0/q', MessageBody: 'm' }))],
  [
    'S3',
    async () => (await clients.s3.send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }))).Body?.transformToString(),
  ],
];

describe('a service that keeps a request waiting', () => {
  test.each(requests)('%s: without an answer the request has failed, and may be made again', async (_name, request) => {
    await begin(silent);
    const error = await request().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'TimeoutError' });
    expect(troubleOf(error)).toBe('transient');
  });

  test.each(requests)('%s: an answer that never ends is none', async (_name, request) => {
    await begin(halfAnAnswer);
    const error = await request().catch((thrown: unknown) => thrown);
    expect(troubleOf(error)).toBe('transient');
  });

  test('SQS: who waits for messages may wait for longer', async () => {
    await begin((response) => {
      setTimeout(() => {
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
        response.end('{"Messages":[]}');
      }, 2 * timeouts.answerMs);
    });
    const command = new ReceiveMessageCommand({ QueueUrl: 'http://127.0.0.1/0/q', WaitTimeSeconds: 20 });
    expect((await clients.sqs.send(command, { requestTimeout: timeouts.pollMs })).Messages).toEqual([]);
  });

  test('the last attempt of an operation has ended before a lease does', () => {
    const patienceMs = 10_000;
    const { connectMs, answerMs, payloadMs } = serviceTimeouts;
    for (const longest of [connectMs + 2 * answerMs, connectMs + payloadMs])
      expect(patienceMs + longest).toBeLessThan(defaultLimits.leaseMs);
  });
});
