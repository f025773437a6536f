/** DynamoDB bills writes by this much of an item. */
const BILLED_BYTES = 1024;
const KEYED_OVERHEAD = 3;
const ELEMENT_OVERHEAD = 1;

/** What the write of an item is billed, without indexes. */
export function unitsFor(bytes: number): number {
  return Math.ceil(bytes / BILLED_BYTES);
}

/** An item's size in bytes, as DynamoDB bills it. Source: its developer guide, "item sizes and formats". */
export function itemSize(item: object): number {
  let size = 0;
  for (const [name, value] of Object.entries(item)) {
    if (value !== undefined) size += Buffer.byteLength(name) + valueSize(value);
  }
  return size;
}

function valueSize(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return numberSize(value);
  if (value instanceof Uint8Array) return value.byteLength;
  if (Array.isArray(value)) {
    return value.reduce((size, element) => size + valueSize(element) + ELEMENT_OVERHEAD, KEYED_OVERHEAD);
  }
  if (typeof value === 'object' && value !== null) {
    return itemSize(value) + KEYED_OVERHEAD + Object.keys(value).length * ELEMENT_OVERHEAD;
  }
  return 1;
}

/** A byte for every two digits, one more, and one for a sign; zeros at either end are not stored. */
function numberSize(value: number): number {
  const digits = String(Math.abs(value))
    .replace('.', '')
    .replace(/^0+|0+$/g, '').length;
  return Math.ceil(digits / 2) + 1 + (value < 0 ? 1 : 0);
}
