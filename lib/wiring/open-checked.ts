/**
 * Opens a data directory so that damage which ends processes does so once: whoever comes after one that died on the way
 * has another process read the directory first.
 */
import { damagedFile } from '../adapters/lmdb/faults.ts';
import { storeFile } from '../adapters/lmdb/open.ts';
import { markOpening } from '../adapters/lmdb/opening.ts';
import { Fault } from '../kernel/faults.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import { inspectData } from './inspect-data.ts';

/** What is readable for so long is taken to be readable, in ms. */
const inspectForMs = 10_000;
/** For reading what this process is about to work on, in ms. */
const readForMs = 50;
const pageSize = 100;

export async function openChecked<T extends { store: Store }>(
  { dataDir, clock, worker }: { dataDir: string; clock: Clock; worker: boolean },
  open: () => Promise<T>,
): Promise<T> {
  const mark = markOpening(dataDir);
  try {
    if (mark.deaths > 0) {
      const inspected = await inspectData({ dataDir, longestMs: inspectForMs });
      if (inspected.kind === 'broken') throw new Fault('corrupt', damagedFile(storeFile(dataDir), inspected.why));
      mark.forgive();
    }
    const opened = await open();
    await readSome(opened.store, clock, worker);
    return opened;
  } finally {
    mark.remove();
  }
}

/** Whatever a fault says of it, it will say again to whoever needs the record. */
async function readSome(store: Store, clock: Clock, worker: boolean): Promise<void> {
  const until = clock.now() + readForMs;
  try {
    await store.list({}, { limit: 1 });
    if (!worker) return;
    const { items } = await store.listDue(Number.MAX_SAFE_INTEGER, { limit: pageSize });
    for (const { id } of items) {
      if (clock.now() >= until) return;
      await store.read(id).catch(() => undefined);
    }
  } catch {
    // As above.
  }
}
