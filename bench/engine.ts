/** The engine on a store that is no backend of `openPawl`: DynamoDB's stand-in, or one that counts. */
import { createMemoryBlobs } from '../lib/adapters/memory/blobs.ts';
import { createMemoryChanges } from '../lib/adapters/memory/changes.ts';
import { createMemoryQueue } from '../lib/adapters/memory/queue.ts';
import { systemIds } from '../lib/adapters/system/ids.ts';
import { createAloneGate } from '../lib/kernel/alone.ts';
import type { Definition } from '../lib/kernel/definition.ts';
import { createKeptRuns } from '../lib/kernel/kept-runs.ts';
import { defaultLimits } from '../lib/kernel/limits.ts';
import type { Ports } from '../lib/kernel/ports.ts';
import { createSharedLooks } from '../lib/kernel/shared-looks.ts';
import type { Clock } from '../lib/ports/clock.ts';
import type { Store } from '../lib/ports/store.ts';
import { createDefinitions } from '../lib/service/list-workflows.ts';
import { startRun } from '../lib/service/start-run.ts';
import { signalRun } from '../lib/service/tell-run.ts';
import { awaitEnd } from '../lib/service/watch-run.ts';
import { createWorker } from '../lib/service/worker.ts';

export interface Engine {
  ports: Ports;
  /** Answers with the run's id. */
  start(workflow: Definition, input?: unknown): Promise<string>;
  /** Resolves when the run has settled. */
  end(id: string): Promise<unknown>;
  signal(id: string, name: string): Promise<unknown>;
  close(): Promise<void>;
}

export interface EngineOptions {
  store: Store;
  clock: Clock;
  workflows: Definition[];
  concurrency?: number;
}

/** All that the kernel works with, in memory but for the store. */
export function createPorts({ store, clock, workflows }: Omit<EngineOptions, 'concurrency'>) {
  return {
    store,
    clock,
    queue: createMemoryQueue({ clock }),
    blobs: createMemoryBlobs(),
    changes: createMemoryChanges(),
    ids: systemIds,
    liveness: { self: 'bench', isGone: async () => false },
    definitions: createDefinitions(workflows),
    limits: defaultLimits,
    alone: createAloneGate(),
    kept: createKeptRuns(defaultLimits),
    looks: createSharedLooks(),
  } satisfies Ports;
}

export function createEngine({ concurrency = 256, ...options }: EngineOptions): Engine {
  const ports = createPorts(options);
  const worker = createWorker(ports, { concurrency });
  worker.start();
  return {
    ports,
    start: async ({ name, version }, input) => {
      const { head } = await startRun(ports, { workflow: name, version, input });
      return head.birth.id;
    },
    end: (id) => awaitEnd(ports, id),
    signal: (id, name) => signalRun(ports, id, name, {}),
    async close() {
      await worker.drain(0);
      await ports.queue.close();
      await ports.store.close();
    },
  };
}
