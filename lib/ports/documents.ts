import type { Page } from './store.ts';

export interface Document {
  key: string;
  text: string;
  /** How often it has been written, from 1. */
  revision: number;
}

export interface DocumentQuery {
  /** Only keys that begin so. Default: all. */
  prefix?: string;
  /** The greatest key first. Default: the smallest. */
  descending?: boolean;
  /** At most so many in a page. */
  limit: number;
  cursor?: string;
}

/**
 * Small texts that many read and few write, by collection and key. Both are made of 1 to 400 of the characters of ASCII
 * from `!` to `~`; a text has at most 256 KiB in UTF-8. Every method may throw a `Fault` with code `unavailable` (try
 * again), `storage_full`, `corrupt` (names the document) or `closed`; `invalid_input` and `too_large` for what does not
 * fit these bounds. What has been written before is seen by every reader, wherever it is.
 */
export interface Documents {
  /** `undefined`: there is none. */
  read(collection: string, key: string): Promise<Document | undefined>;
  /**
   * Writes the text if the document has the expected revision (0: if there is none), in one atomic step, durable when it
   * resolves. False: it has another one, so of several writers who expect the same exactly one is told true.
   */
  write(collection: string, key: string, text: string, expected: number): Promise<boolean>;
  /** A collection's documents in the order of their keys. */
  list(collection: string, query: DocumentQuery): Promise<Page<Document>>;
}
