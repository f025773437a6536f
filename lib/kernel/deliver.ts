import type { Mail, OutsideEvent } from './events.ts';
import { type Head, isOpen } from './head.ts';
import type { Ports } from './ports.ts';

/**
 * Hands an outside event to a run (K19). When this resolves the event is durable: in the queue, or, where the queue
 * forgets, as mail that any process on the store can see.
 */
export async function deliver(ports: Ports, run: string, nonce: string, event: OutsideEvent): Promise<void> {
  const mail: Mail = { id: event.id, event };
  if (!ports.queue.durable) {
    await ports.store.putMail(run, nonce, mail);
    await makeDue(ports, run, nonce);
  }
  await ports.queue.send({ kind: 'mail', run, nonce, mail });
}

/** Lowers `wakeAt` of a far-waiting run to now, so that a sweeper finds it even if every message is lost (K15, K16). */
async function makeDue(ports: Ports, run: string, nonce: string): Promise<void> {
  const now = ports.clock.now();
  const head = await ports.store.readHead(run);
  if (!head || !waitsBeyond(head, nonce, now + ports.limits.leaseMs)) return;
  const record = await ports.store.read(run, head.position);
  if (!record || !waitsBeyond(record.head, nonce, now)) return;
  const readTo = record.chunks.at(-1)?.position ?? record.head.position;
  const state = { ...record.head.state, wakeAt: now };
  await ports.store.updateHead(run, { state, position: readTo }, { nonce, positionAtMost: readTo });
}

function waitsBeyond(head: Head, nonce: string, moment: number): boolean {
  return head.birth.nonce === nonce && isOpen(head.state) && head.state.wakeAt > moment;
}
