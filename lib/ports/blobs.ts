/** Payloads too large for a journal item. Keys are `<run id>/<name>`; a blob is written once and never changed. */
export interface Blobs {
  /**
   * Writing the same key again with the same text is harmless. Durable when it resolves. `expiresAt`: from then on
   * nobody needs it, in ms.
   */
  put(key: string, text: string, expiresAt?: number): Promise<void>;
  /** `undefined`: there is no such blob. */
  get(key: string): Promise<string | undefined>;
  /** Removes all blobs of one run. */
  deleteRun(runId: string): Promise<void>;
}
