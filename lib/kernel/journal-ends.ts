import type { Store } from '../ports/store.ts';

/**
 * How far this process has seen journals that it does not drive. A journal only grows, so that whoever needs no more than
 * its last append begins there: a parent is told of each of its children's ends, and would be read again from the place
 * where its turn began each time.
 */
export interface JournalEnds {
  /** A position that is taken; 0: none is known. */
  of(run: string, nonce: string): number;
  saw(run: string, nonce: string, position: number): void;
}

/** The longest unseen are forgotten. */
const runsKept = 1_000;

const all = new WeakMap<Store, JournalEnds>();

export function journalEndsOf(store: Store): JournalEnds {
  const known = all.get(store) ?? createJournalEnds();
  all.set(store, known);
  return known;
}

function createJournalEnds(): JournalEnds {
  const ends = new Map<string, number>();
  const keyOf = (run: string, nonce: string) => `${run}\n${nonce}`;
  return {
    of: (run, nonce) => ends.get(keyOf(run, nonce)) ?? 0,
    saw(run, nonce, position) {
      const key = keyOf(run, nonce);
      const latest = Math.max(position, ends.get(key) ?? 0);
      ends.delete(key);
      ends.set(key, latest);
      const [oldest] = ends.keys();
      if (ends.size > runsKept && oldest !== undefined) ends.delete(oldest);
    },
  };
}
