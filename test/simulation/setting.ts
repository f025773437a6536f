/** What all parts of a schedule share. */
import type { Process, World } from '../kernel/harness.ts';
import type { Case } from './case.ts';
import type { Fate } from './fate.ts';

export interface Setting {
  readonly world: World;
  readonly fate: Fate;
  readonly case: Case;
  /** When the schedule began, in ms since the epoch. */
  readonly began: number;
  /** Faults strike just now. */
  disturbed(): boolean;
  /** Those that live. */
  readonly processes: readonly Process[];
  later(ms: number, action: () => unknown): void;
  /** What the run is called in the story: r1, r2, in the order of their births. */
  nameOf(run: string): string;
  tell(who: string, what: string): void;
}

const second = 1_000;
export const minute = 60 * second;
/** For so long faults strike. */
export const faultsMs = 4 * minute;
/** For so long a store throttles: longer than a driver has patience, or not quite as long. */
export const throttleMs = 12 * second;
export const shortThrottleMs = 2 * second;
