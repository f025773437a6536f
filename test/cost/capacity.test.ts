import { createRequire } from 'node:module';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  failedWriteUnits,
  type Item,
  indexWriteUnits,
  itemBytes,
  readUnits,
  storedBytes,
  type TableShape,
  writeUnits,
} from '../../lib/cost/capacity.ts';

describe('the size of an item', () => {
  test.each<[what: string, item: Item, bytes: number]>([
    ['nothing', {}, 0],
    ['a text, with its name', { name: { S: 'text' } }, 8],
    ['a text beyond ASCII, in UTF-8', { é: { S: '✓' } }, 5],
    ['an empty text', { a: { S: '' } }, 1],
    ['zero', { a: { N: '0' } }, 2],
    ['one digit', { a: { N: '7' } }, 3],
    ['two digits', { a: { N: '42' } }, 3],
    ['three digits', { a: { N: '421' } }, 4],
    ['zeros at the end, which are free', { a: { N: '4200' } }, 3],
    ['a sign', { a: { N: '-42' } }, 4],
    ['a time in milliseconds', { a: { N: '1764547200123' } }, 9],
    ['a fraction, which begins a pair of its own', { a: { N: '1.5' } }, 4],
    ['a small fraction', { a: { N: '0.0042' } }, 3],
    ['true', { a: { BOOL: true } }, 2],
    ['null', { a: { NULL: true } }, 2],
    ['bytes', { a: { B: new Uint8Array(10) } }, 11],
    ['an empty list', { a: { L: [] } }, 4],
    ['a list', { a: { L: [{ S: 'xy' }, { BOOL: true }] } }, 9],
    ['an empty map', { a: { M: {} } }, 4],
    ['a map', { a: { M: { b: { S: 'xy' } } } }, 8],
    ['sets', { a: { SS: ['x', 'yz'] }, b: { NS: ['1', '22'] } }, 9],
  ])('%s', (_what, item, bytes) => {
    expect(itemBytes(item)).toBe(bytes);
  });

  test('is what another implementation of the rules says, whatever is in the item', () => {
    const { itemSize } = createRequire(import.meta.url)('dynalite/db') as { itemSize(item: Item): number };
    const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 40 });
    const decimal = fc
      .tuple(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), fc.integer({ min: -12, max: 12 }))
      .map(([digits, exponent]) => String(digits * 10 ** exponent));
    const { value } = fc.letrec<{ value: AttributeValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        ascii.map((S): AttributeValue => ({ S })),
        decimal.map((N): AttributeValue => ({ N })),
        fc.boolean().map((BOOL): AttributeValue => ({ BOOL })),
        fc.constant<AttributeValue>({ NULL: true }),
        fc.array(tie('value'), { maxLength: 4 }).map((L): AttributeValue => ({ L })),
        fc.dictionary(ascii, tie('value'), { maxKeys: 4 }).map((M): AttributeValue => ({ M: { ...M } })),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(ascii, value, { maxKeys: 6 }), (item) => {
        expect(itemBytes({ ...item })).toBe(itemSize({ ...item }));
      }),
      { numRuns: 500 },
    );
  });
});

describe('reading', () => {
  test.each<[what: string, bytes: number, consistent: boolean, units: number]>([
    ['what is not there costs as much as something small', 0, true, 1],
    ['the same, read as it was a moment ago, costs half', 0, false, 0.5],
    ['4 KB are one unit', 4_096, true, 1],
    ['a byte more begins another', 4_097, true, 2],
    ['half of three units', 9_000, false, 1.5],
  ])('%s', (_what, bytes, consistent, units) => {
    expect(readUnits(bytes, consistent)).toBe(units);
  });
});

const shape: TableShape = {
  partitionKey: 'pk',
  sortKey: 'sk',
  timeToLive: 'ttl',
  indexes: {
    status: { name: 'status', partitionKey: 'status', sortKey: 'due', projects: ['note'] },
    creation: { name: 'creation', partitionKey: 'workflow', sortKey: 'created', projects: [] },
  },
};

function item(fields: Record<string, string> = {}): Item {
  const all = { pk: 'p', sk: 's', status: 'open', due: '1', workflow: 'w', created: '0', ...fields };
  return Object.fromEntries(Object.entries(all).map(([name, text]) => [name, { S: text }]));
}

const long = (bytes: number) => 'x'.repeat(bytes);

describe('writing', () => {
  test.each<[what: string, before: Item | undefined, after: Item | undefined, units: number]>([
    ['a small item is one unit', undefined, item(), 1],
    ['each KB begun is one more', undefined, item({ body: long(1_024) }), 2],
    ['a small change of a long item costs the whole item', item({ body: long(3_000) }), item({ body: long(3_001) }), 3],
    ['what makes an item shorter costs what was there', item({ body: long(3_000) }), item(), 3],
    ['a delete costs what was there', item({ body: long(3_000) }), undefined, 3],
    ['the delete of nothing is one unit', undefined, undefined, 1],
  ])('%s', (_what, before, after, units) => {
    expect(writeUnits(before, after)).toBe(units);
  });

  test('a failed condition costs what stands, or what was to be written, if that is more', () => {
    expect(failedWriteUnits(item({ body: long(3_000) }), undefined)).toBe(3);
    expect(failedWriteUnits(item(), item({ body: long(2_100) }))).toBe(3);
    expect(failedWriteUnits(undefined, undefined)).toBe(1);
  });

  test.each<[what: string, before: Item | undefined, after: Item | undefined, units: Record<string, number>]>([
    ['a new item is put into each index', undefined, item(), { status: 1, creation: 1 }],
    ['a deleted one leaves each', item(), undefined, { status: 1, creation: 1 }],
    ['an item without the keys of an index is not in it', undefined, onlyKeys(), {}],
    ['what no index holds changes none', item(), item({ body: 'b' }), {}],
    ['a changed key is a delete and a put', item(), item({ due: '2' }), { status: 2 }],
    ['a lost key is a delete', item(), without(item(), 'due'), { status: 1 }],
    ['a projected attribute that changes is one write', item(), item({ note: 'n' }), { status: 1 }],
    ['an entry is paid by its own size', item(), item({ note: long(1_024) }), { status: 2 }],
  ])('in the indexes: %s', (_what, before, after, units) => {
    expect(indexWriteUnits(shape, before, after)).toEqual(units);
  });
});

test('storage counts 100 bytes beside each item and each index entry', () => {
  const fields = itemBytes(item());
  const inStatus = itemBytes(without(without(item(), 'workflow'), 'created'));
  const inCreation = itemBytes(without(without(item(), 'status'), 'due'));
  expect(storedBytes(shape, item())).toBe(fields + inStatus + inCreation + 300);
  expect(storedBytes(shape, undefined)).toBe(0);
});

function onlyKeys(): Item {
  return { pk: { S: 'p' }, sk: { S: 's' } };
}

function without(from: Item, name: string): Item {
  const { [name]: _left, ...rest } = from;
  return rest;
}
