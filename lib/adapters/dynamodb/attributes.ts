/** How values are kept: JSON as text that people can read, and compressed where that saves a write unit. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { Fault } from '../../kernel/faults.ts';
import { BILLED_BYTES, itemSize } from './item-size.ts';
import type { Item } from './table-client.ts';

/** More than any chunk may have. */
const LONGEST_UNPACKED_BYTES = 64 * 1024 * 1024;

/** The item with one more attribute, which holds `value`. The names in it alone are most of what a hundred events weigh. */
export function withText(item: Item, attribute: string, value: object): Item {
  const text = JSON.stringify(value);
  const bytes = itemSize(item) + attribute.length + Buffer.byteLength(text);
  if (bytes <= BILLED_BYTES) return { ...item, [attribute]: text };
  const packed = gzipSync(text);
  const saved = Buffer.byteLength(text) - packed.byteLength;
  const isWorthIt = unitsOf(bytes - saved) < unitsOf(bytes);
  return { ...item, [attribute]: isWorthIt ? packed : text };
}

const unitsOf = (bytes: number) => Math.ceil(bytes / BILLED_BYTES);

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
