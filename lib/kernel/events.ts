/**
 * What a journal is made of. Owns the stored format: whatever changes here changes `FORMAT`.
 * An event is one fact. A chunk is what one append writes: events that became durable together.
 */

/** Version of the stored format. A reader that meets a greater one appends nothing (K26). */
export const FORMAT = 1;

/** A large payload, kept by the blob port. `bytes` is the length of the JSON text in UTF-8, `digest` its checksum. */
export interface BlobRef {
  blob: string;
  bytes: number;
  digest: string;
}

/** JSON text, or a reference to it. Absent where the value is `undefined`. */
export type Payload = string | BlobRef;

/** An error as stored: bounded, and given to the program exactly so in every replay. */
export interface StoredError {
  name: string;
  message: string;
  code?: string;
  stack?: string;
  /** JSON text. */
  details?: string;
  cause?: StoredError;
}

export interface ParentLink {
  id: string;
  nonce: string;
  /** The parent's task key of this child. */
  key: string;
  /** When the parent's records expire (K25). */
  expiresAt: number;
}

/** Who asked for something, as far as is known: 'cli', 'api', 'run', a user's name. */
type Actor = string;

/** The part of a head that never changes; event 0 of the journal (K7). */
export interface Birth {
  format: number;
  id: string;
  /** Distinguishes runs that come one after the other under the same id. Random, never shown: callback tokens rest on it. */
  nonce: string;
  workflow: string;
  version: number;
  input?: Payload;
  /** With an idempotency key, the digest of the input's JSON text: the same key with another input is a conflict. */
  inputDigest?: string;
  createdAt: number;
  /** Absolute; then the run fails with a timeout, paused or not (K25). */
  deadline: number;
  /** How long a settled run is kept, in ms. */
  retention: number;
  idempotencyKey?: string;
  correlationId?: string;
  /** The run that waits for this one. Absent for detached children. */
  parent?: ParentLink;
  /** The run that this one continues or was started by. */
  origin?: Actor;
  /** The process that holds the start message in memory, where the queue is not durable. */
  host?: string;
}

/** Facts from outside. They are stored as mail first; `id` says which is a repetition. */
export type OutsideEvent =
  | { type: 'run_signalled'; id: string; at: number; name: string; payload?: Payload; by?: Actor }
  | { type: 'run_cancel_requested'; id: string; at: number; epoch: number; reason?: string; by?: Actor }
  | { type: 'run_paused'; id: string; at: number; epoch: number; issuedAt: number; by?: Actor }
  | { type: 'run_resumed'; id: string; at: number; epoch: number; issuedAt: number; by?: Actor }
  | {
      type: 'child_settled';
      id: string;
      at: number;
      key: string;
      outcome: { status: 'completed'; output?: Payload } | { status: 'failed' | 'cancelled'; error: StoredError };
    };

/** An outside event that is stored and not yet in the journal. `at` of its event is the time of acceptance. */
export interface Mail {
  id: string;
  event: OutsideEvent;
}

export type TaskKind = 'step' | 'timer' | 'signal' | 'child';

/** What a suspended run waits for. */
export interface Awaiting {
  key: string;
  kind: TaskKind;
  /** When a timer fires or a failed step is tried again. */
  due?: number;
  /** The signal's name, or the child's run id. */
  name?: string;
}

/** Facts that a driver writes about tasks. */
export type TaskEvent =
  | {
      type: 'task_started';
      at: number;
      key: string;
      kind: 'step' | 'child';
      attempt: number;
      /** The step ran with nothing beside it in the run, so that a crash now is its own (K12). */
      alone?: true;
      /** The child's run id. */
      child?: string;
      detached?: true;
    }
  | {
      type: 'task_retried';
      at: number;
      key: string;
      attempt: number;
      error: StoredError;
      retryAt: number;
      startedAt: number;
    }
  | {
      type: 'task_completed';
      at: number;
      key: string;
      kind: TaskKind;
      attempt?: number;
      startedAt?: number;
      result?: Payload;
    }
  | {
      type: 'task_failed';
      at: number;
      key: string;
      kind: TaskKind;
      attempt?: number;
      startedAt?: number;
      error: StoredError;
    };

/** The run that goes on where another ended. */
export interface Continuation {
  id: string;
  input?: Payload;
  /** Ids of signals that the ended run has heard and not taken: the successor gets them. */
  untaken?: Listed<string>;
}

/** Facts that a driver writes about the run. */
export type RunEvent =
  | { type: 'run_timed_out'; at: number }
  | { type: 'run_versioned'; at: number; change: string }
  | { type: 'run_reported'; at: number; details: string }
  | { type: 'run_suspended'; at: number; wakeAt: number; awaiting: Awaiting[]; paused?: true }
  | { type: 'run_blocked'; at: number; code: string; message: string; retryAt: number }
  | {
      type: 'run_completed';
      at: number;
      output?: Payload;
      /** The run that goes on where this one ended. */
      continuedAs?: Continuation;
      openChildren?: OpenChildren;
      /** Steps that nobody awaited and that had not ended. */
      unawaited?: string[];
    }
  | { type: 'run_failed'; at: number; error: StoredError; openChildren?: OpenChildren; unawaited?: string[] }
  | { type: 'run_cancelled'; at: number; error: StoredError; openChildren?: OpenChildren; unawaited?: string[] };

/** In any number: where they are many, a reference to JSON text, so that the event fits an item of every store. */
export type Listed<T> = T[] | BlobRef;

/** Children that may have been started though the journal does not show it. */
export type OpenChildren = Listed<OpenChild>;

/** A child that is to be cancelled because its parent settled. */
export interface OpenChild {
  key: string;
  id: string;
  /** What it would be, in case it does not exist yet: then it never will. */
  workflow?: string;
  version?: number;
}

export type JournalEvent = TaskEvent | RunEvent | OutsideEvent;

/** What one append writes, at one position. */
export interface Chunk {
  format: number;
  nonce: string;
  position: number;
  /** Names the append: a conflict with one's own id is a write that had been applied (K5). */
  id: string;
  at: number;
  /** The driver that claims the run until `leaseUntil`. Absent where no driver wrote it (K8). */
  driver?: { id: string; leaseUntil: number };
  /** This append replaced a claim that had expired (K11). */
  takeover?: true;
  events: JournalEvent[];
}
