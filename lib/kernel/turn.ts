import type { Definition } from './definition.ts';
import type { HeadAsRead } from './head-keeper.ts';
import type { KnownRun } from './kept-runs.ts';
import type { MailAsRead } from './mailbox.ts';

export type TurnEnd = 'settled' | 'suspended' | 'blocked' | 'yielded' | 'lost';

/** One driver's stretch of work on one run. What it does is in run-turn.ts. */
export interface Turn {
  /** Runs to the turn's end. Rejects if the store stays unavailable: then somebody else takes over. */
  run(): Promise<TurnEnd>;
  /** New mail may be there: look now, not at the next watch. */
  nudge(): void;
  /** Starts nothing more, waits for running steps up to `graceMs`, and hands the run back. */
  drain(graceMs: number): void;
}

export interface TurnStart {
  definition: Definition;
  /** Its program is gone on with; by default one is made anew and replayed. The turn leaves its own there if it suspends. */
  known: KnownRun;
  mail: MailAsRead;
  head: HeadAsRead;
  /** Before the run was read, in ms since the epoch: all that the turn knows is at least so old. */
  readAt: number;
  /** The first turn of a fresh run on its first delivery: effects may start before anything is written (K8). */
  lazy: boolean;
  /** All that is known of the run is its birth: the turn reads it while first steps run, if there are any (K8). */
  readsAside: boolean;
  /** The first append says that a claim had expired, or that one cannot know (K11). */
  takeover: boolean;
  /** Look at all children first: the turn may have been woken for that. */
  checkChildren: boolean;
  /** By then the turn has to have ended: it hands the run back if there is still something to do. Default: never. */
  until?: number | undefined;
}
