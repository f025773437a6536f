import { type DriveEnd, drive } from '../kernel/drive.ts';
import type { Ports } from '../kernel/ports.ts';
import type { Turn } from '../kernel/turn.ts';
import type { Delivery, Message } from '../ports/queue.ts';

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
  again: Again | undefined;
  ended: Promise<void>;
}

interface Again {
  message: Message;
  receives: number;
}

const receiveMs = 20_000;
const maxRetryMs = 60_000;

export function createWorker(ports: Ports, options: { concurrency: number }): Worker {
  const drives = new Map<string, Drive>();
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
      const deliveries = await ports.queue.receive({ max: free, waitMs: receiveMs });
      for (const delivery of deliveries) take(delivery);
    }
  }

  function take(delivery: Delivery): void {
    const { message } = delivery;
    const busy = drives.get(message.run);
    if (busy) {
      busy.again = nextOf(busy.again, delivery);
      busy.turn?.nudge();
      void settle(delivery, storeMail(message));
      return;
    }
    const entry: Drive = { turn: undefined, again: undefined, ended: Promise.resolve() };
    drives.set(message.run, entry);
    entry.ended = settle(delivery, driveFully(message, delivery.receives, entry)).finally(() => {
      drives.delete(message.run);
      freed?.();
      freed = undefined;
    });
  }

  /** Where the queue carries the fact, it has to be stored before the message is gone. */
  async function storeMail(message: Message): Promise<void> {
    if (message.kind === 'mail' && ports.queue.durable)
      await ports.store.putMail(message.run, message.nonce, message.mail);
  }

  async function driveFully(message: Message, receives: number, entry: Drive): Promise<void> {
    let end = await driveOnce(message, receives, entry);
    while (entry.again && !draining && end !== 'lost') {
      const next = entry.again;
      entry.again = undefined;
      end = await driveOnce(next.message, next.receives, entry);
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

  async function settle({ message, receipt, receives }: Delivery, work: Promise<void>): Promise<void> {
    try {
      await work;
      await ports.queue.ack(receipt);
    } catch (error) {
      ports.observer?.troubled?.({ run: message.run, message: 'The turn broke off; the message comes again', error });
      await ports.queue.retry(receipt, Math.min(maxRetryMs, 500 * 2 ** receives));
    }
  }

  return {
    start() {
      loop().catch((error: unknown) => ports.observer?.troubled?.({ run: '', message: 'The worker stopped', error }));
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
      await Promise.all([...drives.values()].map(({ ended }) => ended));
    },
  };
}

function plainWake(run: string): Again {
  return { message: { kind: 'wake', run }, receives: 1 };
}

/**
 * What to look again for: of two messages the one that may do more. Only a start message and the sweeper may begin a
 * fresh run (K10), only a deployment and mail have a blocked one tried before its time.
 */
function nextOf(earlier: Again | undefined, { message, receives }: Delivery): Again {
  return earlier && weightOf(earlier.message) >= weightOf(message) ? earlier : { message, receives };
}

function weightOf(message: Message): number {
  if (message.kind !== 'wake') return message.kind === 'start' ? 2 : 1;
  return { deployment: 4, opening: 3, sweeper: 2, none: 0 }[message.from ?? 'none'];
}
