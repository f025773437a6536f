/** Lists from indexes that are spread over partitions, lag behind, and hold little more than keys. */
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import { compareSks } from '../../lib/adapters/dynamodb/keys.ts';
import { merge } from '../../lib/adapters/dynamodb/merge.ts';
import { createDynamoStore } from '../../lib/adapters/dynamodb/store.ts';
import { systemIds } from '../../lib/adapters/system/ids.ts';
import type { HeadState } from '../../lib/kernel/head.ts';
import type { RunFilter, Store } from '../../lib/ports/store.ts';
import { aHead, T0 } from '../conformance/samples.ts';
import { type Disturbance, impatientClock, type Line, lineTo, localDynamo } from './dynamodb-local.ts';

const dynamo = localDynamo();

let clock: ReturnType<typeof impatientClock>;
let tableName: string;
let line: Line;

beforeEach(async () => {
  clock = impatientClock(T0);
  tableName = await dynamo.table();
  line = lineTo(dynamo);
});

function open(indexShards?: number): Store {
  const spread = indexShards === undefined ? {} : { indexShards };
  return createDynamoStore({ client: line.client, tableName, clock, ids: systemIds, ...spread });
}

async function create(store: Store, ids: string[], rest: { workflow?: string; state?: HeadState } = {}): Promise<void> {
  const { state, ...birth } = rest;
  await Promise.all(
    ids.map((id, index) =>
      store.create(aHead({ birth: { id, createdAt: T0 + index, ...birth }, ...(state && { state }) })),
    ),
  );
}

async function list(store: Store, filter: RunFilter = {}, limit = 100): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.list(filter, cursor === undefined ? { limit } : { limit, cursor });
    ids.push(...page.items.map(({ birth }) => birth.id));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return ids;
}

async function due(store: Store, until = T0 + 60_000, limit = 100): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.listDue(until, cursor === undefined ? { limit } : { limit, cursor });
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return ids;
}

async function itemOf(id: string): Promise<Record<string, unknown>> {
  const documents = DynamoDBDocumentClient.from(line.client);
  const key = { pk: `run#${id}`, sk: 'head' };
  const { Item = {} } = await documents.send(new GetCommand({ TableName: tableName, Key: key, ConsistentRead: true }));
  return Item;
}

const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(2, '0')}`);
const newestFirst = (ids: string[]) => [...ids].reverse();

describe('index entries', () => {
  const indexKeys = async (id: string) =>
    Object.fromEntries(Object.entries(await itemOf(id)).filter(([name]) => /[a-z](Pk|Sk)$/.test(name)));

  test('of a run change as little as its state allows', async () => {
    const store = open(1);
    await create(store, ['a']);
    const born = { creationPk: 'workflow#order#0', creationSk: `000${T0}#a` };
    const pending = { ...born, statusPk: 'open#0', statusSk: `000${T0 + 30_000}#a` };
    expect(await indexKeys('a')).toEqual(pending);

    await store.updateHead('a', { position: 1, expiresAt: T0 + 9e9 }, { nonce: 'nonce-1' });
    await store.updateHead('a', { state: { status: 'running', wakeAt: T0 + 30_000 } }, { nonce: 'nonce-1' });
    expect(await indexKeys('a')).toEqual(pending);

    await store.updateHead('a', { state: { status: 'waiting', wakeAt: T0 + 0.5 } }, { nonce: 'nonce-1' });
    expect(await indexKeys('a')).toEqual({ ...pending, statusSk: `000${T0}.5#a` });
    expect(await store.listDue(T0 + 0.5, { limit: 9 })).toEqual({ items: [{ id: 'a', wakeAt: T0 + 0.5 }] });
    expect(await due(store, T0)).toEqual([]);

    await store.updateHead('a', { state: { status: 'failed', closedAt: T0 + 77 } }, { nonce: 'nonce-1' });
    expect(await indexKeys('a')).toEqual({ ...born, statusPk: 'failed#0', statusSk: born.creationSk });

    await store.updateHead('a', { state: { status: 'deleting' } }, { nonce: 'nonce-1' });
    expect(await indexKeys('a')).toEqual(born);
  });

  test('of a completed run are gone but for the one by creation, which finds it', async () => {
    const store = open(2);
    await create(store, ['a', 'b', 'c']);
    await store.updateHead('b', { state: { status: 'completed', closedAt: T0 } }, { nonce: 'nonce-1' });
    expect(Object.keys(await indexKeys('b'))).toEqual(['creationPk', 'creationSk']);
    expect(await list(store, { status: 'completed' })).toEqual(['b']);
    expect(await due(store, T0 + 9e9)).toEqual(['a', 'c']);
  });

  test('name a correlation only where there is one', async () => {
    const store = open(1);
    await store.create(aHead({ birth: { id: 'a', correlationId: '' } }));
    await store.create(aHead({ birth: { id: 'b', correlationId: 'x'.repeat(3_000) } }));
    expect(await indexKeys('a')).toMatchObject({ correlationPk: 'correlation#' });
    expect(await list(store, { correlationId: '' })).toEqual(['a']);
    expect(await list(store, { correlationId: 'x'.repeat(3_000) })).toEqual(['b']);
    expect(await list(store, { correlationId: 'x'.repeat(2_999) })).toEqual([]);
  });

  test('are asked for by creation or by what is due, never all of a table', async () => {
    const store = open(2);
    await create(store, ['a', 'b']);
    line.sent();
    await list(store, { workflow: 'order' });
    expect(line.sent()).toEqual(['Query', 'Query', 'BatchGetItem']);
    await due(store);
    expect(line.sent()).toEqual(['Query', 'Query']);
  });
});

describe('partitions', () => {
  const ids = names('run-', 24);

  test('share the entries between them', async () => {
    const store = open(4);
    await create(store, ids);
    const items = await Promise.all(ids.map(itemOf));
    expect(new Set(items.map(({ statusPk }) => statusPk))).toEqual(new Set(['open#0', 'open#1', 'open#2', 'open#3']));
    expect(new Set(items.map(({ creationPk }) => creationPk)).size).toBe(4);
  });

  test.each([1, 2, 3, 7, 24])('give pages of %i in one order', async (limit) => {
    const store = open(5);
    await create(store, ids);
    expect(await list(store, {}, limit)).toEqual(newestFirst(ids));
    expect(await list(store, { status: 'pending' }, limit)).toEqual(newestFirst(ids));
    expect(await due(store, T0 + 60_000, limit)).toEqual(ids);
    await Promise.all(
      ids.map((id) => store.updateHead(id, { state: { status: 'failed', closedAt: T0 } }, { nonce: 'nonce-1' })),
    );
    expect(await list(store, { status: 'failed' }, limit)).toEqual(newestFirst(ids));
  });

  test('may become more: runs from before are found, and move when their time changes', async () => {
    const before = open(1);
    await create(before, ids.slice(0, 12));
    const after = open(8);
    await after.create(aHead({ birth: { id: 'new', createdAt: T0 + 99 } }));
    expect(await list(after)).toEqual(['new', ...newestFirst(ids.slice(0, 12))]);
    expect(await due(after)).toEqual([...ids.slice(0, 12), 'new'].sort());
    for (const id of ids.slice(0, 12)) {
      await after.updateHead(id, { state: { status: 'waiting', wakeAt: T0 + 1 } }, { nonce: 'nonce-1' });
    }
    expect(
      new Set((await Promise.all(ids.slice(0, 12).map(itemOf))).map(({ statusPk }) => statusPk)).size,
    ).toBeGreaterThan(3);
    expect(await due(after, T0 + 1)).toEqual(ids.slice(0, 12));
    expect(await list(after, { status: 'waiting' })).toEqual(newestFirst(ids.slice(0, 12)));
  });

  test('may become fewer: readers go on to ask as many as there ever were', async () => {
    await create(open(8), ids);
    const fewer = open(2);
    expect(await list(fewer)).toEqual(newestFirst(ids));
    expect(await due(fewer)).toEqual(ids);
    await create(fewer, ['late']);
    expect(['open#0', 'open#1']).toContain((await itemOf('late')).statusPk);
    expect((await list(open())).sort()).toEqual(['late', ...ids]);
  });

  test('that become more are known to another process a minute later', async () => {
    const old = open(1);
    await create(old, ['a']);
    expect(await list(old)).toEqual(['a']);
    await create(open(32), ids);
    const seen = await list(old);
    expect(seen.length).toBeLessThan(25);
    clock.pass(60_000);
    expect((await list(old)).sort()).toEqual(['a', ...ids]);
    expect((await due(old)).sort()).toEqual(['a', ...ids]);
  });

  test('are as many as stored for whoever does not say, and 4 if nobody did', async () => {
    await create(open(), ids);
    expect(new Set((await Promise.all(ids.map(itemOf))).map(({ statusPk }) => statusPk)).size).toBe(4);
    await create(open(6), ['six']);
    await create(open(), names('more-', 30));
    const items = await Promise.all(names('more-', 30).map(itemOf));
    expect(new Set(items.map(({ statusPk }) => statusPk)).size).toBe(6);
  });

  test('are agreed on by processes that begin at once with different numbers', async () => {
    await Promise.all([create(open(3), names('a', 9)), create(open(9), names('b', 9)), create(open(5), names('c', 9))]);
    expect((await list(open())).sort()).toEqual([...names('a', 9), ...names('b', 9), ...names('c', 9)]);
  });
});

describe('workflows', () => {
  test('are all found by a list of everything, also those whose first run came since', async () => {
    const store = open(2);
    await create(store, ['a'], { workflow: 'one' });
    expect(await list(store)).toEqual(['a']);
    await create(open(), ['b'], { workflow: 'two#2' });
    clock.pass(60_000);
    expect(await list(store)).toEqual(['b', 'a']);
    expect(await list(store, { workflow: 'two#2' })).toEqual(['b']);
  });

  test('of any name have runs of their own', async () => {
    const store = open(1);
    const workflows = ['w', 'w#0', '~w', 'w'.repeat(300), `${'w'.repeat(300)}x`, 'w\ud800', 'w\udbff'];
    for (const [index, workflow] of workflows.entries()) await create(store, [`run-${index}`], { workflow });
    for (const [index, workflow] of workflows.entries()) {
      expect(await list(store, { workflow })).toEqual([`run-${index}`]);
      expect((await store.readHead(`run-${index}`))?.birth.workflow).toBe(workflow);
    }
    expect(await list(store)).toHaveLength(workflows.length);
  });
});

describe('an order', () => {
  test('of one time goes by id as the table does, in any script and on any page', async () => {
    const store = open(3);
    // Not all that is beyond ASCII: the stand-in compares some bounds as JavaScript does.
    const ids = ['a', 'b', 'é', 'ключ', '😀', '𐀀', 'z'];
    for (const id of ids) await store.create(aHead({ birth: { id } }));
    const sorted = [...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    for (const limit of [1, 2, 3, 100]) {
      expect(await list(store, {}, limit)).toEqual(newestFirst(sorted));
      expect(await list(store, { status: 'pending' }, limit)).toEqual(newestFirst(sorted));
      expect(await due(store, T0 + 60_000, limit)).toEqual(sorted);
    }
  });
});

describe('one order out of many', () => {
  async function* pagesOf(...pages: number[][]) {
    yield* pages;
  }

  test.each<[string, number[][][], number[]]>([
    ['none', [], []],
    ['sources without pages', [[], []], []],
    [
      'pages that are empty, in the middle and at the end',
      [
        [[], [1, 4], [], [], [6], []],
        [[], [5]],
      ],
      [1, 4, 5, 6],
    ],
    ['sources of different lengths', [[[1], [2], [3]], [[2, 9]], [[0]]], [0, 1, 2, 2, 3, 9]],
  ])('is made of %s', async (_, sources, expected) => {
    const found: number[] = [];
    const merged = merge(
      sources.map((pages) => pagesOf(...pages)),
      (a, b) => a - b,
    );
    for await (const item of merged) found.push(item);
    expect(found).toEqual(expected);
  });
});

test('keys are compared by their bytes, where JavaScript would put U+1F600 before U+FF5E', () => {
  expect(compareSks('😀', '～')).toBeGreaterThan(0);
  expect(compareSks('～', '😀')).toBeLessThan(0);
  expect(compareSks('a', 'a#')).toBeLessThan(0);
  expect(compareSks('é', 'é')).toBe(0);
});

describe('an index that lags', () => {
  /** The entries as they are, with changes. */
  const lagging =
    (change: (entries: Record<string, unknown>[]) => Record<string, unknown>[]): Disturbance =>
    async (send) => {
      const answer = await send();
      return { ...answer, Items: change(answer.Items as Record<string, unknown>[]) };
    };

  test('does not show a run as what it is not any more', async () => {
    const store = open(1);
    await create(store, ['a', 'b']);
    await store.updateHead('a', { state: { status: 'completed', closedAt: T0 } }, { nonce: 'nonce-1' });
    const entry = { pk: 'run#a', sk: 'head', statusPk: 'open#0', creationSk: `000${T0}#a` };
    line.disturb(
      'Query',
      lagging((entries) => [...entries, entry]),
    );
    expect((await store.list({ status: 'pending' }, { limit: 9 })).items.map(({ birth }) => birth.id)).toEqual(['b']);
  });

  test('does not show a run in the place of one before it under its id, or twice', async () => {
    const store = open(1);
    await create(store, ['a', 'b']);
    const stale = { pk: 'run#a', sk: 'head', creationPk: 'workflow#order#0', creationSk: `000${T0 + 500}#a` };
    line.disturb(
      'Query',
      lagging((entries) => [stale, ...entries.flatMap((entry) => [entry, entry])]),
    );
    expect((await store.list({}, { limit: 9 })).items.map(({ birth }) => birth.id)).toEqual(['b', 'a']);
  });

  test('does not show a run that is gone', async () => {
    const store = open(1);
    await create(store, ['a']);
    const gone = { pk: 'run#gone', sk: 'head', creationPk: 'workflow#order#0', creationSk: `000${T0 + 500}#gone` };
    line.disturb(
      'Query',
      lagging((entries) => [gone, ...entries]),
    );
    expect((await store.list({}, { limit: 9 })).items.map(({ birth }) => birth.id)).toEqual(['a']);
  });

  test.each([
    ['birth', { birth: 'not json' }],
    ['status', { status: 'of the future' }],
  ])('a head whose %s cannot be read is passed over and named, and hides no other', async (_what, damage) => {
    const store = open(1);
    await create(store, ['a', 'b', 'c']);
    const documents = DynamoDBDocumentClient.from(line.client);
    const Key = { pk: 'run#b', sk: 'head' };
    const { Item } = await documents.send(new GetCommand({ TableName: tableName, Key }));
    await documents.send(new PutCommand({ TableName: tableName, Item: { ...Item, ...damage } }));
    for (const filter of [{}, { workflow: 'order' }]) {
      const { items, unreadable } = await store.list(filter, { limit: 9 });
      expect(items.map(({ birth }) => birth.id)).toEqual(['c', 'a']);
      expect(unreadable).toEqual([{ id: 'b', message: expect.stringContaining('b') }]);
    }
    expect(await due(store)).toEqual(['a', 'b', 'c']);
  });

  test('that was made without what it should project is damage', async () => {
    const store = open(1);
    await create(store, ['a']);
    const keysOnly = lagging((entries) => entries.map(({ creationSk: _, expiresAt: __, ...keys }) => keys));
    line.disturb('Query', keysOnly, keysOnly);
    await expect(store.list({ status: 'pending' }, { limit: 9 })).rejects.toMatchObject({ code: 'corrupt' });
    await expect(store.listDue(T0 + 60_000, { limit: 9 })).rejects.toMatchObject({ code: 'corrupt' });
  });
});

describe('what a page costs', () => {
  test('is bounded: where little fits, pages are short and go on', async () => {
    const store = open(1);
    await create(store, ['rare'], { state: { status: 'failed', closedAt: T0 } });
    const entries = Array.from({ length: 1_050 }, (_, index) => {
      const id = `other-${index}`;
      return { pk: `run#${id}`, sk: 'head', statusPk: 'failed#0', statusSk: `000${T0 + 5_000 - index}#${id}` };
    });
    line.disturb('Query', async (send) => {
      const answer = await send();
      return { ...answer, Items: [...entries, ...(answer.Items as object[])] };
    });
    line.sent();
    const first = await store.list({ status: 'failed' }, { limit: 10 });
    expect(first.items).toEqual([]);
    expect(line.sent().filter((command) => command === 'BatchGetItem').length).toBeLessThanOrEqual(11);
    const second = await store.list({ status: 'failed' }, { limit: 10, cursor: String(first.cursor) });
    expect(second.items.map(({ birth }) => birth.id)).toEqual(['rare']);
    expect(second.cursor).toBeUndefined();
  });

  test('has a limit for open runs, which says how to list them all the same', async () => {
    const store = open(1);
    await create(store, ['a', 'b'], { workflow: 'quiet' });
    await store.updateHead('a', { state: { status: 'completed', closedAt: T0 } }, { nonce: 'nonce-1' });
    const crowd = Array.from({ length: 100_001 }, () => ({ pk: 'run#x', sk: 'head', creationSk: `000${T0}#x` }));
    const crowded: Disturbance = async () => ({ Items: crowd, LastEvaluatedKey: { pk: 'run#x', sk: 'head' } });
    line.disturb('Query', crowded);
    line.sent();
    await expect(store.list({ status: 'pending' }, { limit: 9 })).rejects.toMatchObject({
      code: 'too_large',
      message: expect.stringMatching(/100000.*workflow/),
    });
    expect(line.sent()).toEqual(['Query']);
    line.disturb('Query', crowded);
    const { items } = await store.list({ status: 'pending', workflow: 'quiet' }, { limit: 9 });
    expect(items.map(({ birth }) => birth.id)).toEqual(['b']);
  });
});
