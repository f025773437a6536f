import { join } from 'node:path';
import { open } from 'lmdb';
import { describe, expect, test } from 'vitest';
import { createLmdbDocuments } from '../../lib/adapters/lmdb/documents.ts';
import { createLmdbStore } from '../../lib/adapters/lmdb/store.ts';
import { createMemoryDocuments } from '../../lib/adapters/memory/documents.ts';
import { systemClock } from '../../lib/adapters/system/clock.ts';
import { documentsSuite } from '../conformance/documents-suite.ts';
import { aHead } from '../conformance/samples.ts';
import { createDataDir } from './data-dir.ts';

documentsSuite('memory', () => ({ documents: createMemoryDocuments(), dispose: () => {} }));
documentsSuite('lmdb', () => {
  const { dataDir, remove } = createDataDir();
  const documents = createLmdbDocuments({ dataDir });
  const another = createLmdbDocuments({ dataDir });
  return {
    documents,
    another,
    async dispose() {
      await documents.close();
      await another.close();
      remove();
    },
  };
});

describe('documents of a data directory', () => {
  test('are there after it was closed, beside the runs', async () => {
    const { dataDir, remove } = createDataDir();
    const store = createLmdbStore({ dataDir, clock: systemClock });
    const documents = createLmdbDocuments({ dataDir });
    const head = aHead({ expiresAt: Number.MAX_SAFE_INTEGER });
    await store.create(head);
    await documents.write('c', 'k', 'text', 0);
    await documents.close();
    await expect(documents.read('c', 'k')).rejects.toMatchObject({ code: 'closed' });
    expect(await store.readHead(head.birth.id)).toEqual(head);
    await store.close();

    const again = createLmdbDocuments({ dataDir });
    expect(await again.read('c', 'k')).toEqual({ key: 'k', text: 'text', revision: 1 });
    await again.close();
    remove();
  });

  test('whose bytes do not fit their checksum are damage, and named', async () => {
    const { dataDir, remove } = createDataDir();
    const documents = createLmdbDocuments({ dataDir });
    await documents.write('c', 'k', 'text', 0);
    const raw = open<Uint8Array, Uint8Array>({
      path: join(dataDir, 'store.mdb'),
      encoding: 'binary',
      keyEncoding: 'binary',
    });
    for (const { key, value } of [...raw.getRange({})]) {
      const damaged = Buffer.from(value);
      damaged[damaged.length - 1] = 0x7a;
      await raw.put(Buffer.from(key), damaged);
    }
    await raw.close();
    await expect(documents.read('c', 'k')).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('document k of c'),
    });
    await documents.close();
    remove();
  });
});
