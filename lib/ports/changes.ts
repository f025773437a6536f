/**
 * A hint that a run's journal has grown. Best effort: may be lost, doubled, or early; whoever hears it reads the journal.
 */
export interface Changes {
  /** `settledAt`: the growth was the run's end, and this its position. */
  publish(runId: string, settledAt?: number): void;
  /** Calls back at each hint about the run. The returned function ends it. */
  subscribe(runId: string, callback: (settledAt: number | undefined) => void): () => void;
}
