/**
 * A hint that a run's journal has grown. Best effort: may be lost, doubled, or early; whoever hears it reads the journal.
 */
export interface Changes {
  /** `settled`: the growth was the run's end. */
  publish(runId: string, settled: boolean): void;
  /** Calls back at each hint about the run. The returned function ends it. */
  subscribe(runId: string, callback: (settled: boolean) => void): () => void;
}
