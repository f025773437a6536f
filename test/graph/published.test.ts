import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Json } from '../../lib/graph/definition.ts';
import { graphJsonSchema } from '../../lib/graph/language/published.ts';
import { graphReference } from '../../lib/graph/language/reference.ts';
import { taskTypeNames } from '../../lib/graph/language/tasks.ts';
import { parseGraph } from '../../lib/graph/parse-graph.ts';
import { problemLine } from '../../lib/graph/problems.ts';
import { checkAgainst } from '../../lib/graph/schema/check-against.ts';
import { blocksOf } from '../docs/snippets.ts';
import { names } from './bad/names.ts';
import { structure } from './bad/structure.ts';

const docs = join(import.meta.dirname, '../../docs');
const schema = graphJsonSchema();
const examples = blocksOf('docs/graphs.md').filter(({ language }) => language === 'yaml');

/** As the formatter writes it: lists in one line where they fit. */
function printed(value: Json, indent = '', before = 0): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inside = `${indent}  `;
  if (Array.isArray(value)) {
    const line = `[${value.map((item) => JSON.stringify(item)).join(', ')}]`;
    const isPlain = value.every((item) => typeof item !== 'object');
    if (isPlain && indent.length + before + line.length < 120) return line;
    return `[\n${value.map((item) => inside + printed(item, inside)).join(',\n')}\n${indent}]`;
  }
  const fields = Object.entries(value).map(([name, part]) => {
    const key = `${JSON.stringify(name)}: `;
    return `${inside}${key}${printed(part, inside, key.length)}`;
  });
  return fields.length === 0 ? '{}' : `{\n${fields.join(',\n')}\n${indent}}`;
}

test('the reference is that of the language', async () => {
  await expect(graphReference()).toMatchFileSnapshot(join(docs, 'graphs-reference.md'));
});

test('the published JSON Schema is that of the language', async () => {
  await expect(`${printed(schema)}\n`).toMatchFileSnapshot(join(docs, 'graph.schema.json'));
});

test('the guide has an example of each type of task', () => {
  expect(examples.length).toBeGreaterThan(5);
  const text = examples.map((block) => block.text).join('');
  for (const type of taskTypeNames.filter((name) => name !== 'fail'))
    expect(text).toMatch(new RegExp(`type: ${type}\\b`));
});

test.each(examples.map((block) => [block.line, block.text] as const))(
  'the example in line %i of the guide is a graph',
  (_line, text) => {
    const parsed = parseGraph(text, { file: 'graphs.md' });
    expect('problems' in parsed ? parsed.problems.map(problemLine) : []).toEqual([]);
    expect(checkAgainst(schema, parse(text))).toEqual([]);
  },
);

test('the guide quotes problems as they are', () => {
  const guide = readFileSync(join(docs, 'graphs.md'), 'utf8');
  const said = readFileSync(join(import.meta.dirname, 'bad-graphs.test.ts'), 'utf8').replaceAll("' +\n      '", '');
  const quoted = [...guide.matchAll(/^orders\.yaml:\S+ (.*)$/gm)].map(([, problem = '']) => problem);
  expect(quoted).toHaveLength(3);
  for (const problem of quoted) expect(said).toContain(problem);
});

describe('the JSON Schema', () => {
  /** What no schema can say: that a URL or a moment makes sense, and what fields mean to each other. */
  const beyond = [
    'a moment that there is not',
    'a timeout of nothing',
    'a URL that is none',
    'a body of a GET',
    'heartbeats of a function',
  ];

  test.each(structure.filter(({ title }) => !beyond.includes(title)))('refuses: $title', ({ text }) => {
    expect(checkAgainst(schema, parse(text))).not.toEqual([]);
  });

  test.each(names)('leaves names to the parser: $title', ({ text }) => {
    expect(checkAgainst(schema, parse(text))).toEqual([]);
  });

  test('describes every field, for editors', () => {
    const undescribed: string[] = [];
    const visit = (part: unknown, path: string): void => {
      if (typeof part !== 'object' || part === null) return;
      const { properties } = part as { properties?: Record<string, { description?: string }> };
      for (const [name, field] of Object.entries(properties ?? {})) {
        if (!field.description && !path.includes('if')) undescribed.push(`${path}.${name}`);
      }
      for (const [key, inner] of Object.entries(part)) visit(inner, `${path}.${key}`);
    };
    visit(schema, '');
    expect(undescribed).toEqual([]);
  });
});
