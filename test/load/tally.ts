/** What happened in a second, as those who load tell it; and all of it together. */

export interface Tally {
  /** Requests that asked for a run. */
  asked: number;
  accepted: number;
  /** 429s, those of requests that were sent again included. */
  refused: number;
  /** Answers that are none of these, and what else went wrong. */
  failed: number;
  completed: number;
  /** An open loop had as many requests open as it may. */
  unsent: number;
  /** Of accepted starts, in ms. */
  startMs: number[];
  /** Of refusals. */
  refusalMs: number[];
  /** From a step's beginning to the next one's. */
  hopMs: number[];
  /** From the request until the client knows the outcome. */
  runMs: number[];
}

export function emptyTally(): Tally {
  return {
    ...{ asked: 0, accepted: 0, refused: 0, failed: 0, completed: 0, unsent: 0 },
    ...{ startMs: [], refusalMs: [], hopMs: [], runMs: [] },
  };
}

export function addTally(to: Tally, more: Tally): void {
  for (const name of Object.keys(more) as (keyof Tally)[]) {
    const value = more[name];
    if (typeof value === 'number') (to[name] as number) += value;
    else for (const each of value) (to[name] as number[]).push(each);
  }
}

/** By the nearest rank; `q` from 0 to 1. NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}
