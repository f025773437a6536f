/** Documents as items of the one table: a partition for each collection, a conditional put for each write. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../ports/clock.ts';
import type { Document, Documents } from '../../ports/documents.ts';
import type { Ids } from '../../ports/ids.ts';
import { afterAll, assertUsableName, assertUsableText } from '../document-rules.ts';
import { damaged } from './attributes.ts';
import { createDynamoCalls } from './calls.ts';
import { isFree, isStillAt } from './conditions.ts';
import { documentKey, documentsPk } from './keys.ts';
import { createTableClient, type Item } from './table-client.ts';

export interface DynamoDocumentsOptions {
  /** With `maxAttempts: 1`: the adapter tries again itself. */
  client: DynamoDBClient;
  tableName: string;
  clock: Clock;
  ids: Ids;
}

export function createDynamoDocuments({ client, tableName, clock, ids }: DynamoDocumentsOptions): Documents {
  const table = createTableClient({ client, tableName, calls: createDynamoCalls({ clock, ids }) });

  return {
    async read(collection, key) {
      assertUsableName(collection, 'collection');
      assertUsableName(key, 'key');
      const item = await table.get(documentKey(collection, key));
      return item && fromItem(item);
    },

    async write(collection, key, text, expected) {
      assertUsableName(collection, 'collection');
      assertUsableName(key, 'key');
      assertUsableText(text);
      const place = documentKey(collection, key);
      // Tells this write from another of the same revision, should its answer be lost.
      const written = ids.random();
      const item = { ...place, text, revision: expected + 1, written };
      const put = await table.put(item, expected === 0 ? isFree : isStillAt(expected));
      return put.held || (put.mayBeOwn && (await table.get(place))?.written === written);
    },

    async list(collection, { prefix, descending = false, limit, cursor }) {
      assertUsableName(collection, 'collection');
      if (prefix !== undefined) assertUsableName(prefix, 'prefix');
      if (cursor !== undefined) assertUsableName(cursor, 'cursor');
      // Blanks come before all that a key is made of, so that the first bound is before every key that begins with it.
      const bounds = { from: prefix ?? ' ', to: `${prefix ?? ''}${afterAll}` };
      if (cursor !== undefined) bounds[descending ? 'to' : 'from'] = cursor;
      const pages = table.query({
        keys: {
          text: '#pk = :pk AND #sk BETWEEN :from AND :to',
          values: { ':pk': documentsPk(collection), ':from': bounds.from, ':to': bounds.to },
        },
        descending,
        // One more to know whether there are more, and the cursor's own, which both bounds include.
        firstPage: limit + 2,
      });
      const found: Document[] = [];
      for await (const page of pages) {
        found.push(...page.filter(({ sk }) => sk !== cursor).map(fromItem));
        if (found.length > limit) break;
      }
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return found.length > limit && last !== undefined ? { items, cursor: last.key } : { items };
    },
  };
}

/** Throws `Fault` corrupt. */
function fromItem(item: Item): Document {
  const { sk: key, text, revision } = item;
  if (typeof text !== 'string' || typeof revision !== 'number') throw damaged(item, 'it is no document');
  return { key, text, revision };
}
