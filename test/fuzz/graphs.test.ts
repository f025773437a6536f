/** Definitions of graphs, as texts, and the schemas in them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json, JsonSchema } from '../../lib/graph/definition.ts';
import { toMermaid } from '../../lib/graph/drawing/mermaid.ts';
import { loadGraph, parseGraph } from '../../lib/graph/parse-graph.ts';
import { checkAgainst } from '../../lib/graph/schema/check-against.ts';
import { written } from '../graph/generated-graphs.ts';
import { fuzz, fuzzTimeoutMs, within } from './budget.ts';
import { damaged, hostileJson, hostileText } from './hostile.ts';
import { mangled } from './mangled.ts';
import { graphText } from './workflows.ts';

/** What YAML has for those who mean no good, and what JSON leaves open. */
const bombs = [
  `a: &a [x, x, x, x, x, x, x, x]\n${'bcdefghi'.replace(/./g, (n, at: number) => `${n}: &${n} [${Array(8).fill(`*${'abcdefghi'[at]}`).join(', ')}]\n`)}`,
  `tasks: ${'['.repeat(100_000)}`,
  `tasks: ${'{"a":'.repeat(100_000)}`,
  `${'- '.repeat(50_000)}x`,
  `${'? '.repeat(20_000)}x`,
  `a: &a\n  <<: *a\n`,
  `a: !!js/function "function() { return process }"\n`,
  `a: !!python/object/apply:os.system ["reboot"]\n`,
  `%YAML 1.1\n%TAG ! tag:x,2000:\n---\na: !x 1\n`,
  `--- a\n--- b\n--- c\n`,
  `name: x\nname: y\ntasks: []\n`,
  `{"name":"x","name":"y","tasks":[],"tasks":[{}]}`,
  `{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"name":"x"}`,
  `__proto__: { polluted: true }\nconstructor: { prototype: { polluted: true } }\n`,
  `\ufeffname: x\ntasks: []\n`,
  `\ufeff\ufeffname: x`,
  `name: "\\ud800"\ntasks: []\n`,
  `name: \ud800\n`,
  `a: ${'9'.repeat(100_000)}\n`,
  `{"a":1${'0'.repeat(100_000)}}`,
  `{"a":1e99999,"b":-0,"c":0x10,"d":.5}`,
  `a: 0o777\nb: 0b1\nc: 1_000\nd: 12:30:45\ne: .inf\nf: .nan\ng: ~\nh: yes\ni: 2001-12-14t21:59:43.10-05:00\n`,
  `"${'a'.repeat(1_000_000)}": 1\n`,
  `a: "${'\\x41'.repeat(100_000)}"\n`,
  `a: |\n${' \n'.repeat(100_000)}`,
  `${'#'.repeat(1_000_000)}\n`,
  `${'a: 1\n'.repeat(1)}${'\t'.repeat(10_000)}b: 2`,
  `${Array.from({ length: 20_000 }, (_, n) => `k${n}: ${n}`).join('\n')}`,
  `tasks:\n${Array.from({ length: 3_000 }, (_, n) => `  - { id: t${n}, type: transform, dependsOn: [${n > 0 ? `t${n - 1}` : ''}], output: 1 }`).join('\n')}\nname: long\n`,
  `name: wide\ntasks:\n${Array.from({ length: 300 }, (_, n) => `  - { id: t${n}, type: transform, dependsOn: [${Array.from({ length: n }, (_x, i) => `t${i}`).join(',')}], output: 1 }`).join('\n')}\n`,
  `name: x\ninputSchema: { type: string, pattern: "(a+)+$" }\ntasks: [{ id: a, type: transform, output: 1 }]\n`,
  `name: x\ninputSchema: { $ref: "#/inputSchema" }\ntasks: []\n`,
  '\u0000',
  '\u001b[31m',
];

const graphs = fc.oneof(
  written.map((graph): object => graph),
  written.chain((graph) =>
    damaged(fc.constant(graph.tasks[0] as object)).map((task): object => ({
      ...graph,
      tasks: [task, ...graph.tasks.slice(1)],
    })),
  ),
);
const texts = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...bombs.filter((text) => text.length < 2_000)).chain(mangled) },
  { weight: 4, arbitrary: mangled(graphText) },
  { weight: 3, arbitrary: graphs.map((graph) => JSON.stringify(graph)) },
  { weight: 2, arbitrary: damaged(graphs).map((graph) => JSON.stringify(graph)) },
  { weight: 2, arbitrary: graphs.chain((graph) => mangled(JSON.stringify(graph, null, 1))) },
  { weight: 1, arbitrary: hostileJson.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: hostileText },
);

const formats = ['yaml', 'json'] as const;

/** Whether it is a graph. */
function judged(text: string, format: (typeof formats)[number]): boolean {
  const options = { file: `graph.${format}`, format };
  const parsed = parseGraph(text, options);
  if (!('problems' in parsed)) {
    toMermaid(parsed.graph);
    return true;
  }
  expect(parsed.problems.length).toBeGreaterThan(0);
  const lines = text.split(/\r\n|\r|\n/).length;
  for (const { line = 1, column = 1, message } of parsed.problems) {
    expect(message).not.toBe('');
    expect([line >= 1, line <= lines + 1, column >= 1], `${line}:${column} ${message}`).toEqual([true, true, true]);
  }
  expect(() => loadGraph(text, options)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  return false;
}

describe('the text of a graph', () => {
  test.each(bombs.map((text) => [JSON.stringify(text.slice(0, 40)), text]))(
    'that begins with %s is judged within the limits',
    { timeout: fuzzTimeoutMs },
    async (_begin, text) =>
      within(() => {
        for (const format of formats) judged(text, format);
      }),
  );

  test('is a graph that can be drawn, or a list of what is wrong and where', { timeout: fuzzTimeoutMs }, async () => {
    let good = 0;
    await fuzz(fc.tuple(texts, fc.constantFrom(...formats)), 300, ([text, format]) => {
      if (judged(text, format)) good += 1;
    });
    expect(good, 'texts that are graphs').toBeGreaterThan(0);
  });
});

const patterns = fc.constantFrom(
  '(a+)+$',
  '^(a|a?)+$',
  '(x+x+)+y',
  '(.*)*b',
  '^a{1,9999}$',
  '[',
  '(?=a)',
  '\\',
  '(a)\\1',
  '\\p{L}',
);
const { schema } = fc.letrec<{ schema: Json }>((tie) => {
  const each = tie('schema') as fc.Arbitrary<Json>;
  const several = fc.array(each, { minLength: 1, maxLength: 4 });
  const field = fc.constantFrom('a', 'b', '__proto__', 'constructor', 'then');
  return {
    schema: fc.oneof(
      { maxDepth: 5, depthSize: 'small' },
      fc.constantFrom<Json>(true, false, {}, { type: 'string' }, { type: 'integer' }, { type: ['object', 'null'] }),
      patterns.map((pattern): Json => ({ type: 'string', pattern })),
      fc.constantFrom<Json>({ $ref: '#' }, { $ref: '#/$defs/a' }, { $ref: '#/properties/a' }, { $ref: 'http://x/y' }),
      hostileJson.map((value): Json => ({ enum: [value as Json], const: value as Json })),
      several.map((all): Json => ({ allOf: all })),
      several.map((any): Json => ({ anyOf: any })),
      several.map((one): Json => ({ oneOf: one })),
      each.map((not): Json => ({ not })),
      fc
        .tuple(field, each)
        .map(([name, of]): Json => ({ properties: Object.fromEntries([[name, of]]), required: [name] })),
      fc.tuple(patterns, each).map(([name, of]): Json => ({ patternProperties: Object.fromEntries([[name, of]]) })),
      each.map((of): Json => ({ items: of, uniqueItems: true, additionalProperties: of, $defs: { a: of } })),
      fc.constantFrom<Json>(
        { multipleOf: 1e-300 },
        { maxLength: 1e308 },
        { minItems: -1 },
        { format: 'date-time' },
        { format: 'regex' },
      ),
    ),
  };
});
const values = fc.oneof(
  hostileJson as fc.Arbitrary<Json>,
  fc.constantFrom<Json>(
    'a'.repeat(50_000),
    'x'.repeat(50_000),
    Array.from({ length: 5_001 }, (_, n) => ({ n })),
    { a: { a: { a: {} } } },
    1e308,
  ),
);

describe('a schema in a graph', () => {
  test('is refused with the graph, or says of any value whether it fits', { timeout: fuzzTimeoutMs }, async () => {
    let used = 0;
    await fuzz(fc.tuple(schema, values), 400, ([inputSchema, value]) => {
      const text = JSON.stringify({ name: 'x', inputSchema, tasks: [{ id: 'a', type: 'transform', output: 1 }] });
      const parsed = parseGraph(text, { file: 'graph.json' });
      if ('problems' in parsed) return;
      used += 1;
      const own = parsed.graph.inputSchema as JsonSchema;
      const found = checkAgainst(own, value);
      expect(checkAgainst(own, value)).toEqual(found);
    });
    expect(used, 'schemas that were used').toBeGreaterThan(0);
  });
});
