/** How values are kept: JSON as text that people can read, and compressed where that saves a write unit. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { Fault } from '../../kernel/faults.ts';
import { itemSize, unitsFor } from './item-size.ts';
import type { Item } from './table-client.ts';

/** More than any chunk may have. */
const LONGEST_UNPACKED_BYTES = 64 * 1024 * 1024;

/** A text as it is, or compressed. */
export type StoredText = string | Uint8Array;

/**
 * The item with one more attribute, which holds the text: compressed where the item then takes fewer write units. So many bytes
 * are left for what the item may gain.
 */
export function withText(item: Item, attribute: string, text: string, roomBytes = 0): Item {
  const plain = { ...item, [attribute]: text };
  const units = unitsFor(itemSize(plain) + roomBytes);
  if (units === 1) return plain;
  const packed = { ...item, [attribute]: gzipSync(text) };
  return unitsFor(itemSize(packed) + roomBytes) < units ? packed : plain;
}

/** `undefined`: it is no text. Throws where it is damaged. */
export function textOf(stored: unknown): string | undefined {
  if (stored instanceof Uint8Array) return gunzipSync(stored, { maxOutputLength: LONGEST_UNPACKED_BYTES }).toString();
  return typeof stored === 'string' ? stored : undefined;
}

/** The object whose JSON text is one of an item's attributes. Throws `Fault` corrupt. */
export function fromText<T extends object>(item: Item, attribute: string): T {
  try {
    const value: unknown = JSON.parse(String(textOf(item[attribute])));
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
