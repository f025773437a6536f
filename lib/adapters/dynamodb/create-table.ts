import {
  CreateTableCommand,
  type DynamoDBClient,
  type KeySchemaElement,
  type Projection,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { tableShape } from './table.ts';

/** Seconds. */
const waiting = { maxWaitTime: 60, minDelay: 0.1, maxDelay: 2 };

/**
 * Makes the table where no infrastructure does: for tests and local use. If it exists it is left as it is. Without expiry,
 * which local stand-ins do not have; readers do not need it.
 */
export async function createTable(client: DynamoDBClient, tableName: string): Promise<void> {
  const indexes = Object.values(tableShape.indexes);
  const attributes = new Set([tableShape, ...indexes].flatMap(({ partitionKey, sortKey }) => [partitionKey, sortKey]));
  const command = new CreateTableCommand({
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [...attributes].map((name) => ({ AttributeName: name, AttributeType: 'S' })),
    KeySchema: keySchema(tableShape),
    GlobalSecondaryIndexes: indexes.map((index) => ({
      IndexName: index.name,
      KeySchema: keySchema(index),
      Projection: projection(index.projects),
    })),
  });
  await client.send(command).catch((error: unknown) => {
    if (!(error instanceof Error) || error.name !== 'ResourceInUseException') throw error;
  });
  await waitUntilTableExists({ client, ...waiting }, { TableName: tableName });
}

function keySchema({ partitionKey, sortKey }: { partitionKey: string; sortKey: string }): KeySchemaElement[] {
  return [
    { AttributeName: partitionKey, KeyType: 'HASH' },
    { AttributeName: sortKey, KeyType: 'RANGE' },
  ];
}

function projection(attributes: readonly string[]): Projection {
  if (attributes.length === 0) return { ProjectionType: 'KEYS_ONLY' };
  return { ProjectionType: 'INCLUDE', NonKeyAttributes: [...attributes] };
}
