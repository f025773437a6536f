import { afterAll, beforeAll } from 'vitest';
import { createDynamoStore } from '../../lib/adapters/dynamodb/store.ts';
import { systemIds } from '../../lib/adapters/system/ids.ts';
import { storeSuite } from '../conformance/store-suite.ts';
import { type LocalDynamo, startDynamo } from './dynamodb-local.ts';

let dynamo: LocalDynamo;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.close());

storeSuite(
  'DynamoDB',
  async ({ clock }) => {
    const ports = { tableName: await dynamo.table(), clock, ids: systemIds };
    return {
      store: createDynamoStore({ client: dynamo.client(), ...ports }),
      another: createDynamoStore({ client: dynamo.client(), ...ports }),
      dispose: async () => {},
    };
  },
  {
    purgeExpired: 'what has expired is deleted by DynamoDB itself',
    deletesAbsorbedMail: 'a delete costs more than reading it; what a run has heard is left out by id',
  },
);
