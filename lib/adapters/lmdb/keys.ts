/**
 * All keys of the embedded store. A key is a letter, then fields: texts end with a zero byte, so that an id that is the
 * beginning of another sorts before it and never reaches into its range; numbers have a fixed length and sort as such.
 */
import { createHash } from 'node:crypto';
import type { RunStatus } from '../../kernel/head.ts';
import { idLetters } from '../../ports/ids.ts';
import { assertUsableId, isPlainText, type Place } from '../store-rules.ts';

export interface KeyRange {
  /** Inclusive. */
  start: Buffer;
  /** Exclusive. */
  end: Buffer;
}

const LONGEST_TEXT_BYTES = 200;
const STATUS_LETTERS = {
  pending: 'p',
  running: 'r',
  waiting: 'w',
  paused: 'h',
  blocked: 'b',
  completed: 'c',
  failed: 'f',
  cancelled: 'x',
} as const satisfies Record<RunStatus, string>;

type Field = string | Buffer;

function text(value: string): string {
  return `${value}\0`;
}

/** Not reversible, but as good as distinct. No plain text begins with that control character. */
function anyText(value: string): string {
  return text(
    isPlainText(value, LONGEST_TEXT_BYTES)
      ? value
      : `\u0001${createHash('sha256').update(value, 'utf16le').digest('base64url')}`,
  );
}

function id(value: string): string {
  assertUsableId(value);
  return text(value);
}

const RANDOM_ID = /^[0-9a-hjkmnp-tv-z]{24}$/;
const RANDOM_ID_BYTES = 15;
const RANDOM_ID_TAG = 1;
const LETTER_VALUES = new Uint8Array(128);
for (let value = 0; value < idLetters.length; value += 1) LETTER_VALUES[idLetters.charCodeAt(value)] = value;

/** An id where nothing is sorted by it: a random one as its 120 bits after a tag that no text begins with. */
function packedId(value: string): Field {
  if (!RANDOM_ID.test(value)) return id(value);
  const bytes = Buffer.allocUnsafe(1 + RANDOM_ID_BYTES);
  bytes[0] = RANDOM_ID_TAG;
  for (let group = 0; group < 3; group += 1) {
    let high = 0;
    let low = 0;
    for (let letter = 0; letter < 4; letter += 1) {
      high = high * 32 + (LETTER_VALUES[value.charCodeAt(group * 8 + letter)] ?? 0);
      low = low * 32 + (LETTER_VALUES[value.charCodeAt(group * 8 + 4 + letter)] ?? 0);
    }
    bytes.writeUIntBE(high * 2 ** 20 + low, 1 + group * 5, 5);
  }
  return bytes;
}

function time(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleBE(Math.max(0, value));
  return bytes;
}

function position(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function key(...fields: Field[]): Buffer {
  let length = 0;
  for (const field of fields) length += typeof field === 'string' ? Buffer.byteLength(field) : field.length;
  const bytes = Buffer.allocUnsafe(length);
  let end = 0;
  for (const field of fields) end += typeof field === 'string' ? bytes.write(field, end) : field.copy(bytes, end);
  return bytes;
}

/** The first key after all that begin with this one. No key holds a byte of 255: texts are UTF-8, times are positive. */
function afterAll(prefix: Buffer): Buffer {
  return Buffer.concat([prefix, Buffer.of(255)]);
}

export const birthKey = (run: string) => key('b', packedId(run));
export const stateKey = (run: string) => key('h', packedId(run));
export function chunkKey(run: string, nonce: string, at: number): Buffer {
  const prefix = chunkPrefix(run, nonce);
  const bytes = Buffer.allocUnsafe(prefix.length + 4);
  prefix.copy(bytes);
  bytes.writeUInt32BE(at, prefix.length);
  return bytes;
}
export const mailKey = (run: string, nonce: string, mail: string) =>
  key('m', packedId(run), packedId(nonce), anyText(mail));

/** Of the runs that are being written to: a run's keys all begin alike. */
const chunkPrefixes = new Map<string, { run: string; prefix: Buffer }>();
const MOST_PREFIXES = 2_000;

function chunkPrefix(run: string, nonce: string): Buffer {
  const known = chunkPrefixes.get(nonce);
  if (known?.run === run) return known.prefix;
  if (chunkPrefixes.size >= MOST_PREFIXES) chunkPrefixes.clear();
  const prefix = key('e', packedId(run), packedId(nonce));
  chunkPrefixes.set(nonce, { run, prefix });
  return prefix;
}

/** A run's chunks after a position. */
export function chunksAfter(run: string, nonce: string, after: number): KeyRange {
  const prefix = chunkPrefix(run, nonce);
  return { start: key(prefix, position(after + 1)), end: key(prefix, Buffer.of(255, 255, 255, 255)) };
}

export function positionOf(chunk: Uint8Array): number {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).readUInt32BE(chunk.length - 4);
}

export function mailOf(run: string, nonce: string): KeyRange {
  const start = key('m', packedId(run), packedId(nonce));
  return { start, end: afterAll(start) };
}

/** What a list goes along: its entries end with a time and a run's id. */
export const indexes = {
  created: () => key('c'),
  workflow: (name: string) => key('w', anyText(name)),
  correlation: (correlationId: string) => key('k', anyText(correlationId)),
  status: (status: RunStatus) => key('s', STATUS_LETTERS[status]),
  /** Open runs by `wakeAt`. */
  due: () => key('d'),
  /** By `expiresAt`; runs marked as deleting at 0. */
  expiry: () => key('x'),
};

export function entryKey(index: Buffer, { at, id: run }: Place): Buffer {
  return key(index, time(at), id(run));
}

/** Entries from one time to before another. */
export function entriesBetween(index: Buffer, from: number, before: number): KeyRange {
  const end = before === Number.POSITIVE_INFINITY ? afterAll(index) : key(index, time(before));
  return { start: key(index, time(from)), end };
}

/** The first key after an entry. */
export function afterEntry(index: Buffer, place: Place): Buffer {
  return Buffer.concat([entryKey(index, place), Buffer.of(0)]);
}

export function placeOf(index: Buffer, entry: Uint8Array): Place {
  const bytes = Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength);
  return { at: bytes.readDoubleBE(index.length), id: bytes.toString('utf8', index.length + 8, bytes.length - 1) };
}

// --- documents -----------------------------------------------------------------------------------------------------

export const documentKey = (collection: string, name: string) => key('t', text(collection), name);

/** A collection's documents whose names begin so, less what a page before has given out. */
export function documentsIn(collection: string, prefix: string): KeyRange {
  const start = documentKey(collection, prefix);
  return { start, end: afterAll(start) };
}

export function documentNameOf(collection: string, document: Uint8Array): string {
  return Buffer.from(document).toString('utf8', documentKey(collection, '').length);
}

// --- any key -------------------------------------------------------------------------------------------------------

/** What a key is of, for whoever has to name it. Undefined: it is none of Pawl's. */
export type KeyPlace =
  | { kind: 'birth' | 'head'; run: string }
  | { kind: 'chunk'; run: string; nonce: string; position: number }
  | { kind: 'mail'; run: string; nonce: string }
  | { kind: 'document'; collection: string; name: string }
  | { kind: 'entry'; index: Buffer; run: string };

export function placeOfKey(bytes: Buffer): KeyPlace | undefined {
  const letter = String.fromCharCode(bytes[0] ?? 0);
  switch (letter) {
    case 'b':
    case 'h': {
      const run = unpackId(bytes, 1);
      return run && run.end === bytes.length ? { kind: letter === 'b' ? 'birth' : 'head', run: run.id } : undefined;
    }
    case 'e':
    case 'm': {
      const run = unpackId(bytes, 1);
      const nonce = run && unpackId(bytes, run.end);
      if (!nonce) return undefined;
      if (letter === 'm') return { kind: 'mail', run: run.id, nonce: nonce.id };
      return bytes.length === nonce.end + 4
        ? { kind: 'chunk', run: run.id, nonce: nonce.id, position: positionOf(bytes) }
        : undefined;
    }
    case 't': {
      const end = bytes.indexOf(0, 1);
      if (end < 0) return undefined;
      return { kind: 'document', collection: bytes.toString('utf8', 1, end), name: bytes.toString('utf8', end + 1) };
    }
    default:
      return placeOfEntry(letter, bytes);
  }
}

/** Before the time and the id there is a letter, and what the list is of. */
function placeOfEntry(letter: string, bytes: Buffer): KeyPlace | undefined {
  const named = letter === 'w' || letter === 'k' ? bytes.indexOf(0, 1) + 1 : 1;
  const length = letter === 's' ? 2 : named;
  const isEntry = 'cdxswk'.includes(letter) && length > 0 && bytes.length > length + 9 && bytes.at(-1) === 0;
  if (!isEntry) return undefined;
  const index = bytes.subarray(0, length);
  return { kind: 'entry', index, run: placeOf(index, bytes).id };
}

/** The counterpart of `packedId`. */
function unpackId(bytes: Buffer, from: number): { id: string; end: number } | undefined {
  if (bytes[from] !== RANDOM_ID_TAG) {
    const end = bytes.indexOf(0, from);
    return end <= from ? undefined : { id: bytes.toString('utf8', from, end), end: end + 1 };
  }
  const end = from + 1 + RANDOM_ID_BYTES;
  if (bytes.length < end) return undefined;
  let letters = '';
  for (let at = from + 1; at < end; at += 5) {
    const group = bytes.readUIntBE(at, 5);
    for (let letter = 7; letter >= 0; letter -= 1) letters += idLetters[Math.floor(group / 32 ** letter) % 32];
  }
  return { id: letters, end };
}
