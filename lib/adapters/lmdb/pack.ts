/**
 * Lists of plain fields as msgpack, for msgpackr to read. In little code: whoever waits for a disk wakes to cold caches, and
 * each step packs a record then.
 */

const SLAB_BYTES = 64 * 1_024;
/** What is longer is left to others: it would leave much of a slab empty. */
const MOST_TEXT_CHARS = 4_096;
/** The most that stands before a value's bytes, or in place of them. */
const MOST_HEADER_BYTES = 9;

/** Records lie in it one behind the other, and stay until lmdb has written them. */
let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
let end = 0;

/**
 * The list's bytes behind `free` ones. `undefined`: it holds something that this writer does not know, or more than a slab, which
 * is tried in an empty one.
 */
export function packList(list: readonly unknown[], free: number): Buffer | undefined {
  for (;;) {
    const start = end;
    end += free;
    const answer = writeList(list);
    if (answer === 'written') return slab.subarray(start, end);
    end = start;
    if (answer === 'unknown' || start === 0) return undefined;
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    end = 0;
  }
}

type Answer = 'written' | 'unknown' | 'no room';

function write(value: unknown): Answer {
  if (end + MOST_HEADER_BYTES > SLAB_BYTES) return 'no room';
  switch (typeof value) {
    case 'number':
      writeNumber(value);
      return 'written';
    case 'string':
      return writeText(value);
    case 'boolean':
      slab[end] = value ? 0xc3 : 0xc2;
      end += 1;
      return 'written';
    default:
      if (value === null) {
        slab[end] = 0xc0;
        end += 1;
        return 'written';
      }
      if (Array.isArray(value)) return writeList(value);
      return value instanceof Uint8Array ? writeBytes(value) : 'unknown';
  }
}

function writeNumber(value: number): void {
  if (value === value >>> 0) writeWhole(value);
  else if (value === (value | 0)) writeNegative(value);
  else {
    slab[end] = 0xcb;
    end = slab.writeDoubleBE(value, end + 1);
  }
}

/** From 0 to 2^32 - 1. */
function writeWhole(value: number): void {
  if (value < 0x80) {
    slab[end] = value;
    end += 1;
  } else if (value < 0x100) {
    slab[end] = 0xcc;
    end = slab.writeUInt8(value, end + 1);
  } else if (value < 0x1_0000) {
    slab[end] = 0xcd;
    end = slab.writeUInt16BE(value, end + 1);
  } else {
    slab[end] = 0xce;
    end = slab.writeUInt32BE(value, end + 1);
  }
}

/** From -2^31 to -1. */
function writeNegative(value: number): void {
  if (value >= -0x20) {
    slab[end] = 0x100 + value;
    end += 1;
  } else if (value >= -0x8000) {
    slab[end] = 0xd1;
    end = slab.writeInt16BE(value, end + 1);
  } else {
    slab[end] = 0xd2;
    end = slab.writeInt32BE(value, end + 1);
  }
}

function writeText(text: string): Answer {
  if (text.length > MOST_TEXT_CHARS) return 'unknown';
  if (end + MOST_HEADER_BYTES + 3 * text.length > SLAB_BYTES) return 'no room';
  if (text.length < 0x20 && writeLetters(text)) return 'written';
  if (3 * text.length < 0x100) {
    const bytes = slab.write(text, end + 2);
    slab[end] = 0xd9;
    slab[end + 1] = bytes;
    end += 2 + bytes;
  } else {
    const bytes = slab.write(text, end + 3);
    slab[end] = 0xda;
    slab.writeUInt16BE(bytes, end + 1);
    end += 3 + bytes;
  }
  return 'written';
}

/** A short text of ASCII alone. False: it is none. */
function writeLetters(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 0x80) return false;
    slab[end + 1 + at] = code;
  }
  slab[end] = 0xa0 + text.length;
  end += 1 + text.length;
  return true;
}

function writeBytes(bytes: Uint8Array): Answer {
  if (bytes.length >= 0x100) return 'unknown';
  if (end + MOST_HEADER_BYTES + bytes.length > SLAB_BYTES) return 'no room';
  slab[end] = 0xc4;
  slab[end + 1] = bytes.length;
  slab.set(bytes, end + 2);
  end += 2 + bytes.length;
  return 'written';
}

function writeList(list: readonly unknown[]): Answer {
  if (list.length >= 0x1_0000) return 'unknown';
  if (end + MOST_HEADER_BYTES > SLAB_BYTES) return 'no room';
  if (list.length < 0x10) {
    slab[end] = 0x90 + list.length;
    end += 1;
  } else {
    slab[end] = 0xdc;
    end = slab.writeUInt16BE(list.length, end + 1);
  }
  for (const value of list) {
    const answer = write(value);
    if (answer !== 'written') return answer;
  }
  return 'written';
}
