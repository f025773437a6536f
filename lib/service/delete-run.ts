import { Fault, isFault } from '../kernel/faults.ts';
import { isSettled } from '../kernel/head.ts';
import { deletePayloads } from '../kernel/payload.ts';
import type { Ports } from '../kernel/ports.ts';
import { requireHead } from './checks.ts';

/**
 * Removes a settled run: marks the head first, from then on the run is absent, and removes it last, so that the purge
 * finds what a deletion that broke off has left (K7). A store that forgets by itself has no purge: what is left there
 * expires, blobs too. Another run may come under the id at any moment after the mark; nothing of it is touched.
 */
export async function deleteRun(ports: Ports, id: string): Promise<void> {
  const { birth, state } = await requireHead(ports, id);
  if (!isSettled(state.status) && !(await isDamaged(ports, id))) {
    throw new Fault(
      'conflict',
      `Run ${id} is ${state.status}: only a run that has ended can be deleted. Cancel it first.`,
    );
  }
  await ports.store.updateHead(id, { state: { status: 'deleting' } }, { nonce: birth.nonce });
  await deletePayloads(ports, birth);
  await ports.store.deleteRun(id, birth.nonce);
}

/** A run whose journal cannot be read will never end. */
async function isDamaged(ports: Ports, id: string): Promise<boolean> {
  try {
    await ports.store.read(id);
    return false;
  } catch (fault) {
    if (isFault(fault, 'corrupt')) return true;
    throw fault;
  }
}
