import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { createProblems } from '../../lib/graph/problems.ts';
import type { SourceNode } from '../../lib/graph/source/nodes.ts';
import { readPlainYaml } from '../../lib/graph/source/plain-yaml.ts';
import { positionsOf } from '../../lib/graph/source/positions.ts';
import { readYaml } from '../../lib/graph/source/yaml.ts';
import { blocksOf } from '../docs/snippets.ts';

/** Ends are only used of scalars, and not exactly of blocks. */
function comparable(node: SourceNode, text: string): unknown {
  const { kind, start, end } = node;
  if (kind === 'list') return { kind, start, items: node.items.map((item) => comparable(item, text)) };
  if (kind === 'map') {
    const entries = node.entries.map(({ name, nameStart, value }) => ({
      name,
      nameStart,
      value: comparable(value, text),
    }));
    return { kind, start, entries };
  }
  return { kind, start, value: node.value, ...(text[start] !== '|' && { end }) };
}

/** What the library reads, if it has nothing to say against it. */
function byLibrary(text: string): unknown {
  const problems = createProblems('text', positionsOf(text));
  const node = readYaml(text, problems);
  return node === undefined || problems.list().length > 0 ? problems.list() : comparable(node, text);
}

/** Whether it was read at all. What was read is what the library reads. */
function agrees(text: string): boolean {
  const plain = readPlainYaml(text);
  if (plain === undefined) return false;
  expect(comparable(plain, text), text).toEqual(byLibrary(text));
  return true;
}

const read = [
  'name: a\ntasks:\n  - { id: a, type: wait, duration: 1s }\n',
  'name: a\ntasks:\n- id: a\n  type: wait\n-  id: b\n   type: wait\nversion: 2',
  "# first\n\nname: a # the name\n# between\ntags: [a, \"b c\", 'd''e', 1, -2.5, true, null, 5m]\n\n",
  'a: { b: { c: [1, [2, 3], {}] }, "d": [] }\n',
  'a: {\n    b: 1,\n    # why\n    c: 2\n  }\nd: 1\n',
  'a: "{% $input.a & \'x: y # z\' %}"\nb: \'{% "q" %}\'\nc: "a\\n\\t\\"b\\\\"\n',
  'a: |\n  {%\n    $input\n  %}\n\nb: |-\n  one\n\n  two\nc: 1\n',
  'a: http://example.com/x#y\nb: a b  c\nc: { u: http://example.com/a?b=c }\n',
  'a:\n  b:\n    - 1\n    - x\n  c: 2\nd:\n  - 3\n',
  'true: 1\nnull: 2\nx-y: 3\n$a: 4\n',
  'a: 1\nb: grün ☂ 😀\n',
];

test.each(read)('is read as the library reads it: %j', (text) => {
  expect(agrees(text)).toBe(true);
});

const left = [
  'a: 1\n\tb: 2\n',
  'a: &x 1\nb: *x\n',
  'a: !!str 1\n',
  '--- \na: 1\n',
  '%YAML 1.2\n---\na: 1\n',
  'a: 1\na: 2\n',
  'a: one\n  two\n',
  'a: >\n  folded\n',
  'a: |2\n  x\n',
  'a:\n',
  'a: "x\n  y"\n',
  '? a\n: b\n',
  'a: 0x1F\n',
  'a: 12345678901234567890\n',
  'a: .inf\n',
  'a: [1, 2,]\n',
  'a: [b: 1]\n',
  'a: {b}\n',
  'a: [1\n',
  'a: 1\r\nb: 2\r\n',
  '\uFEFFa: 1\n',
  '__proto__: 1\n',
  '- - a\n',
  'a: "x"#y\n',
  'a: b: c\n',
  'text\n',
  '',
];

test.each(left)('is left to the library: %j', (text) => {
  expect(readPlainYaml(text)).toBeUndefined();
});

test('the examples of the guide are read', () => {
  const examples = blocksOf('docs/graphs.md').filter(({ language }) => language === 'yaml');
  for (const { text } of examples) expect(agrees(text)).toBe(true);
});

describe('whatever is read is what the library reads', () => {
  const leaf = fc.oneof(
    fc.constantFrom(
      'a',
      'b c',
      '1s',
      '{% $input.a %}',
      'x: y',
      '# no',
      "it's",
      '"q"',
      'true',
      '1',
      'null',
      '- a',
      '',
      'a#b',
    ),
    fc.string({ maxLength: 6 }),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
    fc.boolean(),
    fc.constant(null),
  );
  const key = fc.constantFrom('id', 'type', 'dependsOn', 'a', 'b', 'true', 'x-y');
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    ),
  }));
  const document = fc
    .tuple(
      fc.dictionary(key, value, { minKeys: 1, maxKeys: 5 }),
      fc.constantFrom(
        {},
        { collectionStyle: 'flow' as const },
        { indentSeq: false },
        { indent: 4, flowCollectionPadding: false },
        { blockQuote: 'literal' as const, lineWidth: 0 },
        { defaultStringType: 'QUOTE_DOUBLE' as const, lineWidth: 0 },
      ),
    )
    .map(([content, style]) => stringify(content, style));

  test('of documents that a printer wrote', () => {
    let count = 0;
    fc.assert(
      fc.property(document, (text) => {
        if (agrees(text)) count += 1;
      }),
      { numRuns: 1_000 },
    );
    expect(count).toBeGreaterThan(100);
  });

  test('of documents that are changed here and there', () => {
    const pieces = fc.constantFrom(
      ' ',
      '  ',
      '\n',
      '\n  ',
      ':',
      ': ',
      '- ',
      ',',
      '#',
      ' # c',
      '"',
      "'",
      '{',
      '}',
      '[',
      ']',
      '|',
      '\\',
      'a',
      '0',
      '-',
      '.',
      '\n- a',
      '\nb: 1',
      '  |\n   x\n',
    );
    const changed = fc
      .tuple(
        fc.oneof(document, fc.constantFrom(...read)),
        fc.array(fc.tuple(fc.nat(), fc.nat(3), pieces), { minLength: 1, maxLength: 3 }),
      )
      .map(([text, changes]) => {
        return changes.reduce((before, [place, cut, piece]) => {
          const at = place % (before.length + 1);
          return before.slice(0, at) + piece + before.slice(at + cut);
        }, text);
      });
    let count = 0;
    fc.assert(
      fc.property(changed, (text) => {
        if (agrees(text)) count += 1;
      }),
      { numRuns: 5_000 },
    );
    expect(count).toBeGreaterThan(100);
  });
});
