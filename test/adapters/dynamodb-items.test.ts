/** What lies in the table: keys, sizes, expiry, damage. The table is looked at past the store. */
import { randomBytes } from 'node:crypto';
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import { itemSize } from '../../lib/adapters/dynamodb/item-size.ts';
import { createDynamoStore } from '../../lib/adapters/dynamodb/store.ts';
import { systemIds } from '../../lib/adapters/system/ids.ts';
import type { JournalEvent } from '../../lib/kernel/events.ts';
import type { Head } from '../../lib/kernel/head.ts';
import { foldJournal } from '../../lib/kernel/journal.ts';
import type { Store } from '../../lib/ports/store.ts';
import { aChunk, aHead, aSignal, everyEvent, T0 } from '../conformance/samples.ts';
import { type Disturbance, impatientClock, type Line, lineTo, localDynamo } from './dynamodb-local.ts';

type Item = Record<string, unknown> & { pk: string; sk: string };

const dynamo = localDynamo();

let clock: ReturnType<typeof impatientClock>;
let tableName: string;
let line: Line;
let store: Store;
let documents: DynamoDBDocumentClient;

beforeEach(async () => {
  clock = impatientClock(T0);
  tableName = await dynamo.table();
  line = lineTo(dynamo);
  store = createDynamoStore({ client: line.client, tableName, clock, ids: systemIds, indexShards: 64 });
  documents = DynamoDBDocumentClient.from(dynamo.client(), { marshallOptions: { removeUndefinedValues: true } });
});

/** All items of a run, by sort key. */
async function itemsOf(id: string): Promise<Item[]> {
  const query = new QueryCommand({
    TableName: tableName,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': `run#${id}` },
  });
  return (await documents.send(query)).Items as Item[];
}

async function itemAt(pk: string, sk: string): Promise<Item> {
  return (await documents.send(new GetCommand({ TableName: tableName, Key: { pk, sk } }))).Item as Item;
}

async function put(item: Item): Promise<void> {
  await documents.send(new PutCommand({ TableName: tableName, Item: item }));
}

async function patch(pk: string, sk: string, changes: Record<string, unknown>): Promise<void> {
  await put({ ...(await itemAt(pk, sk)), ...changes });
}

/** Of a kind that compressing does not shorten by much. */
const noise = Array.from({ length: 64 }, (_, index) => systemIds.digest(`noise ${index}`)).join('');
const jsonOfLength = (length: number) => JSON.stringify(noise.repeat(3).slice(0, length - 2));
/** Of the length that real ones have. */
const ID = '5m8w2x0c4v7n9q1r3t6y8b0d';
const NONCE = '0d8b6y3t1r9q7n4v0c2x5m8w';
const aRealHead = (birth: Partial<Head['birth']> = {}): Head =>
  aHead({
    birth: {
      id: ID,
      nonce: NONCE,
      workflow: 'order-fulfilment',
      inputDigest: 'f4t7k1m9x3v5b7n2c8z0a6s4d1',
      origin: 'api',
      deadline: T0 + 604_800_123,
      retention: 2_592_000_000,
      ...birth,
    },
    expiresAt: T0 + 3_888_000_123,
  });
const cancelled = { position: 249_999, state: { status: 'cancelled' as const, closedAt: T0 + 86_399_999 } };

describe('a billed kilobyte', () => {
  test('is counted as DynamoDB counts it', () => {
    expect(itemSize({ ab: 'é' })).toBe(4);
    expect(itemSize({ n: 1 })).toBe(3);
    expect(itemSize({ n: 1893456000001 })).toBe(9);
    expect(itemSize({ n: 100 })).toBe(3);
    expect(itemSize({ n: -12.345 })).toBe(6);
    expect(itemSize({ b: new Uint8Array(5) })).toBe(6);
    expect(itemSize({ t: true, u: undefined })).toBe(2);
    expect(itemSize({ m: { a: 'b' }, l: ['cd', 1] })).toBe(1 + 3 + 2 + 1 + (1 + 3 + 2 + 1 + 2 + 1));
  });

  test('holds a head with an input of 200 bytes, from its creation to its end', async () => {
    await store.create(aRealHead({ input: jsonOfLength(200), correlationId: 'customer-4711' }));
    const keys = async () => (await itemsOf(ID)).map(({ sk }) => sk);
    expect(await keys()).toEqual(['head']);
    await store.updateHead(ID, cancelled, { nonce: NONCE });
    expect(await keys()).toEqual(['head']);
    expect(itemSize(await itemAt(`run#${ID}`, 'head'))).toBeLessThanOrEqual(1_024);
  });

  test('holds an event with an outcome of 300 bytes', async () => {
    const driver = { id: `lambda.${NONCE}`, leaseUntil: T0 + 30_000 };
    const result = JSON.stringify({ text: 'y'.repeat(240), items: [1, 2, 3, 'a', 'b', 'c'], note: 'quoted "x"' });
    expect(result.length).toBeGreaterThan(295);
    const event: JournalEvent = {
      type: 'task_completed',
      at: T0 + 123,
      key: 'reserve stock',
      kind: 'step',
      attempt: 1,
      startedAt: T0 + 45,
      result,
    };
    const chunk = aChunk(1, { nonce: NONCE, id: `${driver.id}.17`, driver, events: [event] });
    await store.append(ID, chunk, { expiresAt: T0 + 3_888_000_123 });
    const [item] = await itemsOf(ID);
    expect(itemSize(item as Item)).toBeLessThanOrEqual(1_024);
  });

  test('is kept by a head whose input fits when it is compressed', async () => {
    const input = JSON.stringify({ lines: Array.from({ length: 40 }, (_, line) => ({ line, sku: 'EQ-48213' })) });
    expect(input.length).toBeGreaterThan(1_024);
    await store.create(aRealHead({ input }));
    const items = await itemsOf(ID);
    expect(items).toHaveLength(1);
    expect(itemSize(items[0] as Item)).toBeLessThanOrEqual(1_024);
    expect((await store.read(ID))?.head.birth.input).toBe(input);
    expect((await store.list({}, { limit: 1 })).items[0]?.birth.input).toBe(input);
  });

  test('is never exceeded by a head because of its input, whatever becomes of it', async () => {
    const lengths = Array.from({ length: 40 }, (_, index) => 400 + 15 * index);
    const places = await Promise.all(
      lengths.map(async (length) => {
        const id = ID.slice(0, -3) + length;
        await store.create(aRealHead({ id, input: jsonOfLength(length) }));
        await store.updateHead(id, cancelled, { nonce: NONCE });
        const items = await itemsOf(id);
        expect(itemSize(items.at(-1) as Item)).toBeLessThanOrEqual(1_024);
        expect((await store.read(id))?.head.birth.input).toBe(jsonOfLength(length));
        return items.length === 1 ? 'inside' : 'aside';
      }),
    );
    expect(new Set(places)).toEqual(new Set(['inside', 'aside']));
    expect(places.indexOf('aside')).toBe(places.lastIndexOf('inside') + 1);
  });
});

describe('a long input', () => {
  const input = jsonOfLength(5_000);
  const short = aHead();
  const long = aHead({ birth: { input } });

  test('lies beside the head; a reading from the start has it, in one request', async () => {
    expect(await store.create(long)).toEqual({ created: true, head: long });
    line.sent();
    expect(await store.read('run-1')).toEqual({ head: long, chunks: [], mail: [] });
    expect(line.sent()).toEqual(['Query']);
  });

  test('is missing in every other birth', async () => {
    await store.create(long);
    await store.append('run-1', aChunk(1));
    expect((await store.read('run-1', 1))?.head).toEqual(short);
    expect(await store.readHead('run-1')).toEqual(short);
    expect((await store.list({}, { limit: 1 })).items).toEqual([short]);
    expect((await store.create(aHead({ birth: { nonce: 'nonce-2' } }))).head).toEqual(short);
  });

  test('is written before the head, so that no head is without', async () => {
    line.disturb(
      'PutItem',
      (send) => send(),
      async () => {
        throw new Error('the process dies here');
      },
    );
    await expect(store.create(long)).rejects.toThrow('dies');
    expect((await itemsOf('run-1')).map(({ sk }) => sk)).toEqual(['birth#nonce-1']);
    expect(await store.read('run-1')).toBeUndefined();
    await store.create(aHead({ birth: { nonce: 'nonce-2', input: '"b"' } }));
    expect((await store.read('run-1'))?.head.birth.input).toBe('"b"');
  });

  test('of a run that could not be created is not left there', async () => {
    await store.create(short);
    expect(await store.create(aHead({ birth: { nonce: 'nonce-2', input } }))).toEqual({ created: false, head: short });
    expect((await itemsOf('run-1')).map(({ sk }) => sk)).toEqual(['head']);
  });

  test('of a run that is created twice stays', async () => {
    await store.create(long);
    expect(await store.create(long)).toEqual({ created: false, head: short });
    expect(await store.read('run-1')).toMatchObject({ head: long });
  });

  test('goes with the run', async () => {
    await store.create(long);
    await store.deleteRun('run-1', 'nonce-1');
    expect(await itemsOf('run-1')).toEqual([]);
  });

  test('that is not there is damage, and the head is named', async () => {
    await store.create(long);
    await put({ pk: 'run#run-1', sk: 'birth#nonce-1', input: 7 });
    await expect(store.read('run-1')).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('"run#run-1" / "head"'),
    });
    expect(await store.readHead('run-1')).toEqual(short);
  });

  test.each([null, {}, [1], { blob: 7 }, true])('that is neither a text nor a blob is damage: %j', async (input) => {
    await store.create(short);
    const head = (await itemsOf('run-1')).find(({ sk }) => sk === 'head');
    await put({ pk: 'run#run-1', sk: 'head', ...head, input });
    await expect(store.readHead('run-1')).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('"run#run-1" / "head"'),
    });
  });

  test('that lies in a blob stays with the head, which only refers to it', async () => {
    const head = aHead({ birth: { input: { blob: 'run-1/input', bytes: 1_000_000, digest: 'd' } } });
    await store.create(head);
    expect(await store.readHead('run-1')).toEqual(head);
  });
});

describe('expiry', () => {
  test('is told to DynamoDB in whole seconds, never too early', async () => {
    await store.create(aHead({ birth: { input: jsonOfLength(2_000) }, expiresAt: T0 + 1_001 }));
    await store.append('run-1', aChunk(1), { expiresAt: T0 + 2_000 });
    await store.putMail('run-1', 'nonce-1', aSignal('s'), T0 + 2_999);
    const seconds = T0 / 1_000;
    expect(Object.fromEntries((await itemsOf('run-1')).map(({ sk, ttl }) => [sk, ttl]))).toEqual({
      'birth#nonce-1': seconds + 2,
      'event#0000000001#nonce-1': seconds + 2,
      head: seconds + 2,
      'mail#nonce-1#s': seconds + 3,
    });
  });

  test('follows the head’s, and is left out where none is given', async () => {
    await store.create(aHead());
    await store.append('run-1', aChunk(1));
    await store.updateHead('run-1', { expiresAt: T0 + 9_500 }, { nonce: 'nonce-1' });
    expect((await itemsOf('run-1')).map(({ ttl }) => ttl)).toEqual([undefined, T0 / 1_000 + 10]);
  });

  test('is exact to readers, however long DynamoDB takes', async () => {
    await store.create(aHead({ expiresAt: T0 + 1_001 }));
    clock.pass(1_000);
    expect(await store.readHead('run-1')).toBeDefined();
    clock.pass(1);
    expect(await store.readHead('run-1')).toBeUndefined();
    expect(await store.purgeExpired(T0 + 5_000, 10)).toEqual([]);
  });
});

describe('a query that is no snapshot', () => {
  /** As if what this keeps out had been written only after the query had passed it. */
  const without =
    (...sks: string[]): Disturbance =>
    async (send) => {
      const answer = await send();
      return { ...answer, Items: (answer.Items as Item[]).filter(({ sk }) => !sks.includes(sk)) };
    };
  const second = 'event#0000000002#nonce-1';

  beforeEach(async () => {
    await store.create(aHead({ birth: { input: jsonOfLength(3_000) } }));
    for (const position of [1, 2, 3]) await store.append('run-1', aChunk(position));
    line.sent();
  });

  test('is repeated where it shows a hole', async () => {
    line.disturb('Query', without(second), without(second));
    expect((await store.read('run-1'))?.chunks.map(({ position }) => position)).toEqual([1, 2, 3]);
    expect(line.sent()).toEqual(['Query', 'Query', 'Query']);
  });

  test('is repeated where it shows a head without its input', async () => {
    line.disturb('Query', without('birth#nonce-1'));
    expect((await store.read('run-1'))?.head.birth.input).toHaveLength(3_000);
  });

  test('shows damage where the hole stays', async () => {
    line.disturb('Query', without(second), without(second), without(second));
    await expect(store.read('run-1')).rejects.toMatchObject({ code: 'corrupt', message: expect.stringContaining('2') });
  });

  test('may lack the end, which is then not known yet', async () => {
    line.disturb('Query', without('event#0000000003#nonce-1'));
    expect((await store.read('run-1'))?.chunks).toHaveLength(2);
  });

  const all = ['event#0000000001#nonce-1', second, 'event#0000000003#nonce-1'];

  test.each([
    ['a part', [second], 'damage'],
    ['the end', all.slice(1), 'not known yet'],
    ['everything', all, 'not known yet'],
    ['the input', ['birth#nonce-1'], 'damage'],
  ])('without %s is the end of the run once records may have expired', async (_, gone, before) => {
    await store.updateHead('run-1', { position: 3 }, { nonce: 'nonce-1' });
    clock.pass(1_000_999);
    line.disturb('Query', ...Array(before === 'damage' ? 3 : 1).fill(without(...gone)));
    if (before === 'damage') await expect(store.read('run-1')).rejects.toMatchObject({ code: 'corrupt' });
    else expect(await store.read('run-1')).toBeDefined();

    clock.pass(1);
    line.disturb('Query', ...Array(3).fill(without(...gone)));
    expect(await store.read('run-1')).toBeUndefined();
    line.disturb('Query', ...Array(2).fill(without(...gone)));
    expect((await store.read('run-1'))?.chunks).toHaveLength(3);
  });
});

describe('a large run', () => {
  test('is read page by page', async () => {
    await store.create(aHead());
    // Of a kind that compressing does not shorten by much.
    const result = JSON.stringify(randomBytes(100_000).toString('base64'));
    const events: JournalEvent[] = [{ type: 'task_completed', at: T0, key: 'a', kind: 'step', result }];
    for (let position = 1; position <= 25; position += 1) await store.append('run-1', aChunk(position, { events }));
    await store.putMail('run-1', 'nonce-1', aSignal('s'));
    line.sent();
    const record = await store.read('run-1');
    expect(line.sent().length).toBeGreaterThan(2);
    expect(record?.chunks).toEqual(Array.from({ length: 25 }, (_, index) => aChunk(index + 1, { events })));
    expect(record?.mail).toEqual([aSignal('s')]);
    await store.deleteRun('run-1', 'nonce-1');
    expect(await itemsOf('run-1')).toEqual([]);
  });

  test('keeps a chunk that is too long for an item in a compressed form', async () => {
    await store.create(aHead());
    const awaiting = Array.from({ length: 6_000 }, (_, index) => ({
      key: `children/${index}`,
      kind: 'child' as const,
      name: systemIds.digest(`child ${index}`),
    }));
    const chunk = aChunk(1, { events: [{ type: 'run_suspended', at: T0, wakeAt: T0 + 300_000, awaiting }] });
    expect(JSON.stringify(chunk).length).toBeGreaterThan(400 * 1_024);
    await store.append('run-1', chunk);
    expect(itemSize((await itemsOf('run-1'))[0] as Item)).toBeLessThan(200 * 1_024);
    expect((await store.read('run-1'))?.chunks).toEqual([chunk]);
  });

  test('is refused a chunk that no item holds, with the limit’s name', async () => {
    const result = JSON.stringify(randomBytes(450_000).toString('base64'));
    const events: JournalEvent[] = [{ type: 'task_completed', at: T0, key: 'a', kind: 'step', result }];
    await expect(store.append('run-1', aChunk(1, { events }))).rejects.toMatchObject({
      code: 'too_large',
      message: expect.stringContaining('400 KB'),
    });
  });
});

describe('an item', () => {
  beforeEach(async () => {
    await store.create(aHead({ birth: { input: '{"a":1}', workflow: 'ship#it', correlationId: 'c'.repeat(300) } }));
    await store.append('run-1', aChunk(1, { events: everyEvent.slice(0, 3) }));
    await store.putMail('run-1', 'nonce-1', aSignal('s'));
  });

  test('is JSON text that people can read', async () => {
    const [event, head, mail] = (await itemsOf('run-1')) as [Item, Item, Item];
    expect(JSON.parse(String(event.chunk)).events).toEqual(everyEvent.slice(0, 3));
    expect(JSON.parse(String(head.birth))).toMatchObject({ format: 1, workflow: 'ship#it', version: 1 });
    expect(head).toMatchObject({ status: 'pending', wakeAt: T0 + 30_000, input: '{"a":1}', position: 0 });
    expect(JSON.parse(String(mail.mail)).event).toEqual(aSignal('s').event);
  });

  test.each<[what: string, result: string, isPacked: boolean]>([
    ['fits a kilobyte', 'word '.repeat(100), false],
    ['takes one kilobyte less when it is compressed', 'word '.repeat(200), true],
    ['takes as many either way', randomBytes(900).toString('base64'), false],
  ])('that %s is compressed only where that saves a write unit', async (_what, result, isPacked) => {
    const events: JournalEvent[] = [{ type: 'task_completed', at: T0, key: 'a', kind: 'step', result: `"${result}"` }];
    await store.append('run-1', aChunk(2, { events }));
    const [, item] = await itemsOf('run-1');
    expect(item?.chunk instanceof Uint8Array).toBe(isPacked);
    expect((await store.read('run-1', 1))?.chunks).toEqual([aChunk(2, { events })]);
  });

  test('has no key that DynamoDB would refuse', async () => {
    for (const item of await itemsOf('run-1')) {
      for (const [name, value] of Object.entries(item).filter(([name]) => /pk$|sk$/i.test(name))) {
        expect(Buffer.byteLength(String(value)), name).toBeGreaterThan(0);
        expect(Buffer.byteLength(String(value)), name).toBeLessThanOrEqual(/sk$/i.test(name) ? 1_024 : 2_048);
      }
    }
  });

  test.each([
    ['event#0000000001#nonce-1', { chunk: '{"format":1,"at"' }],
    ['event#0000000001#nonce-1', { chunk: 'null' }],
    ['event#0000000001#nonce-1', { chunk: '{}' }],
    ['event#0000000001#nonce-1', { chunk: '{"format":1,"append":".1","at":1,"events":[]}' }],
    ['event#0000000001#nonce-1', { chunk: new Uint8Array([31, 139, 8]) }],
    ['head', { birth: '' }],
    ['head', { input: new Uint8Array([31, 139, 8]) }],
    ['head', { input: 7 }],
    ['head', { birth: '{"version":1}' }],
    ['head', { position: 'first' }],
    ['head', { creationPk: undefined, nonce: undefined }],
    ['head', { wakeAt: undefined }],
    ['head', { status: 'completed' }],
    ['mail#nonce-1#s', { mail: '{"event":{}}' }],
    ['mail#nonce-1#s', { mail: '[' }],
  ])('that is damaged (%s: %o) is named', async (sk, damage) => {
    await patch('run#run-1', sk, damage);
    await expect(store.read('run-1')).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining(`"run#run-1" / "${sk}"`),
    });
  });

  test('of a newer format comes to those who refuse it as such', async () => {
    await patch('run#run-1', 'event#0000000001#nonce-1', { chunk: '{"format":2,"nobody":"knows"}' });
    const record = await store.read('run-1');
    expect(() => foldJournal(record?.head.birth as Head['birth'], record?.chunks ?? [])).toThrow(
      expect.objectContaining({ code: 'newer_format' }),
    );
    await patch('run#run-1', 'head', { birth: '{"format":3,"nobody":"knows"}' });
    const head = await store.readHead('run-1');
    expect(head).toMatchObject({ birth: { format: 3, id: 'run-1' }, state: { status: 'pending' } });
    expect(() => foldJournal(head?.birth as Head['birth'], [])).toThrow(
      expect.objectContaining({ code: 'newer_format' }),
    );
    await patch('run#run-1', 'head', { status: 'hibernating' });
    await expect(store.readHead('run-1')).rejects.toMatchObject({ code: 'newer_format' });
  });

  test('holds a reason that was cut in the middle of a character', async () => {
    await store.updateHead(
      'run-1',
      { state: { status: 'blocked', wakeAt: T0, reason: 'got 😀 and \ud83d' } },
      { nonce: 'nonce-1' },
    );
    expect((await store.readHead('run-1'))?.state).toMatchObject({ reason: 'got 😀 and \ufffd' });
  });

  test.each(['', 'x'.repeat(201), 'a\u0000b', 'a\ud800'])('is not made for the id %j', async (id) => {
    await expect(store.create(aHead({ birth: { id } }))).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(store.readHead(id)).rejects.toMatchObject({ code: 'invalid_input' });
  });
});
