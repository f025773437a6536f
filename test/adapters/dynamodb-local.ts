/** DynamoDB on this machine, in this process and in memory, with lines to it that can be listened to and disturbed. */
import type { AddressInfo } from 'node:net';
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { afterAll, beforeAll, expect } from 'vitest';
import { createTable } from '../../lib/adapters/dynamodb/create-table.ts';
import { createDynamoStore } from '../../lib/adapters/dynamodb/store.ts';
import { systemIds } from '../../lib/adapters/system/ids.ts';
import type { Clock } from '../../lib/ports/clock.ts';
import type { StoreGaps, StoreUnderTest } from '../conformance/store-suite.ts';

export const dynamoGaps: StoreGaps = {
  purgeExpired: 'what has expired is deleted by DynamoDB itself',
  deletesAbsorbedMail: 'a delete costs more than reading it; what a run has heard is left out by id',
};

export interface LocalDynamo {
  client(config?: DynamoDBClientConfig): DynamoDBClient;
  /** Makes a table of its own, and answers with its name. */
  table(): Promise<string>;
}

/** One for all tests of the file that calls this, at its top. They send neither scans nor transactions. */
export function localDynamo(): LocalDynamo {
  const server = dynalite({ createTableMs: 0 });
  const clients: DynamoDBClient[] = [];
  const commands = new Set<string>();
  let tables = 0;

  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(async () => {
    for (const one of clients) one.destroy();
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
    expect([...commands].filter((command) => /scan|transact/i.test(command))).toEqual([]);
    expect(commands).toContain('PutItem');
  });

  function client(config: DynamoDBClientConfig = {}): DynamoDBClient {
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const created = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1, ...config });
    clients.push(created);
    tap(created, ({ command }) => void commands.add(command));
    return created;
  }

  return {
    client,
    async table() {
      tables += 1;
      const name = `table-${tables}`;
      await createTable(clients[0] ?? client(), name);
      return name;
    },
  };
}

/** A new table for each store. To be called at the top of a test file. */
export function createDynamoSubjects(): (ports: { clock: Clock }) => Promise<StoreUnderTest> {
  const dynamo = localDynamo();
  return async ({ clock }) => {
    const ports = { tableName: await dynamo.table(), clock, ids: systemIds };
    const clients = [dynamo.client(), dynamo.client()] as const;
    return {
      store: createDynamoStore({ client: clients[0], ...ports }),
      another: createDynamoStore({ client: clients[1], ...ports }),
      async dispose() {
        for (const client of clients) client.destroy();
      },
    };
  };
}

export interface Request {
  /** 'PutItem', 'Query' … */
  command: string;
  /** As it goes over the line: values with their types. */
  input: Record<string, unknown>;
}

/** Stands between a client and the table. `send` lets a request through, or another in its place. */
type Disturbance = (request: Request, send: (input?: object) => Promise<object>) => Promise<object>;

function tap(client: DynamoDBClient, listen: (request: Request) => void, disturb?: Disturbance): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const request = {
        command: String(context.commandName).replace(/Command$/, ''),
        input: args.input as Request['input'],
      };
      listen(request);
      if (disturb === undefined) return next(args);
      let answer: Awaited<ReturnType<typeof next>> | undefined;
      const output = await disturb(request, async (input = args.input) => {
        answer = await next({ ...args, input } as typeof args);
        return answer.output as object;
      });
      return { response: answer?.response, output: output as never };
    },
    { step: 'initialize', priority: 'low' },
  );
}
