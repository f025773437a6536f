import { isFault } from '../kernel/faults.ts';
import { isOpen } from '../kernel/head.ts';
import { blobOwnerOf, deletePayloads, runOfBlobOwner } from '../kernel/payload.ts';
import type { Ports } from '../kernel/ports.ts';

/**
 * Wakes what is due. Recovery, long timers, deadlines and lost messages are all the same to it (K18).
 */

const pageSize = 100;
/** A run that has been woken is not looked at again for so long, in ms. */
const pauseMs = 30_000;
/** An input is stored before its run's head, which stands long before this has passed, in ms. */
const headlessMs = 24 * 60 * 60 * 1_000;
/** Runs that are woken at the same time. */
const together = 20;

export interface SweepOptions {
  /** Runs that this process is at anyway. */
  skip?: (runId: string) => boolean;
  /** False: there is no room for more; the next sweep goes on with what is still due. */
  hasRoom?: () => boolean;
  /** Stops then; the next sweep goes on with what is still due. Milliseconds since the epoch. */
  until?: number;
}

/** One sweep. One bad run never stops it. Answers with the number of runs that were woken. */
export async function sweep(ports: Ports, options: SweepOptions = {}): Promise<number> {
  const now = ports.clock.now();
  return eachDue(ports, now, options, async (id, wakeAt) => {
    const head = await ports.store.readHead(id);
    if (!head || !isOpen(head.state)) return false;
    const state = { ...head.state, wakeAt: now + pauseMs };
    // Whoever looked at the run since the index was read has set another `wakeAt`.
    const mine = await ports.store.updateHead(id, { state }, { nonce: head.birth.nonce, wakeAt });
    if (mine) await ports.queue.send({ kind: 'wake', run: id, nonce: head.birth.nonce, from: 'sweeper' });
    return mine;
  });
}

/**
 * Looks at every run whose driver may have died with its process: those whose lease or grace ends within `withinMs`.
 * Unlike a sweep it leaves the heads as they are.
 */
export async function recover(ports: Ports, withinMs: number, options: SweepOptions = {}): Promise<number> {
  return eachDue(ports, ports.clock.now() + withinMs, options, async (id) => {
    await ports.queue.send({ kind: 'wake', run: id, from: 'sweeper' });
    return true;
  });
}

/** Wakes runs that are blocked, all or those of one workflow: with other code they may go on. */
export async function wakeBlocked(ports: Ports, from: 'opening' | 'deployment', workflow?: string): Promise<void> {
  let cursor: string | undefined;
  do {
    const page = await ports.store.list(
      { status: 'blocked', ...(workflow !== undefined && { workflow }) },
      { limit: pageSize, ...(cursor !== undefined && { cursor }) },
    );
    for (const { birth } of page.items) {
      await ports.queue.send({ kind: 'wake', run: birth.id, nonce: birth.nonce, from });
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** Removes what has expired, some at a time. */
export async function purge(ports: Ports, limit = pageSize): Promise<number> {
  const removed = await ports.store.purgeExpired(ports.clock.now(), limit);
  for (const run of removed) {
    try {
      await deletePayloads(ports, run);
    } catch (error) {
      ports.observer?.troubled?.({ run: run.id, message: 'The blobs of an expired run are left', error });
    }
  }
  return removed.length;
}

/**
 * Removes blobs that no run has: of a start that came second or died before its head was put, of a driver that woke after
 * its run had been deleted, of a run that expired and whose id another has taken (K7). Answers for how many owners.
 */
export async function purgeBlobs(ports: Ports): Promise<number> {
  let count = 0;
  for (const owner of await ports.blobs.idleOwners(ports.clock.now() - headlessMs)) {
    const id = runOfBlobOwner(owner);
    if (id === undefined || (await mayBelongTo(ports, id, owner))) continue;
    await ports.blobs.deleteAll(owner);
    count += 1;
  }
  return count;
}

async function mayBelongTo(ports: Ports, id: string, owner: string): Promise<boolean> {
  try {
    const head = await ports.store.readHead(id);
    return head !== undefined && blobOwnerOf(ports.ids, head.birth) === owner;
  } catch (fault) {
    // It is there, and may be read again one day.
    if (isFault(fault, 'corrupt') || isFault(fault, 'newer_format')) return true;
    throw fault;
  }
}

async function eachDue(
  ports: Ports,
  until: number,
  { skip, hasRoom = () => true, until: stopAt = Number.POSITIVE_INFINITY }: SweepOptions,
  wakeRun: (id: string, wakeAt: number) => Promise<boolean>,
): Promise<number> {
  let count = 0;
  let cursor: string | undefined;
  const goesOn = () => ports.clock.now() < stopAt && hasRoom();
  const wakeOne = async ({ id, wakeAt }: { id: string; wakeAt: number }) => {
    try {
      if (await wakeRun(id, wakeAt)) count += 1;
    } catch (error) {
      ports.observer?.troubled?.({ run: id, message: 'The sweeper could not wake the run', error });
    }
  };
  do {
    const page = await ports.store.listDue(until, { limit: pageSize, ...(cursor !== undefined && { cursor }) });
    const due = page.items.filter(({ id }) => !skip?.(id));
    for (let from = 0; from < due.length && goesOn(); from += together) {
      await Promise.all(due.slice(from, from + together).map(wakeOne));
    }
    cursor = page.cursor;
  } while (cursor !== undefined && goesOn());
  return count;
}

/** How many runs, up to a page of them, should have been woken `lateMs` ago. */
export async function countOverdue(ports: Ports, lateMs: number): Promise<number> {
  const { items } = await ports.store.listDue(ports.clock.now() - lateMs, { limit: pageSize });
  return items.length;
}
