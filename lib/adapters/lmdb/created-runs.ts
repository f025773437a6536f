/** What a process knows of the runs that it created last: it is the one that reads them soon, and closes them. */
import type { Birth } from '../../kernel/events.ts';
import type { StoredState } from './records.ts';

/** None with a longer input, and so many of them. */
const LONGEST_INPUT = 1_000;
const MOST_RUNS = 500;

interface CreatedRun {
  birth: Birth;
  state: StoredState;
  /** The state as it was written. Somebody else may have replaced it since. */
  record: Buffer;
}

export interface CreatedRuns {
  remember(run: CreatedRun): void;
  birthOf(id: string, nonce: string): Birth | undefined;
  /** What a record says that is still the one that was written. */
  stateIn(id: string, record: Buffer): StoredState | undefined;
  /** For whoever replaces it if it still stands. */
  take(id: string): CreatedRun | undefined;
}

export function createCreatedRuns(): CreatedRuns {
  const runs = new Map<string, CreatedRun>();
  return {
    remember(run) {
      const { id, input } = run.birth;
      if (typeof input === 'string' && input.length > LONGEST_INPUT) return;
      if (runs.size >= MOST_RUNS) runs.clear();
      runs.set(id, { ...run, birth: { ...run.birth } });
    },
    birthOf(id, nonce) {
      const birth = runs.get(id)?.birth;
      return birth?.nonce === nonce ? { ...birth } : undefined;
    },
    stateIn(id, record) {
      const run = runs.get(id);
      return run?.record.equals(record) ? { ...run.state, state: { ...run.state.state } } : undefined;
    },
    take(id) {
      const run = runs.get(id);
      runs.delete(id);
      return run;
    },
  };
}
