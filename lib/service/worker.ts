import { type DriveEnd, drive } from '../kernel/drive.ts';
import type { Ports } from '../kernel/ports.ts';
import type { Turn } from '../kernel/turn.ts';
import type { Delivery, Message } from '../ports/queue.ts';
import { type Cause, retryDelayMs, storeMail, strongest } from './messages.ts';

/**
 * Takes messages from the queue and drives their runs, many at a time and each by one turn at a time.
 */
export interface Worker {
  start(): void;
  /** Whether this process is at the run just now. */
  isDriving(runId: string): boolean;
  /** Tells the run's turn to look for mail. False: there is no turn here. */
  nudge(runId: string): boolean;
  /** Takes no more messages, gives running steps `graceMs` to end, hands all runs back. */
  drain(graceMs: number): Promise<void>;
}

interface Drive {
  turn: Turn | undefined;
  /** A message came meanwhile: look once more afterwards. */
  again: Cause | undefined;
}

/**
 * So many runs begin in one round of the event loop. Those that are under way get their turn in between: what they have to write is
 * written while the next ones begin.
 */
const BEGUN_TOGETHER = 8;
const receiveMs = 20_000;
/** A queue that gave an error is asked again after this, in ms. */
const pauseMs = 1_000;

export function createWorker(ports: Ports, options: { concurrency: number }): Worker {
  const drives = new Map<string, Drive>();
  /** Drives whose message is not acknowledged or given back yet. */
  const unsettled = new Set<Promise<void>>();
  let draining = false;
  let drainMs = 0;
  let freed: (() => void) | undefined;

  async function loop(): Promise<void> {
    while (!draining) {
      const free = options.concurrency - drives.size;
      if (free <= 0) {
        await new Promise<void>((resolve) => {
          freed = resolve;
        });
        continue;
      }
      const deliveries = await receive(Math.min(free, BEGUN_TOGETHER));
      if (deliveries.length === BEGUN_TOGETHER) await ports.clock.macrotask();
      for (const delivery of deliveries) {
        if (draining) await giveBack(delivery, 0);
        else take(delivery);
      }
    }
  }

  async function receive(max: number): Promise<Delivery[]> {
    try {
      return await ports.queue.receive({ max, waitMs: receiveMs });
    } catch (error) {
      ports.observer?.troubled?.({ run: '', message: 'The queue gave nothing; it is asked again', error });
      await new Promise<void>((resolve) => {
        ports.clock.schedule(ports.clock.now() + pauseMs, resolve);
      });
      return [];
    }
  }

  function take(delivery: Delivery): void {
    const { message } = delivery;
    const busy = drives.get(message.run);
    if (busy) {
      busy.again = busy.again ? strongest(busy.again, delivery) : delivery;
      busy.turn?.nudge();
      void settle(delivery, storeMail(ports, message));
      return;
    }
    const entry: Drive = { turn: undefined, again: undefined };
    drives.set(message.run, entry);
    const ended = settle(delivery, driveFully(message, delivery.receives, entry));
    unsettled.add(ended);
    void ended.finally(() => unsettled.delete(ended));
  }

  async function driveFully(message: Message, receives: number, entry: Drive): Promise<void> {
    try {
      let end = await driveOnce(message, receives, entry);
      while (entry.again && !draining && end !== 'lost') {
        const next = entry.again;
        entry.again = undefined;
        end = await driveOnce(next.message, next.receives, entry);
      }
    } finally {
      // In one go with the last look at `again`: what comes from here on gets a drive of its own.
      drives.delete(message.run);
      freed?.();
      freed = undefined;
    }
  }

  async function driveOnce(message: Message, receives: number, entry: Drive): Promise<DriveEnd> {
    const end = await drive(ports, message, {
      receives,
      onTurn(turn) {
        entry.turn = turn;
        if (draining) turn.drain(drainMs);
      },
    });
    entry.turn = undefined;
    return end;
  }

  async function settle(delivery: Delivery, work: Promise<void>): Promise<void> {
    const { run } = delivery.message;
    try {
      await work;
      await ports.queue.ack(delivery.receipt);
    } catch (error) {
      ports.observer?.troubled?.({ run, message: 'The turn broke off; the message comes again', error });
      await giveBack(delivery, retryDelayMs(delivery.receives));
    }
  }

  async function giveBack({ message, receipt }: Delivery, delayMs: number): Promise<void> {
    try {
      await ports.queue.retry(receipt, delayMs);
    } catch (error) {
      const text = 'The message could not be given back; it comes again by itself';
      ports.observer?.troubled?.({ run: message.run, message: text, error });
    }
  }

  return {
    start() {
      void loop();
    },
    isDriving: (runId) => drives.has(runId),
    nudge(runId) {
      const entry = drives.get(runId);
      if (!entry) return false;
      entry.again ??= plainWake(runId);
      entry.turn?.nudge();
      return true;
    },
    async drain(graceMs) {
      draining = true;
      drainMs = graceMs;
      for (const entry of drives.values()) entry.turn?.drain(graceMs);
      await Promise.all(unsettled);
    },
  };
}

function plainWake(run: string): Cause {
  return { message: { kind: 'wake', run }, receives: 1 };
}
