import { type Head, type HeadGuard, type HeadState, isOpen } from './head.ts';
import { headStateOf, type Journal } from './journal.ts';
import type { Ports } from './ports.ts';
import { retrying } from './retrying.ts';

/** What is known of a head when work on its run begins. */
export type HeadAsRead = Pick<Head, 'position' | 'state'>;

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

class RunHeadKeeper implements HeadKeeper {
  readonly #ports: Ports;
  readonly #journal: Journal;
  #wakeAt: number;

  constructor(ports: Ports, journal: Journal, read: HeadAsRead) {
    this.#ports = ports;
    this.#journal = journal;
    // Whoever parked the run is perhaps about to raise a head that lags: what it says now may not hold, and a lowering
    // that bears the journal's position makes that raise void.
    const mayBeRaised = read.position < journal.position && isParked(journal);
    this.#wakeAt = mayBeRaised ? Number.POSITIVE_INFINITY : isOpen(read.state) ? read.state.wakeAt : 0;
  }

  async lower(earlier: number): Promise<void> {
    if (this.#wakeAt <= earlier) return;
    this.#wakeAt = earlier;
    await this.#write({ status: 'running', wakeAt: earlier }, { positionAtMost: this.#journal.position });
  }

  async raise(): Promise<void> {
    await this.#write(headStateOf(this.#journal, this.#wakeAt), { positionBelow: this.#journal.position });
  }

  #write(state: HeadState, fence: Omit<HeadGuard, 'nonce'>): Promise<boolean> {
    const { position, birth } = this.#journal;
    const change = { state, position };
    const guard = { nonce: birth.nonce, ...fence };
    return retrying(this.#ports, () => this.#ports.store.updateHead(birth.id, change, guard));
  }
}

/** `read`: the head as read with the journal. */
export function createHeadKeeper(ports: Ports, journal: Journal, read: HeadAsRead): HeadKeeper {
  return new RunHeadKeeper(ports, journal, read);
}

function isParked({ current }: Journal): boolean {
  return current.phase === 'suspended' || current.phase === 'blocked';
}
