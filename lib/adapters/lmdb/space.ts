/**
 * Keeps lmdb from meeting a full disk: a commit that fails for want of space can end the process, since lmdb's report of
 * it overruns its own memory. So writes are refused while there is still some room, new runs before those that go on.
 */
import { statfsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { Fault } from '../../kernel/faults.ts';

const MEBIBYTE = 1024 ** 2;
/** What has to be free for a write, in bytes. */
const ROOM = { start: 32 * MEBIBYTE, step: 16 * MEBIBYTE };
/** How often the disk is looked at, in ms; between two looks a fast process writes a few MiB. */
const LOOK_EVERY_MS = 200;

export interface Space {
  /** Throws `storage_full`. `start`: what begins something; `step`: what goes on. */
  assertRoom(writing: keyof typeof ROOM): void;
  close(): void;
}

export function createSpace(dataDir: string): Space {
  let freeBytes = Number.POSITIVE_INFINITY;
  let isLooking = false;
  const take = ({ bavail, bsize }: { bavail: number; bsize: number }) => {
    freeBytes = bavail * bsize;
  };
  const unknown = () => take({ bavail: Number.POSITIVE_INFINITY, bsize: 1 });
  try {
    take(statfsSync(dataDir));
  } catch {
    unknown();
  }
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void statfs(dataDir)
      .then(take, unknown)
      .finally(() => {
        isLooking = false;
      });
  }, LOOK_EVERY_MS);
  timer.unref();
  return {
    assertRoom(writing) {
      if (freeBytes >= ROOM[writing]) return;
      const free = Math.floor(freeBytes / MEBIBYTE);
      throw new Fault(
        'storage_full',
        `The disk is full: ${free} MiB are free where the data directory is, and ${ROOM[writing] / MEBIBYTE} MiB are kept free. Nothing was written.`,
      );
    },
    close: () => clearInterval(timer),
  };
}
