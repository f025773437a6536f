/** What is measured, each beside plain writes of the same store: the floor that no engine on it goes below. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { openPawl } from 'pawl';
import { createTable } from '../lib/adapters/dynamodb/create-table.ts';
import { createDynamoStore } from '../lib/adapters/dynamodb/store.ts';
import { createLmdbStore } from '../lib/adapters/lmdb/store.ts';
import { createMemoryStore } from '../lib/adapters/memory/store.ts';
import { systemClock } from '../lib/adapters/system/clock.ts';
import { systemIds } from '../lib/adapters/system/ids.ts';
import type { Store } from '../lib/ports/store.ts';
import { quietAwsSdk } from '../lib/wiring/environment.ts';
import type { Workflow } from '../lib/workflow/index.ts';
import { createEngine } from './engine.ts';
import { openPlain } from './plain.ts';
import { askAsARunDoes } from './store-alone.ts';

export interface Subject {
  /** Resolves when the run is accepted, with a wait for its end. */
  start(workflow: Workflow<number, void>, input: number): Promise<() => Promise<unknown>>;
  /** A plain awaited write of 200 bytes under a new key. Absent where a write is no more than a line of code. */
  put?(): Promise<unknown>;
  /** What a run of so many steps asks of the store, of a store of its own. Absent where only ratios say anything. */
  askStore?(steps: number): Promise<unknown>;
  close(): Promise<void>;
}

export type SubjectName = 'memory' | 'lmdb' | 'dynamodb';

const value = Buffer.alloc(200, 1);
const around = { clock: systemClock, ids: systemIds };

export async function openSubject(
  name: SubjectName,
  folder: string,
  workflows: Workflow<number, void>[],
): Promise<Subject> {
  switch (name) {
    case 'memory':
      return { ...(await openInProcess(':memory:', workflows)), askStore: asking(createMemoryStore(around)) };
    case 'lmdb': {
      const pawl = await openInProcess(join(folder, 'data'), workflows);
      const plain = openPlain(join(folder, 'plain.mdb'));
      const store = createLmdbStore({ dataDir: join(folder, 'store'), clock: systemClock });
      return {
        ...pawl,
        put: plain.put,
        askStore: asking(store),
        async close() {
          await pawl.close();
          await plain.close();
          await store.close();
        },
      };
    }
    case 'dynamodb':
      return openDynamoDb(workflows);
  }
}

async function openInProcess(dataDir: string, workflows: Workflow<number, void>[]): Promise<Subject> {
  const pawl = await openPawl({ workflows, dataDir });
  return {
    async start(workflow, input) {
      const run = await pawl.start(workflow, input);
      return () => run.result();
    },
    close: () => pawl.close(),
  };
}

function asking(store: Store): (steps: number) => Promise<unknown> {
  return (steps) => askAsARunDoes({ store, ...around }, steps);
}

async function openDynamoDb(workflows: Workflow<number, void>[]): Promise<Subject> {
  const server = fork(fileURLToPath(new URL('dynalite-server.mjs', import.meta.url)));
  const [endpoint] = (await once(server, 'message')) as [string];
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  quietAwsSdk();
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials,
    maxAttempts: 1,
    // Plain writes begun together wait for a socket, as they would for the service's throttle.
    requestHandler: { httpAgent: { maxSockets: 64 }, socketAcquisitionWarningTimeout: 600_000 },
  });
  const tableName = 'bench';
  await createTable(client, tableName);
  const store = createDynamoStore({ client, tableName, clock: systemClock, ids: systemIds });
  const engine = createEngine({ store, clock: systemClock, workflows });
  let count = 0;
  return {
    async start(workflow, input) {
      const id = await engine.start(workflow, input);
      return () => engine.end(id);
    },
    put() {
      count += 1;
      const Item = { pk: { S: `plain#${count}` }, sk: { S: 'plain' }, value: { B: value } };
      return client.send(new PutItemCommand({ TableName: tableName, Item }));
    },
    async close() {
      await engine.close();
      client.destroy();
      server.kill();
    },
  };
}
