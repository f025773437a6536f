import type { WakeSource } from '../ports/queue.ts';
import type { Birth, Mail } from './events.ts';
import { type Head, isOpen } from './head.ts';
import type { Journal, SettledEvent } from './journal.ts';

/**
 * What a message leads to, decided on the journal as read after the message came. Pure.
 */

export type Admission =
  /** Somebody else does what is to be done, or nothing is. */
  | { do: 'leave' }
  /** Settled, but the head is still open: the outbox was not emptied (K22). */
  | { do: 'announce' }
  /** What was accepted before the run went on as another one, and came after. */
  | { do: 'hand_over' }
  /** The head says something else than the journal, though nobody is at it (invariant 6). */
  | { do: 'repair' }
  /** The head was lowered for nothing: it can only be raised behind a new suspend (K16). */
  | { do: 'suspend_again'; wakeAt: number }
  | { do: 'turn'; lazy: boolean; takeover: boolean };

export interface Asked {
  kind: 'start' | 'wake' | 'mail';
  from?: WakeSource | undefined;
  receives: number;
}

export interface Situation {
  head: Head;
  journal: Journal;
  /** Mail that the journal does not hold. */
  unread: Mail[];
  now: number;
  /** The driver that claims the run, or the process that holds its start message, is certainly dead. */
  ownerIsGone: boolean;
  /** The process that holds the start message is alive and is not this one. */
  ownerIsOther: boolean;
  /** After this the sweeper looks at a fresh run, in ms. */
  graceMs: number;
}

export function admit(asked: Asked, situation: Situation): Admission {
  const { head, journal, unread, now, ownerIsGone, ownerIsOther, graceMs } = situation;
  const { current } = journal;
  const firstDelivery = asked.receives === 1 && asked.from === undefined;
  switch (current.phase) {
    case 'settled':
      if (isOpen(head.state)) return { do: 'announce' };
      return asked.kind === 'mail' && unread.length > 0 && goesOn(current.end) ? { do: 'hand_over' } : { do: 'leave' };
    case 'fresh':
      if (!isOpen(head.state)) return { do: 'leave' };
      if (asked.kind === 'start') {
        // Later the sweeper's wake may be on its way, and both would run the first steps (K8).
        const lazy = firstDelivery && now < journal.birth.createdAt + graceMs / 2;
        return { do: 'turn', lazy, takeover: !lazy };
      }
      if (asked.from === 'sweeper' && (ownerIsGone || !ownerIsOther))
        return { do: 'turn', lazy: false, takeover: true };
      return { do: 'leave' };
    case 'claimed':
      if (current.leaseUntil > now && !ownerIsGone) return { do: 'leave' };
      return { do: 'turn', lazy: false, takeover: true };
    case 'blocked':
      if (
        current.retryAt <= now ||
        asked.kind === 'mail' ||
        hasNews(unread, current.at) ||
        isDeployment(asked.from, current.code)
      ) {
        return { do: 'turn', lazy: false, takeover: !firstDelivery && !isDeployment(asked.from, current.code) };
      }
      return mend(head, journal, current.retryAt);
    case 'suspended':
      if (current.wakeAt <= now || unread.length > 0) return { do: 'turn', lazy: false, takeover: !firstDelivery };
      return mend(head, journal, current.wakeAt);
  }
}

/**
 * Whether the first turn of a run may begin with the birth that came with its message, while the run is read. Later a cancel may have
 * been accepted long ago, or the message may have been delivered before.
 */
export function mayBeginUnread(
  { receives }: Pick<Asked, 'receives'>,
  birth: Birth,
  now: number,
  earlyMs: number,
): boolean {
  return receives === 1 && now < birth.createdAt + earlyMs;
}

/** Mail is there that was accepted since: its own message may be on its way still, or be lost. */
function hasNews(unread: Mail[], since: number): boolean {
  return unread.some(({ event }) => event.at > since);
}

/** A run that kills its process would kill each new one, too: for it, opening is not enough. */
function isDeployment(from: WakeSource | undefined, code: string): boolean {
  return from === 'deployment' || (from === 'opening' && code !== 'crashing');
}

function goesOn(end: SettledEvent): boolean {
  return end.type === 'run_completed' && end.continuedAs !== undefined;
}

function mend(head: Head, journal: Journal, wakeAt: number): Admission {
  if (!isOpen(head.state)) return { do: 'leave' };
  if (head.position < journal.position) return { do: 'repair' };
  return head.state.wakeAt < wakeAt ? { do: 'suspend_again', wakeAt } : { do: 'leave' };
}
