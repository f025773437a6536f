import type { Definition } from './definition.ts';
import type { JournalEvent } from './events.ts';
import type { Journal } from './journal.ts';
import type { Limits } from './limits.ts';
import { type Program, payloadOf } from './program.ts';

/**
 * What this process knows of runs. Of one with a long journal all, from one look at it to the next: whoever comes next reads what is
 * new, and need not read all of it. A parent of thousands has a turn for each hundred of their ends. Of others, whether it has begun them.
 *
 * Owns: how much is kept. What is left out is read and replayed.
 * Invariants: a run lies here or belongs to one who took it, who puts it back when nobody writes to its journal any more.
 * Its journal is what the store holds up to the journal's position, for the birth that it names.
 */
export interface KnownRun {
  /** Extended by what the store has answered with or has confirmed, and by nothing else. */
  readonly journal: Journal;
  /** As the latest turn left it, if that suspended. */
  suspended?: SuspendedProgram | undefined;
  /** What the first `events` of its events take in memory, about. */
  weighed?: { events: number; bytes: number };
}

/** It has been fed exactly the first `fed` events of the journal. What others have written since is fed to it as in any replay. */
interface SuspendedProgram {
  program: Program;
  definition: Definition;
  fed: number;
}

export interface KeptRuns {
  /** It belongs to whoever took it. `undefined`: it is not here. */
  take(run: string): KnownRun | undefined;
  /** Those that have lain here longest make room. What has ended is not kept, nor too short or too large a journal. */
  keep(run: KnownRun): void;
  /** Whether a run's start message comes here for the first time, as far as is remembered: of the last thousand. */
  isFirstStart(nonce: string): boolean;
}

/** About as many as a process begins while they are young. */
const MOST_STARTS = 1_000;

/** An event and what the program remembers of it, measured with children that give nothing. */
const bytesPerEvent = 600;

export function createKeptRuns({ keptFromEvents, keptBytes }: Limits): KeptRuns {
  /** An empty journal is nothing to know, and would not count. */
  const fewest = Math.max(1, keptFromEvents);
  /** The oldest first. */
  const runs = new Map<string, KnownRun>();
  let bytes = 0;
  /** Nonces of the runs begun here last. */
  const starts = new Set<string>();

  function take(run: string): KnownRun | undefined {
    const known = runs.get(run);
    if (known === undefined) return undefined;
    runs.delete(run);
    bytes -= weigh(known);
    return known;
  }

  return {
    take,
    keep(run) {
      const { birth, current, events: own } = run.journal;
      if (own.length < fewest || current.phase === 'settled' || weigh(run) > keptBytes) return;
      // Somebody else who was at the run has left more.
      if (runs.get(birth.id)?.suspended && !run.suspended) return;
      take(birth.id);
      runs.set(birth.id, run);
      bytes += weigh(run);
      for (const id of runs.keys()) {
        if (bytes <= keptBytes) return;
        take(id);
      }
    },
    isFirstStart(nonce) {
      if (starts.has(nonce)) return false;
      if (starts.size >= MOST_STARTS) starts.clear();
      starts.add(nonce);
      return true;
    },
  };
}

function weigh(run: KnownRun): number {
  const { events } = run.journal;
  let { events: index, bytes } = run.weighed ?? { events: 0, bytes: 0 };
  for (; index < events.length; index += 1) bytes += weightOf(events[index] as JournalEvent);
  run.weighed = { events: index, bytes };
  return bytes;
}

/** A payload is there twice: as text, and as what the program got. */
function weightOf(event: JournalEvent): number {
  const payload = payloadOf(event);
  return bytesPerEvent + (typeof payload === 'string' ? 2 * payload.length : 0);
}
