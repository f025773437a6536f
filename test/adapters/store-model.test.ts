import { createLmdbStore } from '../../lib/adapters/lmdb/store.ts';
import { storeModelSuite } from '../conformance/store-model.ts';
import { createDataDir } from './data-dir.ts';

storeModelSuite(
  'the embedded store',
  async ({ clock }) => {
    const { dataDir, remove } = createDataDir();
    const store = createLmdbStore({ dataDir, clock, fsync: 'never' });
    return {
      store,
      async dispose() {
        await store.close();
        remove();
      },
    };
  },
  { runs: Number(process.env.PAWL_MODEL_RUNS ?? 100) },
);
