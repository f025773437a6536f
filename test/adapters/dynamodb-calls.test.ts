/** What goes over the line to DynamoDB, and what becomes of it when the line is bad. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDynamoStore } from '../../lib/adapters/dynamodb/store.ts';
import { systemIds } from '../../lib/adapters/system/ids.ts';
import type { Store } from '../../lib/ports/store.ts';
import { aChunk, aHead, aSignal, T0 } from '../conformance/samples.ts';
import {
  type Disturbance,
  failed,
  impatientClock,
  type Line,
  lineTo,
  localDynamo,
  lost,
  throttled,
  unanswered,
  undisturbed,
} from './dynamodb-local.ts';

const dynamo = localDynamo();

let clock: ReturnType<typeof impatientClock>;
let tableName: string;
let line: Line;
let store: Store;
/** Another process. */
let other: Store;

beforeEach(async () => {
  clock = impatientClock(T0);
  tableName = await dynamo.table();
  line = lineTo(dynamo);
  store = createDynamoStore({ client: line.client, tableName, clock, ids: systemIds });
  other = createDynamoStore({ client: dynamo.client(), tableName, clock, ids: systemIds });
});
afterEach(() => line.client.destroy());

const guard = { nonce: 'nonce-1' };
const waiting = { status: 'waiting' as const, wakeAt: T0 + 5 };

describe('in a process that has begun', () => {
  beforeEach(async () => {
    await store.create(aHead({ birth: { id: 'earlier' } }));
    line.sent();
  });

  test('a run costs one request for each thing that is done with it', async () => {
    await store.create(aHead());
    expect(line.sent()).toEqual(['PutItem']);
    await store.read('run-1');
    expect(line.sent()).toEqual(['Query']);
    for (let position = 1; position <= 10; position += 1) await store.append('run-1', aChunk(position));
    expect(line.sent()).toEqual(Array(10).fill('PutItem'));
    await store.read('run-1', 5);
    expect(line.sent()).toEqual(['Query']);
    await store.updateHead('run-1', { position: 10, state: { status: 'completed', closedAt: T0 } }, guard);
    expect(line.sent()).toEqual(['UpdateItem']);
  });

  test('so does mail, and a look at a head', async () => {
    await store.putMail('run-1', 'nonce-1', aSignal('s'));
    expect(line.sent()).toEqual(['PutItem']);
    await store.readHead('earlier');
    expect(line.sent()).toEqual(['GetItem']);
  });

  test('a run of a workflow that is new notes it, once', async () => {
    await store.create(aHead({ birth: { workflow: 'new' } }));
    expect(line.sent()).toEqual(['UpdateItem', 'PutItem']);
    await store.create(aHead({ birth: { id: 'run-2', workflow: 'new' } }));
    expect(line.sent()).toEqual(['PutItem']);
  });

  test('what loses a condition is answered from the item that stands, with one more request', async () => {
    await store.create(aHead());
    await store.append('run-1', aChunk(1));
    line.sent();
    await store.create(aHead({ birth: { nonce: 'nonce-2' } }));
    expect(line.sent()).toEqual(['PutItem', 'GetItem']);
    await store.append('run-1', aChunk(1, { id: 'late' }));
    expect(line.sent()).toEqual(['PutItem', 'GetItem']);
    await store.updateHead('run-1', { position: 1 }, { nonce: 'nonce-2' });
    expect(line.sent()).toEqual(['UpdateItem']);
  });

  test('reads of runs see every write before them', async () => {
    await store.read('run-1');
    await store.readHead('run-1');
    const reads = line.requests.filter(({ command }) => command === 'Query' || command === 'GetItem');
    expect(reads.map(({ input }) => input.ConsistentRead)).toEqual([true, true, true]);
  });
});

test('a process reads the settings once, whatever it begins with', async () => {
  await other.create(aHead());
  await Promise.all([store.updateHead('run-1', { position: 1 }, guard), store.create(aHead({ birth: { id: 'b' } }))]);
  expect(line.sent().sort()).toEqual(['GetItem', 'PutItem', 'UpdateItem']);
});

describe('a request that does not go well', () => {
  beforeEach(async () => {
    await store.create(aHead({ birth: { id: 'standing' } }));
    await store.append('standing', aChunk(1));
  });

  const everything: [name: string, command: string, run: () => Promise<unknown>, answer: unknown][] = [
    ['create', 'PutItem', () => store.create(aHead()), { created: true, head: aHead() }],
    ['append', 'PutItem', () => store.append('standing', aChunk(2)), { appended: true }],
    ['updateHead', 'UpdateItem', () => store.updateHead('standing', { state: waiting }, guard), true],
    ['putMail', 'PutItem', () => store.putMail('standing', 'nonce-1', aSignal('s')), undefined],
    [
      'read',
      'Query',
      () => store.read('standing', 1),
      { head: aHead({ birth: { id: 'standing' } }), chunks: [], mail: [] },
    ],
    ['readHead', 'GetItem', () => store.readHead('standing'), aHead({ birth: { id: 'standing' } })],
    ['list', 'BatchGetItem', async () => (await store.list({}, { limit: 5 })).items.length, 1],
    ['listDue', 'Query', async () => (await store.listDue(T0 + 60_000, { limit: 5 })).items.length, 1],
    ['deleteRun', 'BatchWriteItem', () => store.deleteRun('standing', 'nonce-1'), undefined],
  ];
  const disturbances: [string, Disturbance[]][] = [
    ['is throttled', [throttled, throttled]],
    ['does not arrive', [lost, lost]],
    ['fails on the other side', [failed]],
    ['is carried out without an answer', [unanswered]],
    ['is carried out twice without an answer', [unanswered, unanswered]],
    ['fails in every way', [throttled, lost, unanswered, failed, throttled]],
  ];
  const cases = disturbances.flatMap(([what, how]) =>
    everything.map(([name, command, run, answer]) => ({ what, how, name, command, run, answer })),
  );

  test.each(cases)('$what: $name is tried again, and answers as if nothing had been', async (its) => {
    line.disturb(its.command, ...its.how);
    expect(await its.run()).toEqual(its.answer);
    expect(clock.delays).toHaveLength(its.how.length);
  });

  test('is tried again after delays that grow', async () => {
    line.disturb('PutItem', ...Array(5).fill(lost));
    await store.append('standing', aChunk(2));
    const [first = 0, , , , last = 0] = clock.delays;
    expect(first).toBeGreaterThan(0);
    expect(last).toBeGreaterThan(4 * first);
  });

  test('and never does is `unavailable` after a number of attempts, with the cause', async () => {
    line.sent();
    line.disturb('PutItem', ...Array(99).fill(throttled));
    await expect(store.append('standing', aChunk(2))).rejects.toMatchObject({
      code: 'unavailable',
      cause: expect.objectContaining({ name: 'ProvisionedThroughputExceededException' }),
    });
    expect(line.sent()).toHaveLength(6);
  });

  test('while the settings are read, is asked again by the next call', async () => {
    const late = lineTo(dynamo);
    const cold = createDynamoStore({ client: late.client, tableName, clock, ids: systemIds });
    late.disturb('GetItem', ...Array(6).fill(lost));
    await expect(cold.create(aHead())).rejects.toMatchObject({ code: 'unavailable' });
    expect(await cold.create(aHead())).toMatchObject({ created: true });
  });

  test('since nobody listens there is `unavailable`', async () => {
    const client = dynamo.client({ endpoint: 'http://127.0.0.1:1' });
    const alone = createDynamoStore({ client, tableName, clock, ids: systemIds });
    await expect(alone.readHead('run-1')).rejects.toMatchObject({ code: 'unavailable' });
    expect(clock.delays.length).toBeGreaterThan(0);
  });

  test('since there is no table is `refused` at once, with its name', async () => {
    const nowhere = createDynamoStore({ client: line.client, tableName: 'nowhere', clock, ids: systemIds });
    line.sent();
    await expect(nowhere.readHead('run-1')).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('ResourceNotFoundException'),
    });
    expect(line.sent()).toEqual(['GetItem']);
  });
});

describe('a write without an answer whose repetition fails by its condition', () => {
  /** Not carried out; meanwhile something else happens. */
  const meanwhile =
    (act: () => Promise<unknown>): Disturbance =>
    async (send, request) => {
      await act();
      return lost(send, request);
    };
  /** Carried out; then something else happens. */
  const afterwards =
    (act: () => Promise<unknown>): Disturbance =>
    async (send, request) => {
      await send();
      await act();
      return lost(send, request);
    };

  test('is a create of one’s own only if the head that stands is', async () => {
    line.disturb(
      'PutItem',
      meanwhile(() => other.create(aHead({ birth: { nonce: 'nonce-2' } }))),
    );
    expect(await store.create(aHead())).toEqual({
      created: false,
      head: aHead({ birth: { nonce: 'nonce-2' } }),
    });
  });

  test('is a create of one’s own even if the run has gone on since', async () => {
    line.disturb(
      'PutItem',
      afterwards(() => other.updateHead('run-1', { position: 3 }, guard)),
    );
    expect(await store.create(aHead())).toEqual({ created: true, head: aHead({ position: 3 }) });
  });

  test('is an append of one’s own only if the chunk that stands is', async () => {
    await store.create(aHead());
    const foreign = aChunk(1, { id: 'foreign' });
    line.disturb(
      'PutItem',
      meanwhile(() => other.append('run-1', foreign)),
    );
    expect(await store.append('run-1', aChunk(1))).toEqual({ appended: false, found: foreign });
  });

  test('is a change of one’s own only if nobody else has made the same', async () => {
    await store.create(aHead());
    const raise = { position: 1, state: waiting };
    line.disturb(
      'UpdateItem',
      meanwhile(() => other.updateHead('run-1', raise, { ...guard, positionBelow: 1 })),
    );
    expect(await store.updateHead('run-1', raise, { ...guard, positionBelow: 1 })).toBe(false);
  });

  test('is not known as one’s own change once another has followed', async () => {
    await store.create(aHead());
    line.disturb(
      'UpdateItem',
      afterwards(() => other.updateHead('run-1', { position: 2 }, guard)),
    );
    expect(await store.updateHead('run-1', { position: 1 }, { ...guard, positionBelow: 1 })).toBe(false);
    expect(await store.readHead('run-1')).toEqual(aHead({ position: 2 }));
  });

  test('is none of one’s own if all that went before was turned away', async () => {
    await store.append('run-1', aChunk(1));
    line.disturb('PutItem', throttled);
    expect(await store.append('run-1', aChunk(1))).toMatchObject({ appended: false });
  });

  test('is seen as one’s own although the client has repeated it by itself', async () => {
    const eager = dynamo.client({ maxAttempts: 3 });
    let disturbed = 0;
    eager.middlewareStack.add(
      (next, context) => async (args) => {
        const answer = await next(args);
        if (context.commandName !== 'PutItemCommand' || disturbed > 0) return answer;
        disturbed += 1;
        throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    const eagerStore = createDynamoStore({ client: eager, tableName, clock, ids: systemIds });
    expect(await eagerStore.append('run-1', aChunk(1))).toEqual({ appended: true });
    expect(disturbed).toBe(1);
    expect(clock.delays).toEqual([]);
  });
});

describe('a batch of which a part is left undone', () => {
  /** Does the first of it, and says that the rest is left. */
  const onlyTheFirst: Disturbance = async (send, { input }) => {
    const [requests] = Object.values(input.RequestItems as Record<string, object[] | { Keys: object[] }>);
    const isRead = requests !== undefined && !Array.isArray(requests);
    const all = isRead ? requests.Keys : (requests ?? []);
    const some = (part: object[]) => ({ [tableName]: isRead ? { ...requests, Keys: part } : part });
    const answer = await send({ ...input, RequestItems: some(all.slice(0, 1)) });
    const left = all.length > 1 ? some(all.slice(1)) : {};
    return { ...answer, [isRead ? 'UnprocessedKeys' : 'UnprocessedItems']: left };
  };

  test('is read to its end', async () => {
    for (const id of ['a', 'b', 'c']) await store.create(aHead({ birth: { id } }));
    line.disturb('BatchGetItem', onlyTheFirst, onlyTheFirst);
    const { items } = await store.list({}, { limit: 10 });
    expect(items.map(({ birth }) => birth.id)).toEqual(['c', 'b', 'a']);
    expect(line.sent().filter((command) => command === 'BatchGetItem')).toHaveLength(3);
  });

  test('is deleted to its end', async () => {
    await store.create(aHead());
    for (let position = 1; position <= 4; position += 1) await store.append('run-1', aChunk(position));
    line.disturb('BatchWriteItem', onlyTheFirst, throttled, onlyTheFirst);
    await store.deleteRun('run-1', 'nonce-1');
    await store.create(aHead());
    expect((await store.read('run-1'))?.chunks).toEqual([]);
  });

  test('for ever is `unavailable`', async () => {
    await store.create(aHead());
    const none: Disturbance = async (_, { input }) => ({ UnprocessedKeys: input.RequestItems });
    line.disturb('BatchGetItem', ...Array(99).fill(none));
    await expect(store.list({}, { limit: 10 })).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('absorbed mail', () => {
  const mails = async () => (await store.read('run-1'))?.mail.map(({ id }) => id);

  beforeEach(async () => {
    await store.create(aHead());
    for (const id of ['a', 'b', 'c']) await store.putMail('run-1', 'nonce-1', aSignal(id));
    for (let position = 1; position <= 31; position += 1) await store.append('run-1', aChunk(position));
    line.sent();
  });

  test('is left to its expiry beside a short journal', async () => {
    await store.append('run-1', aChunk(32), { absorbed: ['a', 'b'] });
    expect(line.sent()).toEqual(['PutItem']);
    expect(await mails()).toEqual(['a', 'b', 'c']);
  });

  test('is deleted beside a long one, once it is in the journal', async () => {
    await store.append('run-1', aChunk(32));
    await store.append('run-1', aChunk(32, { id: 'loser' }), { absorbed: ['c'] });
    await store.append('run-1', aChunk(33), { absorbed: ['a', 'b', 'a'] });
    expect(await mails()).toEqual(['c']);
  });

  test('that cannot be deleted does not keep the append from having been made', async () => {
    await store.append('run-1', aChunk(32));
    line.disturb('BatchWriteItem', ...Array(99).fill(throttled));
    expect(await store.append('run-1', aChunk(33), { absorbed: ['a'] })).toEqual({ appended: true });
    expect(await mails()).toEqual(['a', 'b', 'c']);
  });

  test('is deleted as well by an append whose first answer was lost', async () => {
    await store.append('run-1', aChunk(32));
    line.disturb('PutItem', unanswered, undisturbed);
    expect(await store.append('run-1', aChunk(33), { absorbed: ['a'] })).toEqual({ appended: true });
    expect(await mails()).toEqual(['b', 'c']);
  });
});

test('once closed, the store sends nothing more, and tries nothing again', async () => {
  await store.create(aHead());
  line.sent();
  const closing: Disturbance = async (send, request) => {
    await store.close();
    return lost(send, request);
  };
  line.disturb('PutItem', closing);
  await expect(store.append('run-1', aChunk(1))).rejects.toMatchObject({ code: 'closed' });
  await expect(store.read('run-1')).rejects.toMatchObject({ code: 'closed' });
  expect(line.sent()).toEqual(['PutItem']);
});
