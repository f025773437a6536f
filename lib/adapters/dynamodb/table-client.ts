/** Requests to the one table: reads that see every write before them, writes with conditions, batches until all is done. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Conditional, DynamoCalls } from './calls.ts';
import type { Key } from './keys.ts';

export type Item = Record<string, unknown> & Key;

/** An expression in which `#x` stands for the attribute x, with the value of each `:y` in it. */
export interface Expression {
  text: string;
  values: Record<string, unknown>;
}

export interface Query {
  index?: string;
  keys: Expression;
  /** Default: ascending. */
  descending?: boolean;
  /** Only these attributes are wanted. */
  attributes?: string[];
  /** Items in the first page; later pages are larger. Default: as many as DynamoDB gives, 1 MB. */
  firstPage?: number;
}

export interface TableClient {
  get(key: Key): Promise<Item | undefined>;
  put(item: Item, condition?: Expression): Promise<Conditional>;
  update(key: Key, update: Expression, condition?: Expression): Promise<Conditional>;
  remove(key: Key, condition: Expression): Promise<Conditional>;
  /** Page by page. Of an index it may be a moment old. */
  query(query: Query): AsyncGenerator<Item[], void, undefined>;
  /** Those that are there, in no order. */
  getMany(keys: Key[]): Promise<Item[]>;
  removeMany(keys: Key[]): Promise<void>;
}

const KEYS_IN_A_READ = 100;
const KEYS_IN_A_WRITE = 25;
/** Who asks for more than he thought he would need may need much more. */
const PAGE_GROWTH = 4;

export function createTableClient({
  client,
  tableName,
  calls,
}: {
  client: DynamoDBClient;
  tableName: string;
  calls: DynamoCalls;
}): TableClient {
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const TableName = tableName;

  async function getSome(keys: Key[]): Promise<Item[]> {
    const found: Item[] = [];
    await calls.askForAll('read items', keys.map(onlyKey), async (some) => {
      const RequestItems = { [TableName]: { Keys: some, ConsistentRead: true } };
      const answer = await documents.send(new BatchGetCommand({ RequestItems }));
      found.push(...((answer.Responses?.[TableName] ?? []) as Item[]));
      return answer.UnprocessedKeys?.[TableName]?.Keys ?? [];
    });
    return found;
  }

  async function removeSome(keys: Key[]): Promise<void> {
    const requests: object[] = keys.map((key) => ({ DeleteRequest: { Key: onlyKey(key) } }));
    await calls.askForAll('delete items', requests, async (some) => {
      const answer = await documents.send(new BatchWriteCommand({ RequestItems: { [TableName]: some } }));
      return answer.UnprocessedItems?.[TableName] ?? [];
    });
  }

  return {
    async get(key) {
      const input = { TableName, Key: onlyKey(key), ConsistentRead: true };
      const { Item } = await calls.ask(`read ${named(key)}`, () => documents.send(new GetCommand(input)));
      return Item as Item | undefined;
    },

    put(item, condition = always) {
      const input = { TableName, Item: item, ...conditional(condition) };
      return calls.askIf(`write ${named(item)}`, () => documents.send(new PutCommand(input)));
    },

    update(key, { text, values }, condition = always) {
      const Key = onlyKey(key);
      const input = { TableName, Key, UpdateExpression: text, ...conditional(condition, text, values) };
      return calls.askIf(`change ${named(key)}`, () => documents.send(new UpdateCommand(input)));
    },

    remove(key, condition) {
      const input = { TableName, Key: onlyKey(key), ...conditional(condition) };
      return calls.askIf(`delete ${named(key)}`, () => documents.send(new DeleteCommand(input)));
    },

    async *query({ index, keys, descending = false, attributes, firstPage }) {
      const ProjectionExpression = attributes?.map((name) => `#${name}`).join(', ');
      const input = {
        TableName,
        KeyConditionExpression: keys.text,
        ScanIndexForward: !descending,
        ...(index === undefined ? { ConsistentRead: true } : { IndexName: index }),
        ...(ProjectionExpression !== undefined && { ProjectionExpression }),
        ...placeholders(`${keys.text} ${ProjectionExpression ?? ''}`, keys.values),
      };
      const doing = index === undefined ? `query ${Object.values(keys.values)[0]}` : `query the index ${index}`;
      let start: Record<string, unknown> | undefined;
      let limit = firstPage;
      do {
        const page = { ...input, ...(start && { ExclusiveStartKey: start }), ...(limit && { Limit: limit }) };
        const answer = await calls.ask(doing, () => documents.send(new QueryCommand(page)));
        yield (answer.Items ?? []) as Item[];
        start = answer.LastEvaluatedKey;
        limit = limit && limit * PAGE_GROWTH;
      } while (start !== undefined);
    },

    async getMany(keys) {
      return (await Promise.all(slices(keys, KEYS_IN_A_READ).map(getSome))).flat();
    },

    async removeMany(keys) {
      const distinct = new Map(keys.map((key) => [named(key), key]));
      for (const some of slices([...distinct.values()], KEYS_IN_A_WRITE)) await removeSome(some);
    },
  };
}

const always: Expression = { text: '', values: {} };

/** The condition of a write whose other expression, if there is one, has these values. */
function conditional(condition: Expression, text = '', values: Expression['values'] = {}) {
  return {
    ...(condition.text !== '' && { ConditionExpression: condition.text }),
    ...placeholders(`${text} ${condition.text}`, { ...values, ...condition.values }),
  };
}

/** DynamoDB refuses placeholders that nothing uses, and many plain names, since they are words of its own. */
function placeholders(expressions: string, values: Expression['values']) {
  const names = expressions.match(/#\w+/g) ?? [];
  return {
    ...(names.length > 0 && {
      ExpressionAttributeNames: Object.fromEntries(names.map((name) => [name, name.slice(1)])),
    }),
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
  };
}

function named({ pk, sk }: Key): string {
  return `"${pk}" / "${sk}"`;
}

function onlyKey({ pk, sk }: Key): Record<string, unknown> {
  return { pk, sk };
}

function slices<T>(all: T[], length: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / length) }, (_, index) =>
    all.slice(index * length, (index + 1) * length),
  );
}
