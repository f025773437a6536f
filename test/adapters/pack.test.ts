import fc from 'fast-check';
import { pack, unpack } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { packList } from '../../lib/adapters/lmdb/pack.ts';

const number = fc.oneof(
  fc.integer(),
  fc.integer({ min: 0, max: 300 }),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }),
);
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.string({ minLength: 80, maxLength: 300 }),
  fc.constantFrom('x'.repeat(31), 'x'.repeat(32), 'é'.repeat(31), 'x'.repeat(4_096)),
);
const bytes = fc.uint8Array({ maxLength: 255 }).map((array) => Buffer.from(array));
const { list } = fc.letrec((tie) => ({
  value: fc.oneof(
    number.map((value) => value + 0),
    text,
    bytes,
    fc.constantFrom(null, true, false),
    tie('list'),
  ),
  list: fc.array(tie('value'), { maxLength: 20 }),
}));

describe('lists as msgpack', () => {
  test('are read by msgpackr as what they were, behind the free bytes', () => {
    const given = list as fc.Arbitrary<unknown[]>;
    fc.assert(
      fc.property(given, fc.nat(20), (fields, free) => {
        const packed = packList(fields, free) as Buffer;
        expect(unpack(packed.subarray(free))).toEqual(fields);
      }),
      { numRuns: 500 },
    );
  });

  test.each([0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, -1, -32, -129, -32_768, -32_769, 1.5])(
    'a number takes no more bytes than msgpackr gives it: %s',
    (value) => {
      const packed = packList([value], 0) as Buffer;
      expect(unpack(packed)).toEqual([value]);
      expect(packed.length).toBeLessThanOrEqual(pack([value]).length);
    },
  );

  test('stay as they are while others are packed', () => {
    const all = Array.from({ length: 3_000 }, (_, at) => [at, `text ${at}`, [at % 7, null]]);
    const packed = all.map((fields) => packList(fields, 4) as Buffer);
    expect(packed.map((bytes) => unpack(bytes.subarray(4)))).toEqual(all);
  });

  test.each([
    ['an object', [1, { a: 1 }]],
    ['nothing', [undefined]],
    ['a long text', ['x'.repeat(4_097)]],
    ['many bytes', [Buffer.alloc(256)]],
    ['a long list', [Array(0x1_0000).fill(0)]],
    ['more than there is room for', Array(20).fill('x'.repeat(4_000))],
  ])('%s is left to others', (_what, fields) => {
    expect(packList(fields, 4)).toBeUndefined();
    expect(unpack((packList(['after it'], 4) as Buffer).subarray(4))).toEqual(['after it']);
  });
});
