import { Fault, isFault } from '../../kernel/faults.ts';

const EIO = 5;
const EFBIG = 27;
const ENOSPC = 28;
const EDQUOT = 122;
const MDB_MAP_FULL = -30792;
/** A short write to a full disk comes as an I/O error. */
const FULL_CODES = new Set([EIO, EFBIG, ENOSPC, EDQUOT, MDB_MAP_FULL]);
const FULL_MESSAGE = /MDB_MAP_FULL|No space left|Input\/output error|File too large|Disk quota/i;
const DAMAGE_MESSAGE = /MDB_CORRUPTED|MDB_PAGE_NOTFOUND|MDB_INVALID|MDB_VERSION_MISMATCH/;

/** What lmdb says where another process, the last that had the file, closed it in the same moment (decision 021). */
const CLOSED_MEANWHILE = /No transaction to renew/;

/** What opening a damaged file throws is damage; the rest is left as it is. */
export function toOpeningFault(error: unknown, file: string): unknown {
  const message = error instanceof Error ? error.message : String(error);
  if (CLOSED_MEANWHILE.test(message)) {
    const why = `Another process closed the store's file ${file} just as this one opened it (${message}). Try again.`;
    return new Fault('unavailable', why, { cause: error });
  }
  if (!DAMAGE_MESSAGE.test(message)) return error;
  return new Fault('corrupt', damagedFile(file, message), { cause: error });
}

/**
 * What lmdb says where it reads damage, if it does not call it that: a reading that has met a page which it cannot follow is
 * broken off. To a writing that happens for other reasons, too.
 */
const BROKEN_READING = /MDB_BAD_TXN|Invalid key size/;

export function toReadingFault(error: unknown): unknown {
  if (!(error instanceof Error) || !BROKEN_READING.test(error.message)) return error;
  return damaged(error.message, error);
}

export function damagedFile(file: string, why: string): string {
  return `The store's file ${file} is damaged (${why}). Move it away, and put a backup in its place.`;
}

/**
 * What lmdb throws, as the kernel's faults. It rejects a failed write with an error that says nothing, and hides the
 * real one in a second promise, `commitError`, that would be an unhandled rejection if nobody took it.
 */
export async function toFault(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || isFault(error)) return error;
  const cause = 'commitError' in error ? await reasonOf(error.commitError) : error;
  const message = cause instanceof Error ? cause.message : String(cause);
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  if (FULL_CODES.has(Number(code)) || FULL_MESSAGE.test(message)) {
    return new Fault('storage_full', `The disk or the store is full; nothing of this write was kept (${message}).`, {
      cause,
    });
  }
  if (DAMAGE_MESSAGE.test(message)) return damaged(message, cause);
  if (/closed/i.test(message)) return new Fault('closed', 'The store is closed.', { cause });
  if (!isFromLmdb(error, message)) return error;
  return new Fault('unavailable', `The store could not do this now (${message}).`, { cause });
}

function damaged(message: string, cause: unknown): Fault {
  return new Fault('corrupt', `The store's file is damaged (${message}).`, { cause });
}

/** Sometimes lmdb forgets to say why: then that second promise never ends. */
const REASON_WITHIN_MS = 500;

async function reasonOf(commitError: unknown): Promise<unknown> {
  let late: NodeJS.Timeout | undefined;
  try {
    await Promise.race([
      commitError,
      new Promise((resolve) => {
        late = setTimeout(resolve, REASON_WITHIN_MS);
      }),
    ]);
  } catch (reason) {
    return reason;
  } finally {
    clearTimeout(late);
  }
  return new Error('the commit failed for no stated reason');
}

/** All else is a mistake of this program, and is to be seen as it is. */
function isFromLmdb(error: Error, message: string): boolean {
  return 'commitError' in error || 'code' in error || message.includes('MDB_');
}
