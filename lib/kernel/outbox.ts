import { createTombstone } from './create-run.ts';
import { deliver } from './deliver.ts';
import type { Birth, OpenChild, OutsideEvent, ParentLink, StoredError } from './events.ts';
import { handOver } from './hand-over.ts';
import { isSettled } from './head.ts';
import { type Journal, type SettledEvent, settledStatus, startedChildren } from './journal.ts';
import { copyPayload, loadListed } from './payload.ts';
import type { Ports } from './ports.ts';
import { retrying } from './retrying.ts';
import { someAtOnce } from './some-at-once.ts';
import { startSuccessor, successorOf } from './successor.ts';
import { tell } from './tell.ts';

/**
 * What a settled run owes to others (K22): tell the parent, cancel the children, start the successor, then close the
 * head. Every part may be done twice; the head is closed last, so an open head over a settled journal says: again.
 */
export async function announce(ports: Ports, journal: Journal): Promise<void> {
  if (journal.current.phase !== 'settled') return;
  const { birth } = journal;
  const { end } = journal.current;
  const continued = end.type === 'run_completed' ? end.continuedAs : undefined;
  const successor = continued && (await startSuccessor(ports, birth, continued));
  if (successor) {
    await handOver(ports, journal, successor, continued.untaken);
  } else if (birth.parent) {
    await deliver(ports, birth.parent, await settledNotice(ports, birth, end, birth.parent));
  }
  const children = startedChildren(journal);
  if (end.openChildren) for (const child of await loadListed(ports, end.openChildren)) children.set(child.key, child);
  if (children.size > 0) await cancelChildren(ports, birth, [...children.values()]);
  await closeHead(ports, journal, end);
  ports.changes.publish(birth.id, journal.position, end);
}

async function closeHead(ports: Ports, journal: Journal, end: SettledEvent): Promise<void> {
  const { birth } = journal;
  await ports.store.updateHead(
    birth.id,
    {
      position: journal.position,
      state: { status: settledStatus(end), closedAt: end.at },
      expiresAt: end.at + birth.retention,
    },
    { nonce: birth.nonce, positionAtMost: journal.position },
  );
}

/** A child's end as its parent records it. Large outputs are copied to the parent, which may outlive the child. */
export async function settledNotice(
  ports: Ports,
  birth: Birth,
  end: SettledEvent,
  parent: ParentLink,
): Promise<Extract<OutsideEvent, { type: 'child_settled' }>> {
  const notice = { type: 'child_settled' as const, id: `settled:${parent.key}`, at: end.at, key: parent.key };
  if (end.type !== 'run_completed') {
    return { ...notice, outcome: { status: end.type === 'run_failed' ? 'failed' : 'cancelled', error: end.error } };
  }
  const output = await copyPayload(ports, end.output, parent, `child ${birth.id}`);
  return { ...notice, outcome: { status: 'completed', ...(output !== undefined && { output }) } };
}

/** How many children are asked to stop at the same time. */
const cancelledAtOnce = 50;

export function cancelChildren(ports: Ports, parent: Birth, children: readonly OpenChild[]): Promise<void> {
  return someAtOnce(children, cancelledAtOnce, (child) => retrying(ports, () => cancelChild(ports, parent, child)));
}

/** Asks a child to stop, and makes sure that one which does not exist yet never starts (K23). */
async function cancelChild(ports: Ports, parent: Birth, child: Omit<OpenChild, 'key'>): Promise<void> {
  const { id, workflow } = child;
  let head = await ports.store.readHead(id);
  // A child of which no workflow is known is in the journal: it has been created, and is gone.
  if (!head && workflow !== undefined) head = await createTombstone(ports, parent, { ...child, workflow });
  if (!head) return;
  if (isSettled(head.state.status)) {
    const successor = await successorOf(ports, id);
    return successor === undefined ? undefined : cancelChild(ports, parent, { ...child, id: successor });
  }
  await tell(ports, head.birth, {
    type: 'run_cancel_requested',
    id: `parent:${parent.id}`,
    at: ports.clock.now(),
    epoch: 0,
    reason: `Its parent run ${parent.id} no longer waits for it`,
    by: 'run',
  });
}

/** A tombstone's end: it has no journal. */
export const neverStarted: StoredError = { name: 'CancelledError', message: 'The run was cancelled before it began' };
