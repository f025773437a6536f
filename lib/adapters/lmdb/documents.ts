/** Documents beside the runs of a data directory, in the same file: any number of processes may read and write them. */
import { Fault } from '../../kernel/faults.ts';
import type { Document, Documents } from '../../ports/documents.ts';
import { assertUsableName, assertUsableText } from '../document-rules.ts';
import { toFault } from './faults.ts';
import { documentKey, documentNameOf, documentsIn } from './keys.ts';
import { type Environment, type Fsync, openEnvironment } from './open.ts';
import { readLatest } from './read-latest.ts';
import { documentFromRecord, documentToRecord } from './records.ts';
import { createSpace } from './space.ts';

export interface LmdbDocuments extends Documents {
  close(): Promise<void>;
}

export function createLmdbDocuments({ dataDir, fsync = 'batch' }: { dataDir: string; fsync?: Fsync }): LmdbDocuments {
  const env: Environment = openEnvironment({ dataDir, fsync, mapSize: undefined });
  const space = createSpace(dataDir);
  let closing: Promise<void> | undefined;

  async function guarded<T>(work: () => T | Promise<T>): Promise<T> {
    if (closing !== undefined) throw new Fault('closed', 'The store is closed.');
    try {
      return await work();
    } catch (error) {
      throw await toFault(error);
    }
  }

  function readNow(collection: string, key: string): Document | undefined {
    const at = documentKey(collection, key);
    const record = env.getBinary(at);
    return record && documentFromRecord(record, at, collection, key);
  }

  return {
    read: (collection, key) =>
      guarded(() => {
        assertUsableName(collection, 'collection');
        assertUsableName(key, 'key');
        return readLatest(env, () => readNow(collection, key));
      }),

    write: (collection, key, text, expected) =>
      guarded(async () => {
        assertUsableName(collection, 'collection');
        assertUsableName(key, 'key');
        assertUsableText(text);
        space.assertRoom('start');
        return env.transaction(() => {
          if ((readNow(collection, key)?.revision ?? 0) !== expected) return false;
          const at = documentKey(collection, key);
          env.putSync(at, documentToRecord({ text, revision: expected + 1 }, at));
          return true;
        });
      }),

    list: (collection, { prefix, descending = false, limit, cursor }) =>
      guarded(() => {
        assertUsableName(collection, 'collection');
        if (prefix !== undefined) assertUsableName(prefix, 'prefix');
        if (cursor !== undefined) assertUsableName(cursor, 'cursor');
        const range = documentsIn(collection, prefix ?? '');
        const last = cursor === undefined ? undefined : documentKey(collection, cursor);
        const order = descending
          ? { start: last ?? range.end, end: range.start, reverse: true, exclusiveStart: true, inclusiveEnd: true }
          : { start: last ?? range.start, end: range.end, exclusiveStart: last !== undefined };
        const found = readLatest(env, () =>
          [...env.getRange({ ...order, limit: limit + 1 })].map(({ key, value }) =>
            documentFromRecord(value, key, collection, documentNameOf(collection, key)),
          ),
        );
        const items = found.slice(0, limit);
        const end = items.at(-1);
        return found.length > limit && end !== undefined ? { items, cursor: end.key } : { items };
      }),

    close() {
      space.close();
      closing ??= env.close();
      return closing;
    },
  };
}
