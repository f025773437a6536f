import type { Blobs } from '../ports/blobs.ts';
import type { Changes } from '../ports/changes.ts';
import type { Clock } from '../ports/clock.ts';
import type { Documents } from '../ports/documents.ts';
import type { Ids } from '../ports/ids.ts';
import type { Liveness } from '../ports/liveness.ts';
import type { Message, Queue } from '../ports/queue.ts';
import type { Store } from '../ports/store.ts';
import type { Backlog } from '../service/load.ts';

/** One set of adapters that belong together. */
export interface Backend {
  store: Store;
  blobs: Blobs;
  documents: Documents;
  queue: Queue;
  changes: Changes;
  liveness: Liveness;
  /** What waits in this process's memory for a worker here. */
  backlog: Backlog;
  /** Other live worker processes on the same data. */
  countOtherWorkers(): Promise<number>;
  close(): Promise<void>;
}

export interface BackendOptions {
  clock: Clock;
  ids: Ids;
  /** This process drives runs. */
  worker: boolean;
  /** Another process has told of a run. True: a turn here has been told to look. */
  nudge(message: Message): boolean;
  /** Another process has died: what it was at is to be taken over. */
  onProcessGone(): void;
  /** False: what other processes send is to be left to the sweeper. */
  hasRoom(): boolean;
}
