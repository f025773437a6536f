import { retrying } from './appender.ts';
import { type HeadState, isOpen } from './head.ts';
import { headStateOf, type Journal } from './journal.ts';
import type { Ports } from './ports.ts';

/**
 * Keeps a run's head in step with its journal.
 *
 * Invariant: `wakeAt` is never late (K15). Who is about to append something that calls for an earlier look lowers it
 * before; who has appended something that puts the next look off raises it after. Both are fenced by position (K16).
 */
export interface HeadKeeper {
  /** Before an append. Does nothing where the head is early enough already. */
  lower(wakeAt: number): Promise<void>;
  /** After an append: the head says what the journal says. */
  raise(): Promise<void>;
}

/** `read`: the head's state as read. */
export function createHeadKeeper(ports: Ports, journal: Journal, read: HeadState): HeadKeeper {
  const { id, nonce } = journal.birth;
  let wakeAt = isOpen(read) ? read.wakeAt : 0;

  return {
    async lower(earlier) {
      if (wakeAt <= earlier) return;
      wakeAt = earlier;
      const { position } = journal;
      const state: HeadState = { status: 'running', wakeAt };
      await retrying(ports, () => ports.store.updateHead(id, { state, position }, { nonce, positionAtMost: position }));
    },
    async raise() {
      const { position } = journal;
      const state = headStateOf(journal, wakeAt);
      await retrying(ports, () => ports.store.updateHead(id, { state, position }, { nonce, positionBelow: position }));
    },
  };
}
