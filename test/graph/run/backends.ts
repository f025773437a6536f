import type { TestPawlOptions } from 'pawl/testing';
import { afterEach } from 'vitest';
import { createLmdbStore } from '../../../lib/adapters/lmdb/store.ts';
import type { Store } from '../../../lib/ports/store.ts';
import { createDataDir } from '../../adapters/data-dir.ts';

/** Where the runs of a test are kept. Another one is another entry. */
export interface Backend {
  name: string;
  /** For `createTestPawl`; what it opens is closed after the test. */
  options(): Pick<TestPawlOptions, 'store'>;
}

const opened: { store: Store; remove(): void }[] = [];

afterEach(async () => {
  for (const { store, remove } of opened.splice(0)) {
    await store.close();
    remove();
  }
});

export const backends: Backend[] = [
  { name: 'memory', options: () => ({}) },
  {
    name: 'lmdb',
    options: () => ({
      store({ clock }) {
        const { dataDir, remove } = createDataDir();
        const store = createLmdbStore({ dataDir, clock, fsync: 'never' });
        opened.push({ store, remove });
        return store;
      },
    }),
  },
];
