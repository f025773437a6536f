import { createFileBlobs } from '../adapters/files/blobs.ts';
import { createLmdbDocuments } from '../adapters/lmdb/documents.ts';
import { createLmdbStore } from '../adapters/lmdb/store.ts';
import { createMemoryQueue } from '../adapters/memory/queue.ts';
import { createPeers, type Peers } from '../adapters/peers/peers.ts';
import type { Message, Queue } from '../ports/queue.ts';
import type { Backend, BackendOptions } from './backend.ts';
import { openChecked } from './open-checked.ts';

/**
 * A data directory that several processes may work on side by side: the store is shared, wakes are in each worker's
 * memory, and processes tell each other through their sockets.
 */
export async function openLocalBackend(
  options: BackendOptions & { dataDir: string; fsync: 'batch' | 'never' },
): Promise<Backend> {
  const { clock, dataDir, fsync, ids, worker } = options;
  const memory = createMemoryQueue({ clock });
  const peers = await createPeers({
    dataDir,
    role: worker ? 'worker' : 'client',
    clock,
    ids,
    onMessage: (message) => hear(options, memory, message),
    onPeerGone: options.onProcessGone,
  });
  const { store, documents } = await openChecked({ dataDir, clock, worker }, () =>
    peers.whileNobodyWrites(
      (onFileOpened) => ({
        store: createLmdbStore({ dataDir, fsync, clock, onFileOpened }),
        documents: createLmdbDocuments({ dataDir, fsync }),
      }),
      (opened) => opened.store.holdWrites,
    ),
  ).catch(async (error: unknown) => {
    await peers.close();
    throw error;
  });
  return {
    store,
    documents,
    blobs: createFileBlobs({ dataDir }),
    backlog: memory.backlog,
    queue: worker ? workerQueue(memory, peers) : clientQueue(memory, peers),
    changes: peers,
    liveness: peers,
    countOtherWorkers: () => peers.workers(),
    async close() {
      await peers.close();
      await memory.close();
      await documents.close();
      await store.close();
    },
  };
}

/**
 * What another process sent. A wake is meant for whoever is at the run already; all else is work for one of us. It is in
 * the store, too, where the sweeper finds what there is no room for now.
 */
function hear({ nudge, hasRoom }: BackendOptions, memory: Queue, message: Message): void {
  if (!nudge(message) && message.kind !== 'wake' && hasRoom()) void memory.send(message);
}

/** Works by itself, and tells the process that may be at the run. */
function workerQueue(memory: Queue, peers: Peers): Queue {
  return {
    ...memory,
    async send(message, sendOptions) {
      await memory.send(message, sendOptions);
      if (message.kind === 'mail') await peers.wake({ kind: 'wake', run: message.run, nonce: message.nonce });
    },
  };
}

/** Leaves the work to others. If there are none, they find it in the store when they come. */
function clientQueue(memory: Queue, peers: Peers): Queue {
  return {
    ...memory,
    async send(message) {
      await peers.wake(message);
    },
  };
}
