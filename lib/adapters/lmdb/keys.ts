/**
 * All keys of the embedded store. A key is a letter or a tag, then fields: texts end with a zero byte, so that an id that is the
 * beginning of another sorts before it and never reaches into its range; numbers have a fixed length and sort as such.
 */
import { createHash } from 'node:crypto';
import type { RunStatus } from '../../kernel/head.ts';
import { idLetters } from '../../ports/ids.ts';
import { toLetters } from '../letters.ts';
import { assertUsableId, isPlainText, isUsableId, type Place } from '../store-rules.ts';
import { remembering } from './remembering.ts';

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

const RANDOM_ID_LETTERS = 24;
const DIGEST_LETTERS = 26;
const RANDOM_ID_BYTES = 15;
const RANDOM_ID_TAG = 1;
const NO_LETTER = 32;
/** Of each character, up to 127. */
const LETTER_VALUES = new Uint8Array(128).fill(NO_LETTER);
for (let value = 0; value < idLetters.length; value += 1) LETTER_VALUES[idLetters.charCodeAt(value)] = value;

function letterValue(text: string, at: number): number {
  return LETTER_VALUES[text.charCodeAt(at)] ?? NO_LETTER;
}

/** Nothing but letters of identifiers, and so many of them. */
function isSpelt(text: string, length: number): boolean {
  if (text.length !== length) return false;
  for (let at = 0; at < length; at += 1) if (letterValue(text, at) === NO_LETTER) return false;
  return true;
}

/** Of the runs that are being written to: whoever writes one record of a run writes several. */
const MOST_IDS = 2_000;

/** Of 24 random letters so many bytes, after a tag that no text begins with; their order is that of the letters. */
function packed(value: string, length: number): Field {
  if (!isSpelt(value, RANDOM_ID_LETTERS)) return id(value);
  const bytes = Buffer.allocUnsafe(1 + length);
  bytes[0] = RANDOM_ID_TAG;
  writeLetters(bytes, 1, value, length);
  return bytes;
}

/** All of its bits. */
const packedId = remembering(MOST_IDS, (value) => packed(value, RANDOM_ID_BYTES));

/** Of a nonce the first 40 bits do: it tells runs apart that had one id, one after the other. */
const NONCE_BYTES = 5;
const packedNonce = remembering(MOST_IDS, (value) => packed(value, NONCE_BYTES));

/** So many bytes of them: five for each eight letters. */
function writeLetters(bytes: Buffer, at: number, letters: string, length = RANDOM_ID_BYTES): void {
  for (let group = 0; group < length / 5; group += 1) {
    let high = 0;
    let low = 0;
    for (let letter = 0; letter < 4; letter += 1) {
      high = high * 32 + letterValue(letters, group * 8 + letter);
      low = low * 32 + letterValue(letters, group * 8 + 4 + letter);
    }
    bytes.writeUIntBE(high * 2 ** 20 + low, at + group * 5, 5);
  }
}

function readLetters(bytes: Buffer, from: number): string {
  return toLetters(bytes, from, from + RANDOM_ID_BYTES);
}

/** For identifiers within records: 24 random letters as 15 bytes, a digest's two more as they are; anything else is left. */
export function packLetters(value: string): string | Buffer {
  if (!isSpelt(value, RANDOM_ID_LETTERS) && !isSpelt(value, DIGEST_LETTERS)) return value;
  const rest = value.slice(RANDOM_ID_LETTERS);
  const bytes = Buffer.allocUnsafe(RANDOM_ID_BYTES + rest.length);
  writeLetters(bytes, 0, value);
  bytes.write(rest, RANDOM_ID_BYTES, 'latin1');
  return bytes;
}

export function unpackLetters(value: string | Uint8Array): string {
  if (typeof value === 'string') return value;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return readLetters(bytes, 0) + bytes.toString('latin1', RANDOM_ID_BYTES);
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

/** No letter of an index. */
const TEXT_ID_TAG = 2;

/** All of a run lies side by side, so that what is written together is on few pages: under its id, with a tag of its kind. */
function recordsOf(run: string): Field {
  const packed = packedId(run);
  return typeof packed === 'string' ? String.fromCharCode(TEXT_ID_TAG) + packed : packed;
}

export const birthKey = (run: string) => key(recordsOf(run), 'b');
export const stateKey = (run: string) => key(recordsOf(run), 'h');
export function chunkKey(run: string, nonce: string, at: number): Buffer {
  const prefix = chunkPrefix(run, nonce);
  const bytes = Buffer.allocUnsafe(prefix.length + 4);
  prefix.copy(bytes);
  bytes.writeUInt32BE(at, prefix.length);
  return bytes;
}
export const mailKey = (run: string, nonce: string, mail: string) =>
  key(recordsOf(run), 'm', packedNonce(nonce), anyText(mail));

/** Of the runs that are being written to: a run's keys all begin alike. */
const chunkPrefixes = new Map<string, { run: string; prefix: Buffer }>();
const MOST_PREFIXES = 2_000;

function chunkPrefix(run: string, nonce: string): Buffer {
  const known = chunkPrefixes.get(nonce);
  if (known?.run === run) return known.prefix;
  if (chunkPrefixes.size >= MOST_PREFIXES) chunkPrefixes.clear();
  const prefix = key(recordsOf(run), 'e', packedNonce(nonce));
  chunkPrefixes.set(nonce, { run, prefix });
  return prefix;
}

/** A run's chunks after a position. */
export function chunksAfter(run: string, nonce: string, after: number): KeyRange {
  const prefix = chunkPrefix(run, nonce);
  return { start: key(prefix, position(after + 1)), end: key(prefix, Buffer.of(255, 255, 255, 255)) };
}

/**
 * Both a run's chunks after a position and its mail, in one range: what is between them, and what a run that had the id before has
 * left, is neither.
 */
export function recordsAfter(
  run: string,
  nonce: string,
  after: number,
): KeyRange & { kindOf(key: Uint8Array): 'chunk' | 'mail' | undefined } {
  const chunks = chunkPrefix(run, nonce);
  const mail = mailOf(run, nonce);
  const begins = (bytes: Uint8Array, prefix: Buffer) =>
    bytes.length > prefix.length && prefix.compare(bytes, 0, prefix.length) === 0;
  return {
    start: key(chunks, position(after + 1)),
    end: mail.end,
    kindOf: (bytes) => (begins(bytes, chunks) ? 'chunk' : begins(bytes, mail.start) ? 'mail' : undefined),
  };
}

export function positionOf(chunk: Uint8Array): number {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).readUInt32BE(chunk.length - 4);
}

export function mailOf(run: string, nonce: string): KeyRange {
  const start = key(recordsOf(run), 'm', packedNonce(nonce));
  return { start, end: afterAll(start) };
}

const MOST_WORKFLOWS = 1_000;

/** What a list goes along: its entries end with a time and a run's id. */
export const indexes = {
  created: () => key('c'),
  workflow: remembering(MOST_WORKFLOWS, (name) => key('w', anyText(name))),
  correlation: (correlationId: string) => key('k', anyText(correlationId)),
  status: (status: RunStatus) => key('s', STATUS_LETTERS[status]),
  /** Open runs by `wakeAt`. */
  due: () => key('d'),
  /** Runs that have ended, by `expiresAt`; those marked as deleting at 0. */
  expiry: () => key('x'),
};

export function entryKey(index: Buffer, { at, id: run }: Place): Buffer {
  return key(index, time(at), packedId(run));
}

/** Entries from one time to before another. */
export function entriesBetween(index: Buffer, from: number, before: number): KeyRange {
  const end = before === Number.POSITIVE_INFINITY ? afterAll(index) : key(index, time(before));
  return { start: key(index, time(from)), end };
}

/** The first key after this one. */
export function after(entry: Uint8Array): Buffer {
  return Buffer.concat([entry, Buffer.of(0)]);
}

/** `undefined`: damage has made it something that is no entry. */
export function placeOf(index: Buffer, entry: Uint8Array): Place | undefined {
  const bytes = Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength);
  const run = unpackId(bytes, index.length + 8);
  if (run?.end !== bytes.length) return undefined;
  const at = bytes.readDoubleBE(index.length);
  return at >= 0 ? { at, id: run.id } : undefined;
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
  | { kind: 'chunk'; run: string; position: number }
  | { kind: 'mail'; run: string }
  | { kind: 'document'; collection: string; name: string }
  | { kind: 'entry'; index: Buffer; run: string };

export function placeOfKey(bytes: Buffer): KeyPlace | undefined {
  const tag = bytes[0] ?? 0;
  if (tag === RANDOM_ID_TAG || tag === TEXT_ID_TAG) return placeOfRecord(bytes);
  const letter = String.fromCharCode(tag);
  if (letter !== 't') return placeOfEntry(letter, bytes);
  const end = bytes.indexOf(0, 1);
  if (end < 0) return undefined;
  return { kind: 'document', collection: bytes.toString('utf8', 1, end), name: bytes.toString('utf8', end + 1) };
}

/** Of a run: its id, then what the record is. */
function placeOfRecord(bytes: Buffer): KeyPlace | undefined {
  const owner = unpackId(bytes, bytes[0] === TEXT_ID_TAG ? 1 : 0);
  if (!owner) return undefined;
  const { id: run, end } = owner;
  const letter = String.fromCharCode(bytes[end] ?? 0);
  if (letter === 'b' || letter === 'h') {
    return bytes.length === end + 1 ? { kind: letter === 'b' ? 'birth' : 'head', run } : undefined;
  }
  const nonceEnd = letter === 'e' || letter === 'm' ? endOfNonce(bytes, end + 1) : 0;
  if (nonceEnd === 0) return undefined;
  if (letter === 'm') return { kind: 'mail', run };
  return bytes.length === nonceEnd + 4 ? { kind: 'chunk', run, position: positionOf(bytes) } : undefined;
}

/** Before the time and the id there is a letter, and what the list is of. */
function placeOfEntry(letter: string, bytes: Buffer): KeyPlace | undefined {
  const named = letter === 'w' || letter === 'k' ? bytes.indexOf(0, 1) + 1 : 1;
  const length = letter === 's' ? 2 : named;
  if (!'cdxswk'.includes(letter) || length === 0) return undefined;
  const index = bytes.subarray(0, length);
  const run = placeOf(index, bytes)?.id;
  return run === undefined ? undefined : { kind: 'entry', index, run };
}

/** 0: there is none. */
function endOfNonce(bytes: Buffer, from: number): number {
  if (bytes[from] !== RANDOM_ID_TAG) return bytes.indexOf(0, from) + 1;
  const end = from + 1 + NONCE_BYTES;
  return bytes.length < end ? 0 : end;
}

/** The counterpart of `packedId`. `undefined`: no id was packed so. */
function unpackId(bytes: Buffer, from: number): { id: string; end: number } | undefined {
  if (bytes[from] !== RANDOM_ID_TAG) {
    const end = bytes.indexOf(0, from);
    const text = bytes.toString('utf8', from, Math.max(from, end));
    return isUsableId(text) ? { id: text, end: end + 1 } : undefined;
  }
  const end = from + 1 + RANDOM_ID_BYTES;
  return bytes.length < end ? undefined : { id: readLetters(bytes, from + 1), end };
}
