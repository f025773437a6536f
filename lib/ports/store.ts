import type { Chunk, Mail } from '../kernel/events.ts';
import type { Head, HeadChange, HeadGuard, HeadState, OpenStatus, SettledStatus } from '../kernel/head.ts';

export interface RunRecord {
  head: Head;
  /** Chunks after the position asked for, in order, without holes. */
  chunks: Chunk[];
  /** Outside events stored beside the journal, oldest accepted first. Some may already be in the journal. */
  mail: Mail[];
}

/** Where a run stands, without its birth and what its journal and its mail hold. */
export interface RunEnd {
  nonce: string;
  /** The head's, with what it says. */
  position: number;
  state: HeadState;
  /** The last append, where it is one that the head does not know of. */
  last?: Chunk;
}

export interface RunFilter {
  status?: OpenStatus | SettledStatus;
  workflow?: string;
  correlationId?: string;
  /** Milliseconds, inclusive. */
  createdFrom?: number;
  /** Milliseconds, exclusive. */
  createdBefore?: number;
}

export interface Page<T> {
  items: T[];
  /** Pass it on to get the next page; absent on the last one. */
  cursor?: string;
}

/** A run whose head is damaged, or of a newer format: `read` throws what is wrong with it. */
export interface UnreadableRun {
  id: string;
  message: string;
}

export interface HeadPage extends Page<Head> {
  /** Met and passed over, if any: what is wrong with one run hides no other. */
  unreadable?: UnreadableRun[];
}

interface AppendOptions {
  /** Mails whose events the chunk holds: the store may delete them. */
  absorbed?: string[];
  /** From then on nobody needs the record: a store with a TTL forgets it. Milliseconds. */
  expiresAt?: number;
}

interface DueRun {
  id: string;
  wakeAt: number;
}

/**
 * Runs: heads, journals, mail. Every method may throw a `Fault` with code `unavailable` (try again), `refused` (somebody
 * has to see to it), `storage_full` or `corrupt` (names the record). What has expired or is being deleted reads as absent.
 * Who hands a record over does not change it any more; what is given belongs to who has asked for it.
 */
export interface Store {
  /**
   * Puts the head if no run lives under its id, in one atomic step, and answers with the head that stands now. A head
   * past its `expiresAt` is replaced.
   */
  create(head: Head): Promise<{ created: boolean; head: Head }>;
  /**
   * A run with its journal from `after` (exclusive, default 0). `undefined`: no such run. What has been written before
   * is seen; what is written meanwhile may be. Only a reading from the start is sure to have a long input: elsewhere the
   * birth may come without.
   */
  read(id: string, after?: number): Promise<RunRecord | undefined>;
  /** The head alone. `undefined`: no such run. */
  readHead(id: string): Promise<Head | undefined>;
  /**
   * The end of a run, in a time that does not grow with its journal. `undefined`: no such run. The head is read before the
   * append, or both at once.
   */
  readEnd(id: string): Promise<RunEnd | undefined>;
  /**
   * Writes the chunk at its position if that is free and reports what is there now: atomic, and durable when it
   * resolves. Does not look at the head.
   */
  append(
    id: string,
    chunk: Chunk,
    options?: AppendOptions,
  ): Promise<{ appended: true } | { appended: false; found: Chunk }>;
  /** Changes the head if the guard holds, atomically. False: the guard failed or there is no such run. */
  updateHead(id: string, change: HeadChange, guard: HeadGuard): Promise<boolean>;
  /** Stores an outside event under the run's nonce; the mail's id makes it idempotent. `expiresAt` as for `append`. */
  putMail(id: string, nonce: string, mail: Mail, expiresAt?: number): Promise<void>;
  /** Heads that fit the filter, newest created first; `limit` at most per page. */
  list(filter: RunFilter, page: { limit: number; cursor?: string }): Promise<HeadPage>;
  /** Open runs whose `wakeAt` is at or before `until`, earliest first. */
  listDue(until: number, page: { limit: number; cursor?: string }): Promise<Page<DueRun>>;
  /** Removes mail, journal and, last, the head. The caller has marked the head as deleting. */
  deleteRun(id: string, nonce: string): Promise<void>;
  /**
   * Removes up to `limit` runs that expired before `now`, and answers which: first those that have ended, longest expired first; then
   * open ones that are due, too, which they are long before they expire. A store with a TTL does nothing.
   */
  purgeExpired(now: number, limit: number): Promise<{ id: string; nonce: string }[]>;
  close(): Promise<void>;
}
