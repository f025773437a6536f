/** Time as the kernel sees it. Milliseconds since the epoch. */
export interface Clock {
  now(): number;
  /** Calls back once, at or after `at`. The returned function takes the call back. */
  schedule(at: number, callback: () => void): () => void;
  /**
   * Resolves after one macrotask turn: whatever a program does in reaction to one event, awaiting nothing but the
   * context, has happened by then (K1).
   */
  macrotask(): Promise<void>;
}
