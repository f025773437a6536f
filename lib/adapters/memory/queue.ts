import { Fault } from '../../kernel/faults.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Delivery, Message, Queue } from '../../ports/queue.ts';
import { copyOf } from './copy.ts';

interface Entry {
  message: Message;
  receives: number;
  /** The latest delivery's; older ones have run out. */
  receipt?: string;
  /** It became visible then. */
  readyAt: number;
}

interface Waiter {
  max: number;
  resolve(deliveries: Delivery[]): void;
  stopWaiting(): void;
}

export interface MemoryQueue extends Queue {
  /** Ends all waiting `receive`s with nothing and forgets the messages. */
  close(): Promise<void>;
  /** What could be received now. */
  readonly backlog: { count(): number; oldestMs(): number; runs(): Set<string> };
}

/** A queue in this process. First in, first out, as far as delays and redeliveries allow. */
export function createMemoryQueue({
  clock,
  visibilityMs = 60_000,
  receiveLimit = 5,
}: {
  clock: Clock;
  visibilityMs?: number;
  receiveLimit?: number;
}): MemoryQueue {
  const ready = new Set<Entry>();
  const inFlight = new Map<string, { entry: Entry; stopTimer: () => void }>();
  const delayTimers = new Set<() => void>();
  const waiters = new Set<Waiter>();
  const dead = new Map<string, Entry>();
  let lastReceipt = 0;
  let closed = false;

  function makeVisible(entry: Entry): void {
    if (entry.receives >= receiveLimit) {
      dead.set(entry.receipt ?? '', entry);
      return;
    }
    entry.readyAt = clock.now();
    ready.add(entry);
    const [waiter] = waiters;
    if (waiter === undefined) return;
    waiters.delete(waiter);
    waiter.stopWaiting();
    // Whoever sent it goes on first, and what is sent in the same moment comes along.
    void clock.macrotask().then(() => waiter.resolve(take(waiter.max)));
  }

  function makeVisibleIn(entry: Entry, delayMs: number): void {
    if (delayMs <= 0) {
      makeVisible(entry);
      return;
    }
    const stopTimer = clock.schedule(clock.now() + delayMs, () => {
      delayTimers.delete(stopTimer);
      makeVisible(entry);
    });
    delayTimers.add(stopTimer);
  }

  function take(max: number): Delivery[] {
    const deliveries: Delivery[] = [];
    for (const entry of ready) {
      if (deliveries.length >= max) break;
      ready.delete(entry);
      entry.receives += 1;
      lastReceipt += 1;
      const receipt = String(lastReceipt);
      entry.receipt = receipt;
      const stopTimer = clock.schedule(clock.now() + visibilityMs, () => {
        inFlight.delete(receipt);
        makeVisible(entry);
      });
      inFlight.set(receipt, { entry, stopTimer });
      deliveries.push({ message: entry.message, receives: entry.receives, receipt });
    }
    return deliveries;
  }

  function settle(receipt: string): Entry | undefined {
    const delivered = inFlight.get(receipt);
    inFlight.delete(receipt);
    delivered?.stopTimer();
    return delivered?.entry;
  }

  return {
    durable: false,

    backlog: {
      count: () => ready.size,
      oldestMs() {
        for (const { readyAt } of ready) return Math.max(0, clock.now() - readyAt);
        return 0;
      },
      runs: () => new Set([...ready].map(({ message }) => message.run)),
    },

    async send(message, { delayMs = 0 } = {}) {
      if (closed) throw new Fault('closed', 'The queue is closed.');
      makeVisibleIn({ message: copyOf(message), receives: 0, readyAt: 0 }, delayMs);
    },

    async receive({ max, waitMs }) {
      const deliveries = closed ? [] : take(max);
      if (deliveries.length > 0 || waitMs <= 0 || closed) return deliveries;
      return new Promise((resolve) => {
        const stopWaiting = clock.schedule(clock.now() + waitMs, () => {
          waiters.delete(waiter);
          resolve([]);
        });
        const waiter: Waiter = { max, resolve, stopWaiting };
        waiters.add(waiter);
      });
    },

    async ack(receipt) {
      settle(receipt);
    },

    async retry(receipt, delayMs) {
      const entry = settle(receipt);
      if (entry === undefined) return;
      const isSpent = entry.receives >= receiveLimit;
      makeVisibleIn(entry, isSpent ? 0 : delayMs);
    },

    async countDeadLetters() {
      return dead.size;
    },

    async receiveDeadLetters(max) {
      return [...dead]
        .slice(0, max)
        .map(([receipt, { message, receives }]) => ({ message: copyOf(message), receives, receipt }));
    },

    async dropDeadLetter(receipt) {
      dead.delete(receipt);
    },

    async redrive() {
      const entries = [...dead.values()];
      dead.clear();
      for (const { message } of entries) makeVisible({ message, receives: 0, readyAt: 0 });
      return entries.length;
    },

    async close() {
      closed = true;
      for (const stopTimer of delayTimers) stopTimer();
      for (const { stopTimer } of inFlight.values()) stopTimer();
      delayTimers.clear();
      inFlight.clear();
      ready.clear();
      for (const waiter of waiters) {
        waiter.stopWaiting();
        waiter.resolve([]);
      }
      waiters.clear();
    },
  };
}
