import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, openAsClass, type RootDatabaseOptionsWithPath } from 'lmdb';
import { Fault } from '../../kernel/faults.ts';
import { toOpeningFault } from './faults.ts';

/**
 * `batch`: whoever waits at the same time shares an fsync, and what `await` returned is on disk. `never`: the operating
 * system writes when it likes; a process may die without loss, a power cut may take the whole store.
 */
export type Fsync = 'batch' | 'never';

export interface Environment extends Database<Uint8Array, Uint8Array> {
  /** Known to lmdb, unknown to its types. False: something stands there. */
  put(key: Uint8Array, value: Uint8Array, options: { noOverwrite: true }): Promise<boolean>;
  put(key: Uint8Array, value: Uint8Array, version?: number, ifVersion?: number): Promise<boolean>;
}

/** What lmdb's types call a method named `new`. `isRoot`: the file is closed with it. */
type OpenedClass = new (name: null, options: RootDatabaseOptionsWithPath & { isRoot: true }) => Environment;

/** Of keys and records in the data directory. */
const LAYOUT = 5;
const FORMAT_FILE = 'format.json';
const STORE_FILE = 'store.mdb';

export function storeFile(dataDir: string): string {
  return join(dataDir, STORE_FILE);
}

const fsyncOptions = {
  // With lmdb's overlapping sync, its default, commits that were acknowledged can be undone when a process is killed.
  batch: { overlappingSync: false },
  never: { overlappingSync: false, noSync: true },
} as const satisfies Record<Fsync, object>;

export function openEnvironment({
  dataDir,
  fsync,
  mapSize,
  onFileOpened = () => {},
}: {
  dataDir: string;
  fsync: Fsync;
  mapSize: number | undefined;
  /** Called before anything waits for the writers' lock. */
  onFileOpened?: (() => void) | undefined;
}): Environment {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  checkFormat(dataDir);
  const options = {
    path: storeFile(dataDir),
    encoding: 'binary' as const,
    keyEncoding: 'binary' as const,
    // Known to lmdb, unknown to its types.
    permissionsMode: 0o600,
    ...fsyncOptions[fsync],
    ...(mapSize !== undefined && { mapSize }),
  };
  const env = opened(options, onFileOpened);
  // lmdb makes one more promise for each batch of writes and keeps it to itself. If the commit fails, that one is
  // rejected, too, beside those of the writers.
  env.on('beforecommit', () => process.nextTick(() => env.committed.then(undefined, () => {})));
  unlinkWhatIsWritten(env);
  return env;
}

/** What lmdb has been asked for and not yet forgotten, oldest first. Known to lmdb, unknown to its types. */
interface Asked {
  next: Asked | null;
}

/**
 * lmdb links each write to the next, and lets go of the first ones. To the collector of young objects, one that has become old keeps
 * the next one alive, and that its next, with all promises that hang on them: half of its work was to move the dead. So the links
 * of a commit are undone when the next one is answered.
 */
function unlinkWhatIsWritten(env: Environment): void {
  let answered: Asked | null = null;
  env.on('aftercommit', ({ next: first }: { next: Asked }) => {
    while (answered && answered !== first) {
      const { next } = answered;
      answered.next = null;
      answered = next;
    }
    answered = first;
  });
}

/** Changes no record. Even so lmdb writes into the file of locks, and others must not write meanwhile. */
export function openForInspection(dataDir: string): Environment {
  checkFormat(dataDir);
  return open<Uint8Array, Uint8Array>({
    path: storeFile(dataDir),
    encoding: 'binary',
    keyEncoding: 'binary',
    readOnly: true,
  });
}

function opened(options: RootDatabaseOptionsWithPath, onFileOpened: () => void): Environment {
  try {
    // Two steps, which `open` takes in one: the class opens the file, an instance waits for a transaction of its own.
    const Opened: unknown = openAsClass({ ...options });
    onFileOpened();
    return new (Opened as OpenedClass)(null, { ...options, isRoot: true });
  } catch (error) {
    throw toOpeningFault(error, String(options.path));
  }
}

function checkFormat(dataDir: string): void {
  const path = join(dataDir, FORMAT_FILE);
  const format = readFormat(path);
  if (format === undefined) {
    // Renamed into place, so that no process reads half of it.
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, `${JSON.stringify({ format: LAYOUT })}\n`, { mode: 0o600 });
    renameSync(draft, path);
  } else if (format > LAYOUT) {
    throw new Fault(
      'newer_format',
      `The data directory ${dataDir} has format ${format}, and this Pawl knows formats up to ${LAYOUT}. ` +
        'Run the newer Pawl that wrote it, or choose another data directory.',
    );
  } else if (format < LAYOUT) {
    throw new Fault(
      'invalid_input',
      `The data directory ${dataDir} has format ${format} of an earlier Pawl, and this one knows format ${LAYOUT}. ` +
        'Let its runs end with the Pawl that wrote it, and choose another data directory.',
    );
  }
}

function readFormat(path: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const format = /"format":\s*(\d+)/.exec(text)?.[1];
  if (format === undefined)
    throw new Fault('corrupt', `The file ${path} is damaged: it should say {"format": <number>}.`);
  return Number(format);
}
