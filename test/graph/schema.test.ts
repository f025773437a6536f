import { describe, expect, test } from 'vitest';
import type { Json, JsonSchema } from '../../lib/graph/definition.ts';
import { graphLimits } from '../../lib/graph/limits.ts';
import { checkAgainst } from '../../lib/graph/schema/check-against.ts';

const order: JsonSchema = {
  type: 'object',
  required: ['id', 'items'],
  additionalProperties: false,
  properties: {
    id: { type: 'string', pattern: '^[a-z]+-\\d+$', maxLength: 10 },
    items: { type: 'array', minItems: 1, items: { $ref: '#/$defs/item' } },
    paid: { type: ['boolean', 'null'] },
    channel: { enum: ['web', 'shop'] },
    at: { type: 'string', format: 'date-time' },
  },
  $defs: {
    item: {
      type: 'object',
      required: ['sku'],
      properties: { sku: { type: 'string' }, n: { type: 'integer', minimum: 1, multipleOf: 2 } },
    },
  },
};

test('a value that fits has no problems', () => {
  const value = { id: 'a-1', items: [{ sku: 'x', n: 2 }], paid: null, channel: 'web', at: '2030-01-31T08:00:00Z' };
  expect(checkAgainst(order, value)).toEqual([]);
  expect(checkAgainst(true, value)).toEqual([]);
});

test('each problem has its path, and says what is expected', () => {
  const value: unknown = {
    id: 'A1',
    items: [{ n: 0 }, 'x', { sku: 'y', n: 3 }],
    paid: 1,
    channel: 'mail',
    more: 1,
    at: 'now',
  };
  expect(checkAgainst(order, value as Json)).toEqual([
    { path: 'id', message: 'expected a text that matches ^[a-z]+-\\d+$' },
    { path: 'items[0]', message: 'the field "sku" is missing' },
    { path: 'items[0].n', message: 'expected at least 1' },
    { path: 'items[1]', message: 'expected an object, found "x"' },
    { path: 'items[2].n', message: 'expected a multiple of 2' },
    { path: 'paid', message: 'expected true or false or null, found 1' },
    { path: 'channel', message: 'expected "web" or "shop"' },
    { path: 'at', message: 'expected a text of the format "date-time"' },
    { path: 'more', message: 'is not allowed here' },
  ]);
});

const messages: [schema: JsonSchema, value: Json, message: string][] = [
  [false, 1, 'is not allowed here'],
  [{ type: 'number' }, null, 'expected a number, found null'],
  [{ type: 'array' }, {}, 'expected a list, found an object'],
  [{ const: { a: 1 } }, 1, 'expected {"a":1}'],
  [{ maximum: 3 }, 4, 'expected at most 3'],
  [{ exclusiveMinimum: 3 }, 3, 'expected more than 3'],
  [{ exclusiveMaximum: 3 }, 3, 'expected less than 3'],
  [{ minLength: 2 }, 'a', 'expected at least 2 characters'],
  [{ maxLength: 2 }, 'abc', 'expected at most 2 characters'],
  [{ minItems: 1 }, [], 'expected at least 1 items'],
  [{ maxItems: 1 }, [1, 2], 'has too many items'],
  [{ anyOf: [{ type: 'string' }, { type: 'number' }] }, true, 'fits none of the forms that are allowed here'],
  [{ oneOf: [{ minimum: 1 }, { minimum: 2 }] }, 3, 'does not fit exactly one of the forms that are allowed here'],
  [{ not: { type: 'null' } }, null, 'has a form that is not allowed here'],
  [{ contains: { type: 'string' } }, [1], 'has no item of the kind that has to be among them'],
  [{ uniqueItems: true }, [1, 2, 1], 'Duplicate items at indexes 0 and 2'],
  [{ dependentRequired: { a: ['b'] } }, { a: 1 }, 'has "a" but does not have "b"'],
];

test.each(messages)('%j', (schema, value, message) => {
  expect(checkAgainst(schema, value)).toEqual([{ path: '', message }]);
});

describe('is bounded', () => {
  test('a pattern that takes exponential time elsewhere takes linear time', () => {
    const schema: JsonSchema = { type: 'string', pattern: '^(a+)+$' };
    expect(checkAgainst(schema, `${'a'.repeat(50_000)}!`)).toHaveLength(1);
    expect(checkAgainst(schema, 'a'.repeat(50_000))).toEqual([]);
  });

  test('a schema that doubles with each level of the value', () => {
    const node: JsonSchema = { properties: { a: { $ref: '#/$defs/node' } } };
    const schema: JsonSchema = { $defs: { node: { allOf: [node, { ...node }] } }, $ref: '#/$defs/node' };
    let value: Json = {};
    for (let depth = 0; depth < 60; depth += 1) value = { a: value };
    expect(checkAgainst(schema, value)).toEqual([
      { path: '', message: 'the schema asks for too many checks of this value (limit schemaSteps)' },
    ]);
  });

  test('lists of unique items are compared up to a limit', () => {
    const list = Array.from({ length: graphLimits.uniqueItems + 1 }, (_, n) => n);
    expect(checkAgainst({ uniqueItems: true }, list)).toEqual([{ path: '', message: 'has too many items' }]);
    expect(checkAgainst({ uniqueItems: true }, list.slice(1))).toEqual([]);
  });

  test('a list that has too many items to be compared is not compared', () => {
    const list = Array.from({ length: 40 * graphLimits.uniqueItems }, (_, n) => ({ n }));
    const before = process.cpuUsage();
    expect(checkAgainst({ items: { uniqueItems: true } }, [list])).toEqual([
      { path: '[0]', message: 'has too many items' },
    ]);
    // All with all of them would take hours.
    expect(process.cpuUsage(before).user).toBeLessThan(5_000_000);
  });

  test('many lists whose items are compared', () => {
    const list = Array.from({ length: graphLimits.uniqueItems }, (_, n) => ({ n }));
    const schema: JsonSchema = { items: { uniqueItems: true } };
    expect(checkAgainst(schema, [list, list])).toEqual([]);
    expect(
      checkAgainst(
        schema,
        Array.from({ length: 20 }, () => list),
      ),
    ).toEqual([{ path: '', message: 'the schema asks for too many checks of this value (limit schemaSteps)' }]);
    const short = Array.from({ length: 1_000 }, () => list.slice(0, 30));
    expect(checkAgainst(schema, short)).toEqual([]);
    expect(checkAgainst(schema, [...short, [1, 1]])).toMatchObject([{ path: '[1000]' }]);
  });

  test('the schema stays as it was', () => {
    const schema: JsonSchema = { pattern: 'a', uniqueItems: true, $ref: '#/$defs/x', $defs: { x: true } };
    const before = JSON.stringify(schema);
    checkAgainst(schema, 'b');
    expect(JSON.stringify(schema)).toBe(before);
    expect(Reflect.ownKeys(schema)).toEqual(['pattern', 'uniqueItems', '$ref', '$defs']);
  });

  test('data with names of the language is data', () => {
    const value = JSON.parse('{"constructor": 1, "toString": 2, "__proto__": {"a": 1}, "__absolute_uri__": 3}');
    expect(checkAgainst({ type: 'object', required: ['valueOf'] }, value)).toEqual([
      { path: '', message: 'the field "valueOf" is missing' },
    ]);
  });
});
