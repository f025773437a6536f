import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

export interface FileWatch {
  /** From now on these files are watched and no others. */
  set(files: readonly string[]): void;
  close(): void;
}

/** An editor saves in several writes, and a branch switch changes many files. */
const settleMs = 60;

/** Calls back, once it is quiet again, after one of the files has changed, come or gone. */
export function watchFiles(onChange: () => void): FileWatch {
  // Directories, since editors often save by putting a new file in the place of the old one.
  const watchers = new Map<string, FSWatcher>();
  let names = new Map<string, Set<string>>();
  let timer: NodeJS.Timeout | undefined;

  const changed = (directory: string, name: string | null) => {
    if (name !== null && !names.get(directory)?.has(name)) return;
    clearTimeout(timer);
    timer = setTimeout(onChange, settleMs);
  };
  const stop = (directory: string) => {
    watchers.get(directory)?.close();
    watchers.delete(directory);
  };
  const start = (directory: string) => {
    try {
      const watcher = watch(directory, (_event, name) => changed(directory, name));
      watcher.on('error', () => stop(directory));
      watchers.set(directory, watcher);
    } catch {
      // It is gone; the build says so, and the next one names what is to be watched.
    }
  };
  return {
    set(files) {
      names = new Map();
      for (const file of files) {
        const directory = dirname(file);
        names.set(directory, (names.get(directory) ?? new Set()).add(basename(file)));
      }
      for (const directory of watchers.keys()) if (!names.has(directory)) stop(directory);
      for (const directory of names.keys()) if (!watchers.has(directory)) start(directory);
    },
    close() {
      clearTimeout(timer);
      for (const directory of [...watchers.keys()]) stop(directory);
    },
  };
}
