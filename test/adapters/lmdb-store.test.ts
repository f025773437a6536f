import { createLmdbStore } from '../../lib/adapters/lmdb/store.ts';
import { storeSuite } from '../conformance/store-suite.ts';
import { createDataDir } from './data-dir.ts';

storeSuite('lmdb', async ({ clock }) => {
  const { dataDir, remove } = createDataDir();
  const store = createLmdbStore({ dataDir, clock });
  const another = createLmdbStore({ dataDir, clock });
  return {
    store,
    another,
    async dispose() {
      await store.close();
      await another.close();
      remove();
    },
  };
});
