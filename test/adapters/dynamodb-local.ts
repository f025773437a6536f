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

interface Request {
  /** 'PutItem', 'Query' … */
  command: string;
  input: Record<string, unknown>;
}

type Answer = Record<string, unknown>;

/** Stands between a client and the table. `send` lets the request through, or another of the kind in its place. */
export type Disturbance = (send: (input?: object) => Promise<Answer>, request: Request) => Promise<Answer>;

/** The request arrives and is decided upon, but the answer never comes back. */
export const unanswered: Disturbance = async (send) => {
  await send().catch(() => {});
  throw named('TimeoutError', 'the answer took too long');
};
/** The request does not even arrive. */
export const lost: Disturbance = async () => {
  throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
};
export const failed: Disturbance = async () => {
  throw Object.assign(named('InternalServerError', 'of the service'), { $metadata: { httpStatusCode: 500 } });
};
export const throttled: Disturbance = async () => {
  throw Object.assign(named('ProvisionedThroughputExceededException', 'slow down'), {
    $metadata: { httpStatusCode: 400 },
  });
};
export const undisturbed: Disturbance = (send) => send();

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

export interface Line {
  client: DynamoDBClient;
  /** All that was sent, in order. */
  requests: Request[];
  /** The commands of it since this was last asked. */
  sent(): string[];
  /** What happens to the next requests of this kind, one after the other; all others go through. */
  disturb(command: string, ...disturbances: Disturbance[]): void;
}

export function lineTo(dynamo: LocalDynamo, config?: DynamoDBClientConfig): Line {
  const client = dynamo.client(config);
  const requests: Request[] = [];
  const plans = new Map<string, Disturbance[]>();
  let told = 0;
  tap(
    client,
    (request) => void requests.push(request),
    (send, request) => (plans.get(request.command)?.shift() ?? undisturbed)(send, request),
  );
  return {
    client,
    requests,
    sent() {
      const since = requests.slice(told).map(({ command }) => command);
      told = requests.length;
      return since;
    },
    disturb(command, ...disturbances) {
      plans.set(command, [...(plans.get(command) ?? []), ...disturbances]);
    },
  };
}

function tap(client: DynamoDBClient, listen: (request: Request) => void, disturb?: Disturbance): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const command = String(context.commandName).replace(/Command$/, '');
      const request = { command, input: args.input as Request['input'] };
      listen(request);
      if (disturb === undefined) return next(args);
      let response: unknown;
      const output = await disturb(async (input = request.input) => {
        const answer = await next({ ...args, input } as typeof args);
        response = answer.response;
        return answer.output as unknown as Answer;
      }, request);
      return { response, output: output as never };
    },
    { step: 'initialize' },
  );
}

/** A clock on which nobody has to wait. What was waited for is in `delays`, in ms. */
export function impatientClock(start: number): Clock & { delays: number[]; pass(ms: number): void } {
  let now = start;
  const delays: number[] = [];
  return {
    delays,
    pass(ms) {
      now += ms;
    },
    now: () => now,
    schedule(at, callback) {
      delays.push(at - now);
      const immediate = setImmediate(callback);
      return () => clearImmediate(immediate);
    },
    macrotask: () => new Promise((resolve) => setImmediate(resolve)),
  };
}
