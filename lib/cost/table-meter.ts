/**
 * Counts what requests to the table cost.
 * Owns: what AWS would bill for a request, from its answer and from the items before and after. Writes to the same items
 * go one after another while they are counted, so that these items are certain.
 * Does not own: how units follow from items (capacity.ts).
 */
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  type ReturnValue,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-dynamodb';
import {
  failedWriteUnits,
  type IndexShape,
  type Item,
  indexWriteUnits,
  itemBytes,
  readUnits,
  storedBytes,
  type TableShape,
  writeUnits,
} from './capacity.ts';
import type { TableUse } from './uses.ts';

type Counted = Omit<TableUse, 'service' | 'by'>;

export interface TableMeterOptions {
  shape: TableShape;
  isOff(): boolean;
  /** Makes requests that are not counted. */
  silently<T>(work: () => Promise<T>): Promise<T>;
  /** Goes around every request that is counted. */
  during<T>(request: () => Promise<T>): Promise<T>;
  note(use: Counted): void;
  /** In ms since the epoch. */
  now(): number;
}

/** The parts of requests and answers that matter here, of any operation. */
interface Request {
  TableName?: string;
  IndexName?: string;
  ConsistentRead?: boolean;
  Key?: Values;
  Item?: Values;
  ProjectionExpression?: string;
  FilterExpression?: string;
  ReturnValues?: ReturnValue;
  RequestItems?: Record<string, BatchRead | BatchWrite[]>;
}

interface Answer {
  Item?: Values;
  Attributes?: Values;
  Items?: Values[];
  Responses?: Record<string, Values[]>;
  UnprocessedKeys?: Record<string, { Keys?: Values[] }>;
  UnprocessedItems?: Record<string, BatchWrite[]>;
  ConsumedCapacity?: Consumed | Consumed[];
}

interface BatchRead {
  Keys?: Values[];
  ConsistentRead?: boolean;
}

interface BatchWrite {
  PutRequest?: { Item?: Values };
  DeleteRequest?: { Key?: Values };
}

interface Consumed {
  CapacityUnits?: number;
}

/** Attributes as DynamoDB or as the document client writes them. */
type Values = Record<string, unknown>;

interface Write {
  table: string;
  key: Item;
  /** `'as_found'`: what an update makes of the item is looked at afterwards. */
  after: Item | 'as_found' | undefined;
}

const free = new Set(['CreateTable', 'DescribeTable', 'DescribeTimeToLive', 'ListTables', 'UpdateTimeToLive']);
const reads = new Set(['GetItem', 'Query', 'Scan', 'BatchGetItem']);
const writes = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem']);
/** What a write tells of its item without a request more, and for nothing. */
const tells: Readonly<Record<string, 'ALL_OLD' | 'ALL_NEW'>> = {
  PutItem: 'ALL_OLD',
  UpdateItem: 'ALL_NEW',
  DeleteItem: 'ALL_OLD',
};

export function meterTable(
  client: DynamoDBClient,
  { shape, isOff, silently, during, note, now }: TableMeterOptions,
): void {
  const alone = createQueues();

  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const operation = commandName.replace(/Command$/, '');
        if (isOff() || free.has(operation)) return next(args);
        if (!reads.has(operation) && !writes.has(operation)) {
          throw new Error(`The meter does not know what ${operation} costs: teach it, in lib/cost/table-meter.ts`);
        }
        const request = args.input as Request;
        const told = request.ReturnValues === undefined ? tells[operation] : undefined;
        const input = { ...request, ReturnConsumedCapacity: 'INDEXES', ...(told && { ReturnValues: told }) };
        const ask = () => next({ ...args, input: input as ServiceInputTypes });
        return during(() =>
          reads.has(operation)
            ? read(operation, request, ask)
            : write(operation, writesOf(operation, request, shape), told, ask),
        );
      },
    { step: 'initialize', priority: 'low', name: 'pawlTableMeter' },
  );

  async function read(operation: string, request: Request, ask: () => Promise<Out>): Promise<Out> {
    const found = await ask().catch((error: unknown) => {
      note({ ...nothing, operation, about: aboutRead(operation, request, shape), outcome: 'failed' });
      throw error;
    });
    const answer = found.output as Answer;
    const reported = reportedBy(answer);
    note({
      ...nothing,
      operation,
      about: aboutRead(operation, request, shape),
      readUnits: hidesSome(request)
        ? Math.max(readBy(operation, request, answer), reported ?? 0)
        : readBy(operation, request, answer),
      ...(reported !== undefined && { reported }),
    });
    return found;
  }

  /** `told`: what was added to the question, and is taken out of the answer. All else is looked at. */
  async function write(
    operation: string,
    writes: Write[],
    told: 'ALL_OLD' | 'ALL_NEW' | undefined,
    ask: () => Promise<Out>,
  ): Promise<Out> {
    return alone(
      writes.map(({ key }) => JSON.stringify(key)),
      async () => {
        const [first] = writes as [Write];
        let befores = told === 'ALL_OLD' ? undefined : await Promise.all(writes.map(look));
        try {
          const done = await ask();
          const answer = done.output as Answer;
          const attributes = told && takeAttributes(answer);
          befores ??= [attributes];
          const afterOf = async (each: Write) => {
            if (each.after !== 'as_found') return each.after;
            return told === 'ALL_NEW' ? attributes : look(each);
          };
          const afters = await Promise.all(writes.map(afterOf));
          const reported = reportedBy(answer);
          const left = Object.values(answer.UnprocessedItems ?? {}).flat().length;
          for (const [index, { key }] of writes.slice(0, writes.length - left).entries()) {
            const [before, after] = [befores[index], afters[index]];
            note({
              ...nothing,
              operation,
              about: kindOf(key, shape),
              ...headOf(before, after, shape),
              writeUnits: writeUnits(before, after),
              indexUnits: indexWriteUnits(shape, before, after),
              gbMonths: gbMonthsOf(before, after),
              ...(reported !== undefined && writes.length === 1 && { reported }),
            });
          }
          return done;
        } catch (error) {
          const isCondition = error instanceof Error && error.name === 'ConditionalCheckFailedException';
          const wanted = first.after === 'as_found' ? undefined : first.after;
          note({
            ...nothing,
            operation,
            about: kindOf(first.key, shape),
            writeUnits: isCondition ? failedWriteUnits(befores?.[0] ?? (await look(first)), wanted) : 0,
            outcome: isCondition ? 'condition_failed' : 'failed',
          });
          throw error;
        }
      },
    );
  }

  /** An item without an end is counted for a month. */
  function gbMonthsOf(before: Item | undefined, after: Item | undefined): number {
    const end = (after ?? before)?.[shape.timeToLive]?.N;
    const months = end === undefined ? 1 : Math.max(0, Number(end) * 1_000 - now()) / monthMs;
    return ((storedBytes(shape, after) - storedBytes(shape, before)) / gigabyte) * months;
  }

  async function look({ table, key }: Write): Promise<Item | undefined> {
    const command = new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true });
    const { Item } = await silently(() => client.send(command));
    return Item;
  }
}

interface Out {
  response: unknown;
  output: ServiceOutputTypes;
}

const gigabyte = 1_024 ** 3;
const monthMs = 30 * 24 * 60 * 60 * 1_000;
const nothing = { readUnits: 0, writeUnits: 0, indexUnits: {}, gbMonths: 0, outcome: 'done' } as const;

/** For whoever asked, the answer is to be as without the meter. */
function takeAttributes(answer: Answer): Item | undefined {
  const { Attributes } = answer;
  delete answer.Attributes;
  return Attributes && asItem(Attributes);
}

function reportedBy({ ConsumedCapacity }: Answer): number | undefined {
  if (ConsumedCapacity === undefined) return undefined;
  return [ConsumedCapacity].flat().reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
}

// --- reads ---------------------------------------------------------------------------------------------------------

function readBy(operation: string, request: Request, answer: Answer): number {
  const { ConsistentRead = false, RequestItems = {} } = request;
  switch (operation) {
    case 'GetItem':
      return readUnits(answer.Item ? itemBytes(asItem(answer.Item)) : 0, ConsistentRead);
    case 'Query':
    case 'Scan':
      return readUnits(totalBytes(answer.Items ?? []), ConsistentRead);
    case 'BatchGetItem': {
      let units = 0;
      for (const [table, asked] of Object.entries(RequestItems)) {
        const { Keys = [], ConsistentRead: consistent = false } = asked as {
          Keys?: Values[];
          ConsistentRead?: boolean;
        };
        const found = answer.Responses?.[table] ?? [];
        const missing = Keys.length - found.length - (answer.UnprocessedKeys?.[table]?.Keys?.length ?? 0);
        for (const item of found) units += readUnits(itemBytes(asItem(item)), consistent);
        units += missing * readUnits(0, consistent);
      }
      return units;
    }
    default:
      throw new Error(`The meter does not know what ${operation} costs: teach it, in lib/cost/table-meter.ts`);
  }
}

/** What is filtered out or not asked for is billed, too, and only the service has seen it. */
function hidesSome({ ProjectionExpression, FilterExpression }: Request): boolean {
  return ProjectionExpression !== undefined || FilterExpression !== undefined;
}

function totalBytes(items: readonly Values[]): number {
  return items.reduce((sum, item) => sum + itemBytes(asItem(item)), 0);
}

function aboutRead(operation: string, request: Request, shape: TableShape): string {
  if (request.IndexName !== undefined) return request.IndexName;
  if (request.Key) return kindOf(asItem(request.Key), shape);
  return operation === 'BatchGetItem' ? 'heads' : 'run';
}

// --- writes --------------------------------------------------------------------------------------------------------

function writesOf(operation: string, request: Request, shape: TableShape): Write[] {
  const { TableName: table = '', Item: item = {}, Key: key = {}, RequestItems = {} } = request;
  switch (operation) {
    case 'PutItem':
      return [putOf(table, asItem(item), shape)];
    case 'UpdateItem':
      return [{ table, key: asItem(key), after: 'as_found' }];
    case 'DeleteItem':
      return [{ table, key: asItem(key), after: undefined }];
    case 'BatchWriteItem':
      return Object.entries(RequestItems).flatMap(([name, writes]) =>
        (writes as BatchWrite[]).map(({ PutRequest, DeleteRequest }) =>
          PutRequest
            ? putOf(name, asItem(PutRequest.Item ?? {}), shape)
            : { table: name, key: asItem(DeleteRequest?.Key ?? {}), after: undefined },
        ),
      );
    default:
      return [];
  }
}

function putOf(table: string, item: Item, { partitionKey, sortKey }: TableShape): Write {
  const keys = Object.entries(item).filter(([name]) => name === partitionKey || name === sortKey);
  return { table, key: Object.fromEntries(keys), after: item };
}

/** The first word of the sort key, if it is one of a run's items: `event#…` is an event. Else that of the partition key. */
function kindOf(key: Item, { partitionKey, sortKey }: TableShape): string {
  const [partition = '', sort = ''] = [partitionKey, sortKey].map((name) => key[name]?.S?.split('#')[0]);
  return partition === 'run' ? sort : partition;
}

function headOf(before: Item | undefined, after: Item | undefined, shape: TableShape): Pick<Counted, 'head'> {
  if (before === undefined || after === undefined || kindOf(after, shape) !== 'head') return {};
  const { status } = shape.indexes as { status: IndexShape };
  const textOf = (item: Item, name: string) => item[name]?.S ?? '';
  const isOpen = (item: Item) => textOf(item, status.partitionKey).startsWith('open#');
  if (isOpen(before) && !isOpen(after)) return { head: 'closed' };
  const names = [status.partitionKey, status.sortKey];
  return { head: names.every((name) => textOf(before, name) === textOf(after, name)) ? 'kept' : 'moved' };
}

// --- attributes ----------------------------------------------------------------------------------------------------

const types = new Set(['S', 'N', 'B', 'SS', 'NS', 'BS', 'M', 'L', 'NULL', 'BOOL']);

/** Keys are strings: one that stands in its item as such was written for the document client. */
function asItem(values: Values): Item {
  return Object.values(values).every(isAttributeValue) ? (values as Item) : marshalled(values);
}

function isAttributeValue(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const names = Object.keys(value);
  return names.length === 1 && types.has(names[0] as string);
}

function attributeOf(value: unknown): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number' || typeof value === 'bigint') return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (value instanceof Uint8Array) return { B: value };
  if (value instanceof Set) return { SS: [...value].map(String) };
  if (Array.isArray(value)) return { L: value.map(attributeOf) };
  if (typeof value === 'object' && value !== null) return { M: marshalled(value as Values) };
  return { NULL: true };
}

function marshalled(values: Values): Item {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, attributeOf(value)]])),
  );
}

// --- one after another ---------------------------------------------------------------------------------------------

/** Work on any of the same names waits for what was begun before. */
function createQueues() {
  const ends = new Map<string, Promise<unknown>>();
  return async <T>(names: readonly string[], work: () => Promise<T>): Promise<T> => {
    const before = Promise.all(names.map((name) => ends.get(name)));
    const end = before.then(work);
    const settled = end.catch(() => {});
    for (const name of names) ends.set(name, settled);
    try {
      return await end;
    } finally {
      for (const name of names) if (ends.get(name) === settled) ends.delete(name);
    }
  };
}
