/**
 * Payloads too large for a journal item. Keys are `<owner>/<name>`: the owner is all before the last slash, and may have
 * slashes itself. A blob is written once and never changed.
 */
export interface Blobs {
  /**
   * Writing the same key again with the same text is harmless. Durable when it resolves. `expiresAt`: from then on
   * nobody needs it, in ms.
   */
  put(key: string, text: string, expiresAt?: number): Promise<void>;
  /** `undefined`: there is no such blob. */
  get(key: string): Promise<string | undefined>;
  /** Removes all blobs of this one owner: `a` is not the owner of `a/b/name`. */
  deleteAll(owner: string): Promise<void>;
  /**
   * Owners to which nothing has been put since `before`, in ms, so that somebody can remove what belongs to nobody. A
   * store of which blobs go by themselves, or with the process, names none.
   */
  idleOwners(before: number): Promise<string[]>;
}
