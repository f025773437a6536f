/**
 * How DynamoDB counts: sizes of items, read and write units, what an index adds to a write. Pure.
 * Sources: the developer guide's pages "Item sizes and formats", "Read and write operations" and "Global secondary
 * indexes". No transactions: Pawl uses none.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

export type Item = Record<string, AttributeValue>;

/** What is to be known of a table: its keys, and its indexes with what they hold beside keys. */
export interface TableShape {
  partitionKey: string;
  sortKey: string;
  timeToLive: string;
  indexes: Readonly<Record<string, IndexShape>>;
}

export interface IndexShape {
  name: string;
  partitionKey: string;
  sortKey: string;
  projects: readonly string[];
}

const writeUnitBytes = 1_024;
const readUnitBytes = 4_096;
/** Of a list or a map, in bytes; each element adds one. */
const containerBytes = 3;
const elementBytes = 1;

// --- sizes, in bytes -----------------------------------------------------------------------------------------------

/** Names count like values: a short name is cheaper. */
export function itemBytes(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + textBytes(name) + valueBytes(value), 0);
}

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return textBytes(value.S);
  if (value.N !== undefined) return numberBytes(value.N);
  if (value.B !== undefined) return value.B.byteLength;
  if (value.SS !== undefined) return sum(value.SS, textBytes);
  if (value.NS !== undefined) return sum(value.NS, numberBytes);
  if (value.BS !== undefined) return sum(value.BS, (bytes) => bytes.byteLength);
  if (value.L !== undefined) return containerBytes + sum(value.L, (each) => elementBytes + valueBytes(each));
  if (value.M !== undefined) return containerBytes + itemBytes(value.M) + Object.keys(value.M).length * elementBytes;
  return 1;
}

/** One byte, and one for each pair of digits to the left and right of the decimal point; zeros at the ends are free. */
function numberBytes(text: string): number {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().replace('+', '').replace(/^-/, '').split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = whole + fraction;
  const significant = digits.replace(/^0+/, '').replace(/0+$/, '');
  if (significant === '') return 1;
  const leading = digits.length - digits.replace(/^0+/, '').length;
  // Where the first significant digit stands: 1 is the digit left of the point.
  const place = whole.length - leading + Number(exponent);
  const padded = (Math.abs(place) % 2) + significant.length;
  return 1 + Math.ceil(padded / 2) + (text.startsWith('-') ? 1 : 0);
}

const textBytes = (text: string) => Buffer.byteLength(text);

function sum<T>(values: readonly T[], bytesOf: (value: T) => number): number {
  return values.reduce((total, value) => total + bytesOf(value), 0);
}

// --- reading -------------------------------------------------------------------------------------------------------

/** Of one item, or of all that one page of a query reads: the sum is rounded up, and nothing found counts as one block. */
export function readUnits(bytes: number, consistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / readUnitBytes)) * (consistent ? 1 : 0.5);
}

// --- writing -------------------------------------------------------------------------------------------------------

/** Of the table alone. An update is billed by the whole item, before or after, whichever is larger. */
export function writeUnits(before: Item | undefined, after: Item | undefined): number {
  return unitsFor(Math.max(before ? itemBytes(before) : 0, after ? itemBytes(after) : 0));
}

/** A condition that fails costs what the write would have cost in the table, and nothing in the indexes. */
export function failedWriteUnits(standing: Item | undefined, wanted: Item | undefined): number {
  return writeUnits(standing, wanted);
}

/** By index, only those that the write changes: put, delete, or both where a key has changed. */
export function indexWriteUnits(
  shape: TableShape,
  before: Item | undefined,
  after: Item | undefined,
): Record<string, number> {
  const units: Record<string, number> = {};
  for (const index of Object.values(shape.indexes)) {
    const changed = entryUnits(entryOf(shape, index, before), entryOf(shape, index, after), index);
    if (changed > 0) units[index.name] = changed;
  }
  return units;
}

function entryUnits(before: Item | undefined, after: Item | undefined, index: IndexShape): number {
  if (before === undefined || after === undefined) {
    const entry = before ?? after;
    return entry ? unitsFor(itemBytes(entry)) : 0;
  }
  const isSame = (name: string) => JSON.stringify(before[name]) === JSON.stringify(after[name]);
  if (!isSame(index.partitionKey) || !isSame(index.sortKey)) {
    return unitsFor(itemBytes(before)) + unitsFor(itemBytes(after));
  }
  return index.projects.every(isSame) ? 0 : unitsFor(Math.max(itemBytes(before), itemBytes(after)));
}

/** `undefined`: the item lacks a key of the index, which does not hold it then. */
function entryOf(shape: TableShape, index: IndexShape, item: Item | undefined): Item | undefined {
  if (item?.[index.partitionKey] === undefined || item[index.sortKey] === undefined) return undefined;
  const names = [shape.partitionKey, shape.sortKey, index.partitionKey, index.sortKey, ...index.projects];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = item[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

// --- keeping -------------------------------------------------------------------------------------------------------

/** What DynamoDB keeps with each item and each index entry, in bytes. */
const overheadBytes = 100;

/** Of an item with its index entries. */
export function storedBytes(shape: TableShape, item: Item | undefined): number {
  if (item === undefined) return 0;
  const entries = Object.values(shape.indexes).map((index) => entryOf(shape, index, item));
  return [item, ...entries].reduce((sum, each) => sum + (each ? itemBytes(each) + overheadBytes : 0), 0);
}

function unitsFor(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / writeUnitBytes));
}
