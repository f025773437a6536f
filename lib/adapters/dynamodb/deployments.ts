import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../ports/clock.ts';
import type { Ids } from '../../ports/ids.ts';
import { createDynamoCalls } from './calls.ts';
import { createTableClient } from './table-client.ts';

/** Which code was deployed last, as far as those know who have to tell of a new one. */
export interface Deployments {
  /** `undefined`: none was noted yet. */
  last(): Promise<string | undefined>;
  note(deployment: string): Promise<void>;
}

const key = { pk: 'settings', sk: 'deployment' };

export function createDeployments({
  client,
  tableName,
  clock,
  ids,
}: {
  client: DynamoDBClient;
  tableName: string;
  clock: Clock;
  ids: Ids;
}): Deployments {
  const table = createTableClient({ client, tableName, calls: createDynamoCalls({ clock, ids }) });
  return {
    async last() {
      const item = await table.get(key);
      return typeof item?.deployment === 'string' ? item.deployment : undefined;
    },
    async note(deployment) {
      await table.put({ ...key, deployment });
    },
  };
}
