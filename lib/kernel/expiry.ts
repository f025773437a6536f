import type { Birth } from './events.ts';
import type { Limits } from './limits.ts';
import type { PayloadOwner } from './payload.ts';

/**
 * When a run's records may be forgotten by a store that forgets by itself (K25): whenever the run ends, it ends before
 * its deadline and the grace after that, and is kept for its retention. Milliseconds.
 */
export function expiryOf({ deadline, retention }: Pick<Birth, 'deadline' | 'retention'>, limits: Limits): number {
  return deadline + limits.timeoutGraceMs + retention;
}

/** The run as the owner of its payloads. */
export function ownerOf(birth: Birth, limits: Limits): PayloadOwner {
  return { id: birth.id, nonce: birth.nonce, expiresAt: expiryOf(birth, limits) };
}
