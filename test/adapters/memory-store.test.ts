import { createMemoryStore } from '../../lib/adapters/memory/store.ts';
import { storeSuite } from '../conformance/store-suite.ts';

storeSuite('memory', async ({ clock }) => ({ store: createMemoryStore({ clock }), dispose: async () => {} }), {
  refusesWhenClosed: 'there is nothing to close',
});
