import { expect, test } from 'vitest';
import { createDynamoDocuments } from '../../lib/adapters/dynamodb/documents.ts';
import { systemClock } from '../../lib/adapters/system/clock.ts';
import { systemIds } from '../../lib/adapters/system/ids.ts';
import type { Documents } from '../../lib/ports/documents.ts';
import { documentsSuite } from '../conformance/documents-suite.ts';
import { impatientClock, type Line, lineTo, localDynamo, lost, unanswered } from './dynamodb-local.ts';

const dynamo = localDynamo();

documentsSuite('DynamoDB', async () => {
  const ports = { tableName: await dynamo.table(), clock: systemClock, ids: systemIds };
  const clients = [dynamo.client(), dynamo.client()] as const;
  return {
    documents: createDynamoDocuments({ client: clients[0], ...ports }),
    another: createDynamoDocuments({ client: clients[1], ...ports }),
    dispose() {
      for (const client of clients) client.destroy();
    },
  };
});

async function onLine(): Promise<{ line: Line; documents: Documents; beside: Documents }> {
  const line = lineTo(dynamo);
  const ports = { tableName: await dynamo.table(), clock: impatientClock(0), ids: systemIds };
  const beside = createDynamoDocuments({ client: dynamo.client(), ...ports });
  return { line, documents: createDynamoDocuments({ client: line.client, ...ports }), beside };
}

test('a write whose answer is lost is known to be its own', async () => {
  const { line, documents } = await onLine();
  line.disturb('PutItem', unanswered);
  expect(await documents.write('c', 'k', 'one', 0)).toBe(true);
  line.disturb('PutItem', unanswered, lost);
  expect(await documents.write('c', 'k', 'two', 1)).toBe(true);
  expect(await documents.read('c', 'k')).toEqual({ key: 'k', text: 'two', revision: 2 });
});

test('a write that is repeated after somebody else came first is not taken for its own', async () => {
  const { line, documents, beside } = await onLine();
  line.disturb('PutItem', async (send) => {
    await beside.write('c', 'k', 'one', 0);
    return lost(send, line.requests.at(-1) as (typeof line.requests)[number]);
  });
  expect(await documents.write('c', 'k', 'one', 0)).toBe(false);
});

test('reads are consistent, a list too, and ask for no more than a page', async () => {
  const { line, documents } = await onLine();
  for (const key of ['a', 'b', 'c', 'd', 'e']) await documents.write('c', key, key, 0);
  line.sent();
  await documents.list('c', { limit: 2 });
  await documents.read('c', 'a');
  expect(line.sent()).toEqual(['Query', 'GetItem']);
  const [query, get] = line.requests.slice(-2);
  expect(query?.input).toMatchObject({ ConsistentRead: true, Limit: 4 });
  expect(get?.input).toMatchObject({ ConsistentRead: true });
});

test('an item that is no document is damage, and named', async () => {
  const { line, documents } = await onLine();
  line.disturb('PutItem', (send, { input }) =>
    send({ ...input, Item: { ...(input.Item as object), revision: 'many' } }),
  );
  await documents.write('c', 'k', 'one', 0);
  await expect(documents.read('c', 'k')).rejects.toMatchObject({
    code: 'corrupt',
    message: expect.stringContaining('documents#c'),
  });
});
