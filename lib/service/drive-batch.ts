import { drive } from '../kernel/drive.ts';
import type { Ports } from '../kernel/ports.ts';
import type { Delivery } from '../ports/queue.ts';
import { type Cause, retryDelayMs, storeMail, strongest } from './messages.ts';

/**
 * Drives the runs of a batch of messages: those of one run together by one turn, different runs at the same time.
 */
export interface BatchOptions {
  /** By then every turn has to have ended, in ms since the epoch. */
  until: number;
}

/** For each delivery a promise that rejects if it should come again, which it does after a growing delay. */
export function driveBatch(ports: Ports, deliveries: readonly Delivery[], options: BatchOptions): Promise<void>[] {
  const groups = new Map<string, Delivery[]>();
  for (const delivery of deliveries) {
    const { run } = delivery.message;
    groups.set(run, [...(groups.get(run) ?? []), delivery]);
  }
  const driven = new Map([...groups].map(([run, group]) => [run, driveTogether(ports, group, options)]));
  return deliveries.map(async (delivery) => {
    const { message, receipt, receives } = delivery;
    try {
      await driven.get(message.run);
    } catch (error) {
      ports.observer?.troubled?.({ run: message.run, message: 'The turn broke off; the message comes again', error });
      await ports.queue.retry(receipt, retryDelayMs(receives)).catch(() => {
        // It comes again when its visibility timeout ends.
      });
      throw error;
    }
  });
}

async function driveTogether(ports: Ports, group: Delivery[], { until }: BatchOptions): Promise<void> {
  const cause = group.reduce<Cause>(strongest, group[0] as Delivery);
  const others = group.filter(({ message }) => message !== cause.message);
  await Promise.all(others.map(({ message }) => storeMail(ports, message)));
  await drive(ports, cause.message, { receives: cause.receives, until });
}
