import { createMemoryBlobs } from '../adapters/memory/blobs.ts';
import { createMemoryChanges } from '../adapters/memory/changes.ts';
import { createMemoryDocuments } from '../adapters/memory/documents.ts';
import { createMemoryQueue } from '../adapters/memory/queue.ts';
import { createMemoryStore } from '../adapters/memory/store.ts';
import type { Backend, BackendOptions } from './backend.ts';

/** Everything in this process; gone with it. */
export function openMemoryBackend({ clock }: Pick<BackendOptions, 'clock'>): Backend {
  const store = createMemoryStore({ clock });
  const queue = createMemoryQueue({ clock });
  return {
    store,
    queue,
    backlog: queue.backlog,
    blobs: createMemoryBlobs(),
    documents: createMemoryDocuments(),
    changes: createMemoryChanges(),
    liveness: { self: 'memory', isGone: async () => false },
    countOtherWorkers: async () => 0,
    async close() {
      await queue.close();
      await store.close();
    },
  };
}
