import type { SettledEvent } from '../kernel/journal.ts';

/**
 * Told of a change: where the run's end stands in its journal, if it was that, and what it is, if that is known here.
 * `unknown`: there may have been a change of any kind, or none.
 */
export type OnChange = (settledAt: number | 'unknown' | undefined, end: SettledEvent | undefined) => void;

/**
 * A hint that a run's journal has grown. Best effort: may be lost, doubled, or early; whoever hears it reads the journal.
 */
export interface Changes {
  /** `settledAt`: the growth was the run's end, and this its position. Who listens in this process gets `end`, too. */
  publish(runId: string, settledAt?: number, end?: SettledEvent): void;
  /** Calls back at each hint about the run. The returned function ends it. */
  subscribe(runId: string, callback: OnChange): () => void;
}
