/** DynamoDB on this machine, in this process and in memory, with a line to it that can be listened to and disturbed. */
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { createTable } from '../../lib/adapters/dynamodb/create-table.ts';

export interface LocalDynamo {
  client(): DynamoDBClient;
  /** Makes a table of its own, and answers with its name. */
  table(): Promise<string>;
  close(): Promise<void>;
}

export async function startDynamo(): Promise<LocalDynamo> {
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clients: DynamoDBClient[] = [];
  let tables = 0;

  function client(): DynamoDBClient {
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    clients.push(new DynamoDBClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 }));
    return clients.at(-1) as DynamoDBClient;
  }

  return {
    client,
    async table() {
      tables += 1;
      const name = `table-${tables}`;
      await createTable(clients[0] ?? client(), name);
      return name;
    },
    async close() {
      for (const one of clients) one.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    },
  };
}
