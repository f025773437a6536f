import type { Birth } from './events.ts';

/**
 * A run's head: its birth, and what the journal came to when last projected. A cache that repairs itself (invariant 6);
 * whoever needs the truth folds the journal.
 */
export interface Head {
  birth: Birth;
  /** The journal position at which `state` was folded (K16). 0: nothing but birth. */
  position: number;
  state: HeadState;
  /** From then on the run reads as absent. Milliseconds. */
  expiresAt: number;
}

export type OpenStatus = 'pending' | 'running' | 'waiting' | 'paused' | 'blocked';
export type SettledStatus = 'completed' | 'failed' | 'cancelled';
export type RunStatus = OpenStatus | SettledStatus;

export type HeadState =
  | { status: Exclude<OpenStatus, 'blocked'>; wakeAt: number }
  | { status: 'blocked'; wakeAt: number; reason: string }
  | { status: SettledStatus; closedAt: number }
  /** Marked for deletion: in no list any more, and absent to readers of runs (K7). */
  | { status: 'deleting' };

/** Fields that are given replace the head's. */
export interface HeadChange {
  position?: number;
  state?: HeadState;
  expiresAt?: number;
}

/**
 * When a head may be changed. `positionBelow`: strictly less, for raises; `positionAtMost`: for lowerings (K16);
 * `wakeAt`: still what the index said (K18). All that are given have to hold. The nonce always has to.
 */
export interface HeadGuard {
  nonce: string;
  positionBelow?: number;
  positionAtMost?: number;
  wakeAt?: number;
}

export function isOpen(state: HeadState): state is Extract<HeadState, { wakeAt: number }> {
  return 'wakeAt' in state;
}

export function isSettled(status: string): status is SettledStatus {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}
