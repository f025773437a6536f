import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, PutObjectCommand, PutObjectTaggingCommand } from '@aws-sdk/client-s3';
import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { tableShape } from '../../lib/adapters/dynamodb/table.ts';
import { createMeter, type Meter } from '../../lib/cost/meter.ts';
import type { Use } from '../../lib/cost/uses.ts';
import { type LocalServices, startLocalServices } from '../../lib/dev/services.ts';
import { systemClock } from '../../lib/wiring/system.ts';

let services: LocalServices;
let meter: Meter;
let table: string;

beforeAll(async () => {
  services = await startLocalServices({ clock: systemClock, visibilityMs: 30_000 });
  table = services.environment.table;
  meter = createMeter({ shape: tableShape, clock: systemClock });
  meter.wrapClients(services.clients);
});

beforeEach(() => meter.reset());

afterAll(() => services.close());

const dynamodb = (): DynamoDBClient => services.clients.dynamodb;
const event = (name: string, body = 'b') => ({ pk: { S: 'run#1' }, sk: { S: `event#${name}` }, body: { S: body } });
const keyOf = ({ pk, sk }: ReturnType<typeof event>) => ({ pk, sk });
const put = (name: string, body?: string) =>
  dynamodb().send(new PutItemCommand({ TableName: table, Item: event(name, body) }));
const seen = () => meter.uses().map((use: Use) => ({ ...use, gbMonths: undefined }));

test('a batch of reads pays for each item, and for each that is not there', async () => {
  await put('1', 'x'.repeat(5_000));
  await put('2');
  meter.reset();
  const Keys = [event('1'), event('2'), event('none')].map(keyOf);
  await dynamodb().send(new BatchGetItemCommand({ RequestItems: { [table]: { Keys, ConsistentRead: true } } }));
  expect(seen()).toMatchObject([{ operation: 'BatchGetItem', readUnits: 2 + 1 + 1 }]);
});

test('a batch of writes pays for each item', async () => {
  await put('3', 'x'.repeat(3_000));
  meter.reset();
  const requests = [{ DeleteRequest: { Key: keyOf(event('3')) } }, { PutRequest: { Item: event('4') } }];
  await dynamodb().send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }));
  expect(seen()).toMatchObject([{ writeUnits: 3 }, { writeUnits: 1 }]);
});

test('a query pays for the sum of what it reads, and for more than it gives if it filters', async () => {
  const items = Array.from({ length: 4 }, (_, index) => ({
    ...event(`q${index}`, 'x'.repeat(1_500)),
    pk: { S: 'run#query' },
  }));
  for (const Item of items) await dynamodb().send(new PutItemCommand({ TableName: table, Item }));
  meter.reset();
  const query = {
    TableName: table,
    ConsistentRead: true,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: 'run#query' } },
  };
  await dynamodb().send(new QueryCommand(query));
  await dynamodb().send(new QueryCommand({ ...query, ProjectionExpression: 'sk' }));
  expect(seen()).toMatchObject([{ readUnits: 2 }, { readUnits: 2 }]);
});

test('requests of the document client are counted alike', async () => {
  const documents = DynamoDBDocumentClient.from(dynamodb());
  const Item = { pk: 'run#d', sk: 'head', statusPk: 'open#0', statusSk: '1', creationPk: 'w', creationSk: '0', n: 1.5 };
  await documents.send(new PutCommand({ TableName: table, Item }));
  const update = (statusPk: string) =>
    documents.send(
      new UpdateCommand({
        TableName: table,
        Key: { pk: 'run#d', sk: 'head' },
        UpdateExpression: 'SET statusPk = :to',
        ExpressionAttributeValues: { ':to': statusPk },
      }),
    );
  await update('open#0');
  await update('open#1');
  await update('completed#1');
  expect(seen()).toMatchObject([
    { about: 'head', writeUnits: 1, indexUnits: { status: 1, creation: 1 } },
    { head: 'kept', writeUnits: 1, indexUnits: {} },
    { head: 'moved', writeUnits: 1, indexUnits: { status: 2 } },
    { head: 'closed', writeUnits: 1, indexUnits: { status: 2 } },
  ]);
});

test('writes at the same time are each counted by what they found', async () => {
  await Promise.all([put('same', 'x'.repeat(2_500)), put('same')]);
  const units = seen().map((use) => ('writeUnits' in use ? use.writeUnits : 0));
  expect(units.sort()).toEqual([3, 3]);
});

test('a failed condition is paid, a refused request is not', async () => {
  await put('there', 'x'.repeat(2_500));
  meter.reset();
  const again = { TableName: table, Item: event('there'), ConditionExpression: 'attribute_not_exists(pk)' };
  await expect(dynamodb().send(new PutItemCommand(again))).rejects.toThrow('conditional');
  await expect(dynamodb().send(new PutItemCommand({ ...again, ConditionExpression: '?' }))).rejects.toThrow('Invalid');
  expect(seen()).toMatchObject([
    { outcome: 'condition_failed', writeUnits: 3, indexUnits: {} },
    { outcome: 'failed', writeUnits: 0 },
  ]);
});

test('a write answers as it would without a meter', async () => {
  await put('asked');
  const update = { TableName: table, Key: keyOf(event('asked')), UpdateExpression: 'SET body = :b' };
  const to = (b: string) => ({ ExpressionAttributeValues: { ':b': { S: b } } });
  meter.reset();
  const plain = await dynamodb().send(new UpdateItemCommand({ ...update, ...to('x'.repeat(1_500)) }));
  const asked = await dynamodb().send(new UpdateItemCommand({ ...update, ...to('c'), ReturnValues: 'UPDATED_OLD' }));
  const over = await dynamodb().send(new PutItemCommand({ TableName: table, Item: event('asked') }));
  const removed = await dynamodb().send(new DeleteItemCommand({ TableName: table, Key: keyOf(event('asked')) }));
  expect([plain, over, removed].map(({ Attributes }) => Attributes)).toEqual([undefined, undefined, undefined]);
  expect(asked.Attributes).toEqual({ body: { S: 'x'.repeat(1_500) } });
  expect(seen()).toMatchObject([{ writeUnits: 2 }, { writeUnits: 2 }, { writeUnits: 1 }, { writeUnits: 1 }]);
});

test('what the meter cannot price it refuses, before anything is done', async () => {
  const transaction = new TransactWriteItemsCommand({
    TransactItems: [{ Put: { TableName: table, Item: event('t') } }],
  });
  await expect(dynamodb().send(transaction)).rejects.toThrow('does not know what TransactWriteItems costs');
  const { s3 } = services.clients;
  const tagging = new PutObjectTaggingCommand({
    Bucket: services.environment.bucket,
    Key: 'k',
    Tagging: { TagSet: [] },
  });
  await expect(s3.send(tagging)).rejects.toThrow('does not know what PutObjectTagging costs');
});

test('messages are paid by 64 KB, a batch as a whole', async () => {
  const { sqs } = services.clients;
  const { queueUrl: QueueUrl } = services.environment;
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x'.repeat(65_537) }));
  const Entries = ['a', 'b'].map((Id) => ({ Id, MessageBody: 'x'.repeat(40_000) }));
  await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  expect(seen()).toMatchObject([
    { operation: 'SendMessage', requests: 2, messages: 1 },
    { operation: 'SendMessageBatch', requests: 2, messages: 2 },
    { operation: 'ReceiveMessage', requests: 3, messages: 3 },
    { operation: 'DeleteMessage', requests: 1 },
    { operation: 'DeleteMessage', requests: 1 },
    { operation: 'DeleteMessage', requests: 1 },
    { operation: 'ReceiveMessage', requests: 1, messages: 0 },
  ]);
});

test('objects are paid by request, and by how long their tag keeps them', async () => {
  const { s3 } = services.clients;
  const object = { Bucket: services.environment.bucket, Key: 'run/payload' };
  await s3.send(new PutObjectCommand({ ...object, Body: 'x'.repeat(1_024), Tagging: 'pawl-expires-days=90' }));
  await s3.send(new GetObjectCommand(object));
  expect(meter.uses()).toMatchObject([
    { operation: 'PutObject', tier: 'put', gbMonths: 3 / 1_024 ** 2, tagMonths: 3 },
    { operation: 'GetObject', tier: 'get', gbMonths: 0 },
  ]);
});

test('what is used in an invocation is its function’s; what is silent is nobody’s', async () => {
  await meter.invocation('driver', async () => {
    await put('by the driver');
    await meter.silently(() => put('by nobody'));
  });
  await put('by what AWS does itself');
  expect(seen()).toMatchObject([
    { service: 'dynamodb', by: 'driver' },
    { service: 'lambda', by: 'driver', requests: 1 },
    { service: 'dynamodb', by: 'event source' },
  ]);
});
