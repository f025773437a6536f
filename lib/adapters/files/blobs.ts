import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '../../kernel/faults.ts';
import type { Blobs } from '../../ports/blobs.ts';

const LONGEST_NAME = 200;
const FULL_DISK = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** Blobs as files `<dataDir>/blobs/<owner>/<name>`, each on disk as a whole before its name appears. */
export function createFileBlobs({ dataDir }: { dataDir: string }): Blobs {
  const root = join(dataDir, 'blobs');
  const directoryOf = (owner: string) => join(root, fileName(owner));

  function pathOf(key: string): string {
    const slash = key.lastIndexOf('/');
    return join(directoryOf(key.slice(0, Math.max(0, slash))), fileName(key.slice(slash + 1)));
  }

  return {
    async put(key, text) {
      const path = pathOf(key);
      const draft = join(dirname(path), `draft.${randomUUID()}`);
      try {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await writeThrough(draft, text);
        await rename(draft, path);
        await syncDirectory(dirname(path));
        await syncDirectory(root);
      } catch (error) {
        await rm(draft, { force: true });
        throw toFault(error);
      }
    },

    async get(key) {
      return unlessGone(readFile(pathOf(key), 'utf8'));
    },

    async deleteAll(owner) {
      await rm(directoryOf(owner), { recursive: true, force: true });
    },

    async idleOwners(before) {
      const owners: string[] = [];
      for (const name of (await unlessGone(readdir(root))) ?? []) {
        const owner = ownerOf(name);
        // A directory changes with each name in it.
        const found = owner !== undefined && (await unlessGone(stat(join(root, name))));
        if (found && found.mtimeMs < before) owners.push(owner);
      }
      return owners;
    },
  };
}

/** Of owners with letters that a name holds in other ways none is told: no run has such a one. */
function ownerOf(name: string): string | undefined {
  const owner = name.replaceAll('%2f', '/');
  return owner.includes('%') ? undefined : owner;
}

async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw toFault(error);
  }
}

/** Holds nothing but small letters, digits, `-`, `_` and `%`: no path leaves its directory, no two differ in case only. */
function fileName(part: string): string {
  if (part === '') {
    throw new Fault('invalid_input', 'A blob is named by its owner, a slash and a name.', {
      problems: [{ path: 'key', message: 'a part is empty' }],
    });
  }
  const name = part.replace(/[^a-z0-9_-]/gu, (character) => `%${Buffer.from(character).toString('hex')}`);
  return name.length <= LONGEST_NAME ? name : `%${createHash('sha256').update(part).digest('hex')}`;
}

async function writeThrough(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A rename is durable once its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

function toFault(error: unknown): unknown {
  const code = codeOf(error);
  if (code === undefined) return error;
  if (FULL_DISK.includes(code))
    return new Fault('storage_full', 'The disk is full; the payload was not stored.', { cause: error });
  return new Fault('unavailable', `The payload's file cannot be used now (${code}).`, { cause: error });
}
