import type { Blobs } from '../ports/blobs.ts';
import type { Changes } from '../ports/changes.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Liveness } from '../ports/liveness.ts';
import type { Queue } from '../ports/queue.ts';
import type { Store } from '../ports/store.ts';
import type { AloneGate } from './alone.ts';
import type { Definitions } from './definition.ts';
import type { Chunk } from './events.ts';
import type { KeptRuns } from './kept-runs.ts';
import type { Limits } from './limits.ts';
import type { LogLevel } from './operations.ts';
import type { SharedLooks } from './shared-looks.ts';

/** Everything outside that the kernel works with. */
export interface Ports {
  store: Store;
  queue: Queue;
  blobs: Blobs;
  clock: Clock;
  ids: Ids;
  liveness: Liveness;
  changes: Changes;
  definitions: Definitions;
  limits: Limits;
  /** Shared by all turns of the process (K12). */
  alone: AloneGate;
  /** Shared by all turns of the process. Default: nothing is kept between turns. */
  kept?: KeptRuns | undefined;
  /** Shared by all who leave mail in this process. Default: each looks for himself. */
  looks?: SharedLooks<boolean> | undefined;
  observer?: Observer | undefined;
}

/** Told what happens, as it happens, in this process. Must not throw. */
export interface Observer {
  stepStarted?(event: { run: string; key: string; attempt: number; at: number }): void;
  /** The chunk is durable. `seq` is the sequence number of its first event. */
  recorded?(run: string, chunk: Chunk, seq: number): void;
  /** A workflow called `ctx.log`. */
  logged?(entry: { run: string; level: LogLevel; message: string; fields: Record<string, unknown> | undefined }): void;
  /** Something went wrong that the journal does not show. */
  troubled?(event: { run: string; message: string; error: unknown }): void;
}
