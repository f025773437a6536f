/** How values are kept: JSON as text that people can read, and compressed where it is long: each kilobyte is paid for. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { Fault } from '../../kernel/faults.ts';
import type { Item } from './table-client.ts';

/** Of what is longer nobody reads the text; the names in it alone are most of what a hundred events weigh. */
const LONGEST_TEXT_BYTES = 4 * 1024;
/** More than any chunk may have. */
const LONGEST_UNPACKED_BYTES = 64 * 1024 * 1024;

export type StoredText = string | Uint8Array;

export function toText(value: object): StoredText {
  const text = JSON.stringify(value);
  return Buffer.byteLength(text) > LONGEST_TEXT_BYTES ? gzipSync(text) : text;
}

/** The object in one of an item's attributes. Throws `Fault` corrupt. */
export function fromText<T extends object>(item: Item, attribute: string): T {
  const stored = item[attribute];
  try {
    const text =
      stored instanceof Uint8Array
        ? gunzipSync(stored, { maxOutputLength: LONGEST_UNPACKED_BYTES }).toString()
        : stored;
    const value: unknown = JSON.parse(String(text));
    if (typeof value === 'object' && value !== null) return value as T;
  } catch (cause) {
    throw damaged(item, `its ${attribute} cannot be read`, cause);
  }
  throw damaged(item, `its ${attribute} is not an object`);
}

export function damaged({ pk, sk }: Item, what: string, cause?: unknown): Fault {
  return new Fault('corrupt', `The item "${pk}" / "${sk}" is damaged: ${what}.`, { cause });
}

/** Milliseconds as the whole seconds that DynamoDB goes by, never early. */
export function ttl(expiresAt: number): number {
  return Math.ceil(expiresAt / 1_000);
}
