import type { Document, Documents } from '../../ports/documents.ts';
import { assertUsableName, assertUsableText } from '../document-rules.ts';

/** The model of the documents port: every other adapter has to answer as this one does. */
export function createMemoryDocuments(): Documents {
  const collections = new Map<string, Map<string, Document>>();

  function collectionOf(name: string): Map<string, Document> {
    assertUsableName(name, 'collection');
    const collection = collections.get(name) ?? new Map<string, Document>();
    collections.set(name, collection);
    return collection;
  }

  return {
    async read(collection, key) {
      assertUsableName(key, 'key');
      const document = collectionOf(collection).get(key);
      return document && { ...document };
    },

    async write(collection, key, text, expected) {
      assertUsableName(key, 'key');
      assertUsableText(text);
      const documents = collectionOf(collection);
      if ((documents.get(key)?.revision ?? 0) !== expected) return false;
      documents.set(key, { key, text, revision: expected + 1 });
      return true;
    },

    async list(collection, { prefix, descending = false, limit, cursor }) {
      if (prefix !== undefined) assertUsableName(prefix, 'prefix');
      if (cursor !== undefined) assertUsableName(cursor, 'cursor');
      const isLater = (key: string) => cursor === undefined || (descending ? key < cursor : key > cursor);
      const found = [...collectionOf(collection).values()]
        .filter(({ key }) => key.startsWith(prefix ?? '') && isLater(key))
        .sort((a, b) => (a.key < b.key === descending ? 1 : -1));
      const items = found.slice(0, limit).map((document) => ({ ...document }));
      const last = items.at(-1);
      return found.length > limit && last !== undefined ? { items, cursor: last.key } : { items };
    },
  };
}
