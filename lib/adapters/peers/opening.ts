import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Nobody writes while one of the processes opens the store: lmdb takes the number of the last commit from the file when it opens
 * it, and puts it back where another process has committed meanwhile; what that one has written is lost then.
 */
export interface Opening {
  /** Opens the store while none of the others writes. See `Peers`. */
  whileNobodyWrites<T>(open: (isOpened: () => void) => T, holdWrites?: (opened: T) => HoldWrites): Promise<T>;
  /** Another process, of this name, opens the store. Answers `received` while nobody here writes, or `later`. */
  hold(asking: { name: string; pid: number }, answer: (say: 'received' | 'later') => void): void;
}

/** Calls `held` while no process can write, and lets all go on when `isOpened`. Blocks until then. */
type HoldWrites = (held: () => void, isOpened: () => boolean) => void;

/** Of a file that stands until the process has opened the store. */
export const openingSuffix = '.opening';

/** `askOthers`: one after the other, until one holds. */
export function createOpening(directory: string, self: string, askOthers: () => Promise<void>): Opening {
  let holdWrites: HoldWrites | undefined;
  /** Those who are opening the store, as this process is. */
  const early: string[] = [];

  function markOf(name: string): string {
    return join(directory, name + openingSuffix);
  }

  function isOpened(name: string): () => boolean {
    return () => !existsSync(markOf(name));
  }

  return {
    async whileNobodyWrites(open, holdingOf) {
      const sayOpened = () => rmSync(markOf(self), { force: true });
      writeFileSync(markOf(self), '');
      let opened: ReturnType<typeof open>;
      try {
        await askOthers();
        opened = open(sayOpened);
      } finally {
        sayOpened();
      }
      holdWrites = holdingOf?.(opened);
      for (const name of early.splice(0)) holdWrites?.(() => {}, isOpened(name));
      return opened;
    },

    hold({ name, pid }, answer) {
      // Within a process the store is opened once, whoever opens it.
      if (pid === process.pid) answer('received');
      else if (holdWrites) holdWrites(() => answer('received'), isOpened(name));
      else {
        early.push(name);
        answer('later');
      }
    },
  };
}
