import { Fault } from '../kernel/faults.ts';
import { isSettled } from '../kernel/head.ts';
import type { Ports } from '../kernel/ports.ts';
import { runNotFound } from './checks.ts';

/** Removes a settled run: marks the head first, removes it last, so that a deletion that broke off can be repeated (K7). */
export async function deleteRun(ports: Ports, id: string): Promise<void> {
  const head = await ports.store.readHead(id);
  if (!head) throw runNotFound(id);
  const { nonce } = head.birth;
  if (head.state.status !== 'deleting') {
    if (!isSettled(head.state.status)) {
      throw new Fault(
        'conflict',
        `Run ${id} is ${head.state.status}: only a run that has ended can be deleted. Cancel it first.`,
      );
    }
    await ports.store.updateHead(id, { state: { status: 'deleting' } }, { nonce });
  }
  await ports.blobs.deleteRun(id);
  await ports.store.deleteRun(id, nonce);
}
