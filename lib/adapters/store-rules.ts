/**
 * What the store port means, as pure functions, for every adapter that evaluates it in this process.
 * Owns: usable ids, absence, guards, filters, order and cursors of pages. Does not own: how anything is kept.
 */
import { Fault, isFault } from '../kernel/faults.ts';
import { type Head, type HeadChange, type HeadGuard, isOpen } from '../kernel/head.ts';
import type { HeadPage, Page, RunFilter, UnreadableRun } from '../ports/store.ts';

/** The part of a head that changes. */
export type Projection = Omit<Head, 'birth'>;

export const LONGEST_ID_BYTES = 200;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about.
const hasControlCharacter = /[\u0000-\u001f]/;
/** UTF-8 cannot hold it. */
const hasLoneSurrogate = /\p{Surrogate}/u;

/** Whether a text can stand in a key as it is. */
export function isPlainText(text: string, longestBytes: number): boolean {
  // A text has at least as many bytes as characters.
  if (text.length > longestBytes || Buffer.byteLength(text) > longestBytes) return false;
  return !hasControlCharacter.test(text) && !hasLoneSurrogate.test(text);
}

export function isUsableId(id: string): boolean {
  return id !== '' && isPlainText(id, LONGEST_ID_BYTES);
}

/** Throws `Fault` invalid_input. */
export function assertUsableId(id: string): void {
  if (isUsableId(id)) return;
  throw new Fault('invalid_input', `An id has 1 to ${LONGEST_ID_BYTES} bytes and no control characters.`, {
    problems: [{ path: 'id', message: 'not usable as an id' }],
  });
}

export function isAbsent({ state, expiresAt }: Projection, now: number): boolean {
  return state.status === 'deleting' || expiresAt <= now;
}

export function guardHolds(nonce: string, { position, state }: Projection, guard: HeadGuard): boolean {
  if (guard.nonce !== nonce) return false;
  if (guard.positionBelow !== undefined && position >= guard.positionBelow) return false;
  if (guard.positionAtMost !== undefined && position > guard.positionAtMost) return false;
  return guard.wakeAt === undefined || (isOpen(state) && state.wakeAt === guard.wakeAt);
}

export function changed<P extends Projection>(projection: P, change: HeadChange): P {
  return {
    ...projection,
    position: change.position ?? projection.position,
    state: change.state ?? projection.state,
    expiresAt: change.expiresAt ?? projection.expiresAt,
  };
}

export function fits({ birth, state }: Head, filter: RunFilter): boolean {
  return (
    (filter.status === undefined || filter.status === state.status) &&
    (filter.workflow === undefined || filter.workflow === birth.workflow) &&
    (filter.correlationId === undefined || filter.correlationId === birth.correlationId) &&
    (filter.createdFrom === undefined || birth.createdAt >= filter.createdFrom) &&
    (filter.createdBefore === undefined || birth.createdAt < filter.createdBefore)
  );
}

/** A place in an order by time and then by id. */
export interface Place {
  at: number;
  id: string;
}

export function comparePlaces(a: Place, b: Place): number {
  if (a.at !== b.at) return a.at - b.at;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}

export function toCursor({ at, id }: Place): string {
  return Buffer.from(JSON.stringify([at, id])).toString('base64url');
}

/** Throws `invalid_input` for what no store has given out. */
export function fromCursor(cursor: string): Place {
  try {
    const [at, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (typeof at === 'number' && typeof id === 'string') return { at, id };
  } catch {
    // Falls through: whatever is wrong with it, the answer is the same.
  }
  throw new Fault('invalid_input', 'The cursor is not one that a page has given out.', {
    problems: [{ path: 'cursor', message: 'not a cursor' }],
  });
}

/** A record that should stand and does not is damage, not a race (K6). */
export function assertNoHole(id: string, expected: number, found: number): void {
  if (found !== expected) {
    throw new Fault('corrupt', `The journal of run ${id} has no record at position ${expected}, but one at ${found}.`);
  }
}

/**
 * Reads a head for a list. One that cannot be read is noted in `unreadable` and passed over; other faults are thrown.
 */
export function readForList(
  id: string,
  unreadable: UnreadableRun[],
  readHead: () => Head | undefined,
): Head | undefined {
  try {
    return readHead();
  } catch (fault) {
    if (!isFault(fault, 'corrupt') && !isFault(fault, 'newer_format')) throw fault;
    unreadable.push({ id, message: fault.message });
    return undefined;
  }
}

/** The page, with what was passed over, if anything was. */
export function withUnreadable(page: Page<Head>, unreadable: UnreadableRun[]): HeadPage {
  return unreadable.length === 0 ? page : { ...page, unreadable };
}

/** A head is folded from what its journal has; a journal that ends before has lost its end. */
export function assertNoLoss(id: string, end: number, folded: number): void {
  if (end < folded) {
    throw new Fault('corrupt', `The journal of run ${id} ends at position ${end}, and had a record at ${folded}.`);
  }
}
