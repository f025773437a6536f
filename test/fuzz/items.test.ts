/** Items of the table that somebody has damaged: attributes lost or of another type, texts cut off or changed. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { createDynamoStore } from '../../lib/adapters/dynamodb/store.ts';
import { createVirtualClock, type VirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';
import { systemIds } from '../../lib/adapters/system/ids.ts';
import { drive } from '../../lib/kernel/drive.ts';
import { isFault } from '../../lib/kernel/faults.ts';
import type { Head } from '../../lib/kernel/head.ts';
import type { Ports } from '../../lib/kernel/ports.ts';
import type { Store } from '../../lib/ports/store.ts';
import { getHistory } from '../../lib/service/history.ts';
import { listTasks } from '../../lib/service/list-tasks.ts';
import { getRun, listRuns } from '../../lib/service/show-run.ts';
import { sweep } from '../../lib/service/sweep.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { localDynamo } from '../adapters/dynamodb-local.ts';
import { createWorld, signalMail, startIn } from '../kernel/harness.ts';
import { fuzz, fuzzTimeoutMs } from './budget.ts';
import { hostileText } from './hostile.ts';

type Item = Record<string, unknown> & { pk: string; sk: string };

const dynamo = localDynamo();
const waiting = workflow({ name: 'waiting' }, async (ctx, input: unknown) => {
  const echoed = await ctx.step('echo', () => input);
  const sum = await ctx.map('sum', [1, 2, 3], (n, own) => own.step('add', () => n));
  return [echoed, sum, await ctx.signal('go'), await ctx.signal('end')];
});

let documents: DynamoDBDocumentClient;
let tableName: string;
let store: Store;
let items: Item[];
let run: string;

beforeAll(async () => {
  const client: DynamoDBClient = dynamo.client();
  documents = DynamoDBDocumentClient.from(client);
  tableName = await dynamo.table();
  store = createDynamoStore({ client, tableName, clock: createVirtualClock({ start: 0 }), ids: systemIds });
  const world = createWorld();
  const one = world.process('one', [waiting]);
  run = await startIn(one, waiting, { text: 'x'.repeat(2_000) });
  await world.until(one.drive(world.take('start')));
  await world.until(one.drive(await signalMail(world, run, 'go', 1)));
  const mail = await signalMail(world, run, 'end', 2);
  const { head, chunks } = await world.record(run);
  await store.create(head);
  for (const chunk of chunks) await store.append(run, chunk, { expiresAt: head.expiresAt });
  if (mail.kind === 'mail') await store.putMail(run, mail.nonce, mail.mail, head.expiresAt);
  const { Items = [] } = await documents.send(
    new QueryCommand({
      TableName: tableName,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': `run#${run}` },
    }),
  );
  items = Items as Item[];
});

const put = (item: Item) => documents.send(new PutCommand({ TableName: tableName, Item: item }));

const ofTypes: Record<string, fc.Arbitrary<unknown>> = {
  string: hostileText,
  number: fc.oneof(fc.integer(), fc.constantFrom(-1, 0.5, Number.MAX_SAFE_INTEGER)),
  boolean: fc.boolean(),
  object: fc.constantFrom(null, [], {}, [1], { a: 1 }),
};

interface Damaged {
  before: Item;
  after: Item;
}

function changedItem(change: (name: string, value: unknown) => fc.Arbitrary<unknown>): fc.Arbitrary<Damaged> {
  return fc.constantFrom(...items).chain((before) => {
    const names = Object.keys(before).filter((name) => !/(pk|sk|Pk|Sk|Aside)$/.test(name));
    return fc.constantFrom(...names).chain((name) =>
      change(name, before[name]).map((changed) => {
        const { [name]: _old, ...others } = before;
        return { before, after: (changed === undefined ? others : { ...before, [name]: changed }) as Item };
      }),
    );
  });
}

/** Gone, of another type, or a text that breaks off or has in it what JSON has nowhere. */
const unreadable = () =>
  changedItem((name, value) => {
    const others = Object.entries(ofTypes).flatMap(([type, values]) =>
      type === typeof value || (type === 'string' && isPacked(value)) ? [] : [values],
    );
    // A run without an input is one, too.
    const gone = name === 'input' ? [] : [fc.constant(undefined)];
    if (!isRecord(name, value)) return fc.oneof(...gone, ...others);
    const cut = cutOff(value);
    const foreign = fc.nat(value.length).map((at) => `${value.slice(0, at)}\u0000${value.slice(at)}`);
    return fc.oneof(...gone, cut, foreign, ...others);
  });

/** Of the same type, and another value; a payload that breaks off. */
const plausible = () =>
  changedItem((_name, value) => {
    const others = ofTypes[typeof value] ?? fc.constant(undefined);
    return typeof value === 'string' ? fc.oneof(others, cutOff(value)) : others;
  });

/** Text that is kept compressed could stand there as it is, too. */
function isPacked(value: unknown): boolean {
  return value instanceof Uint8Array;
}

/** Text that the adapter writes and parses; a payload is the kernel's. */
function isRecord(name: string, value: unknown): value is string {
  return typeof value === 'string' && name !== 'input' && /^[{[]/.test(value);
}

function cutOff(text: string): fc.Arbitrary<string> {
  return fc.nat(Math.max(0, text.length - 1)).map((end) => text.slice(0, end));
}

/** As it resolves, or the code of a fault that says what is wrong with what is stored. */
async function outcomeOf(work: Promise<unknown>, what: string): Promise<unknown> {
  try {
    return await work;
  } catch (error) {
    if (isFault(error) && ['corrupt', 'newer_format', 'not_found'].includes(error.code)) return error.code;
    throw new Error(`${what}: ${error instanceof Error ? error.stack : String(error)}`, { cause: error });
  }
}

/** Whatever one does with a run. What is written goes nowhere. */
async function useRun(): Promise<void> {
  const world = createWorld();
  const { ports: around } = world.process('one', [waiting]);
  const copy: Store = { ...store, append: async () => ({ appended: true }), updateHead: async () => true };
  const ports: Ports = { ...around, store: copy };
  await outcomeOf(getRun(ports, run), 'getRun');
  await outcomeOf(listTasks(ports, run), 'listTasks');
  await outcomeOf(getHistory(ports, run, {}), 'getHistory');
  await outcomeOf(listRuns(ports, {}), 'listRuns');
  await outcomeOf(sweep(ports), 'sweep');
  const turn = drive(ports, { kind: 'wake', run, from: 'sweeper' }, { receives: 1 });
  await outcomeOf(untilSettled(turn, world.clock), 'drive');
}

/** The turn's time is the world's, its store's answers take real time. */
async function untilSettled<T>(turn: Promise<T>, clock: VirtualClock): Promise<T> {
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  turn.then(end, end);
  while (!isOver) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    await clock.advanceToNext();
  }
  return turn;
}

async function withDamage({ before, after }: Damaged, work: () => Promise<void>): Promise<void> {
  await put(after);
  try {
    await work();
  } finally {
    await put(before);
  }
}

describe('a table with damage in it', () => {
  test('what cannot have been written is called damaged, or absent; nothing else is made of it', {
    timeout: fuzzTimeoutMs,
  }, async () => {
    const whole = await store.read(run);
    await fuzz(unreadable(), 60, (damage) =>
      withDamage(damage, async () => {
        assertWholeOrNamed(await outcomeOf(store.read(run), 'read'), whole);
        assertWholeOrNamed(withoutInput(await outcomeOf(store.readHead(run), 'readHead')), withoutInput(whole?.head));
        await useRun();
      }),
    );
  });

  test('a head with a time that no date can be does not hide the other runs from a list', async () => {
    const head = items.find(({ sk }) => sk === 'head') as Item;
    await withDamage({ before: head, after: { ...head, wakeAt: Number.MAX_SAFE_INTEGER } }, useRun);
  });

  test('what could have been written, and was not, breaks nobody who shows, sweeps or drives the run', {
    timeout: fuzzTimeoutMs,
  }, async () => {
    await fuzz(plausible(), 40, (damage) => withDamage(damage, useRun));
  });
});

/** A head by itself comes without a long input. */
function withoutInput(head: unknown): unknown {
  if (typeof head !== 'object' || head === null) return head;
  const { input: _input, ...birth } = (head as Head).birth;
  return { ...head, birth };
}

function assertWholeOrNamed(value: unknown, whole: unknown): void {
  if (value === undefined || value === 'corrupt' || value === 'newer_format') return;
  expect(value).toEqual(whole);
}
