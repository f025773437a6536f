import type { Definition } from './definition.ts';
import type { Journal } from './journal.ts';
import type { Limits } from './limits.ts';
import type { Program } from './program.ts';

/**
 * Suspended runs with long journals, as this process left them: their next turn goes on from there, and need not read the
 * journal and replay the program from the start. A parent of thousands has a turn for each hundred of their ends.
 *
 * Owns: how much is kept. What is left out is replayed.
 * Invariant: a kept program has been fed exactly the journal beside it, as it was when it was kept. What others have
 * written since is read, and fed to it as in any replay.
 */
export interface KeptRun {
  journal: Journal;
  /** So many of its events. */
  fed: number;
  definition: Definition;
  program: Program;
}

export interface KeptRuns {
  /** It belongs to whoever took it. `undefined`: it is not here. */
  take(run: string): KeptRun | undefined;
  /** Those that have lain here longest make room. Too short or too long a journal is not kept. */
  keep(run: KeptRun): void;
}

export function createKeptRuns({ keptFromEvents, keptEvents }: Limits): KeptRuns {
  /** The oldest first. */
  const runs = new Map<string, KeptRun>();
  let events = 0;

  function take(run: string): KeptRun | undefined {
    const kept = runs.get(run);
    if (kept === undefined) return undefined;
    runs.delete(run);
    events -= kept.journal.events.length;
    return kept;
  }

  return {
    take,
    keep(run) {
      const { journal } = run;
      if (journal.events.length < keptFromEvents || journal.events.length > keptEvents) return;
      take(journal.birth.id);
      runs.set(journal.birth.id, run);
      events += journal.events.length;
      for (const id of runs.keys()) {
        if (events <= keptEvents) return;
        take(id);
      }
    },
  };
}
