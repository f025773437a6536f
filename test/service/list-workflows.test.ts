import { workflow } from 'pawl';
import { expect, test } from 'vitest';
import { createDefinitions, listWorkflows } from '../../lib/service/list-workflows.ts';

const named = (name: string, version?: number) =>
  workflow({ name, ...(version !== undefined && { version }) }, async () => 1);

test('workflows are listed by name and then by version, with what else is told of them', () => {
  const definitions = createDefinitions([named('b', 2), named('a'), named('b', 10), named('b')]);
  expect(listWorkflows(definitions, ({ name }) => (name === 'a' ? { input: { type: 'string' } } : {}))).toEqual([
    { name: 'a', version: 1, input: { type: 'string' } },
    { name: 'b', version: 1 },
    { name: 'b', version: 2 },
    { name: 'b', version: 10 },
  ]);
});

test('of several versions the latest is found, or the one asked for', () => {
  const definitions = createDefinitions([named('b', 2), named('b', 10), named('b')]);
  expect(definitions.find('b')?.version).toBe(10);
  expect(definitions.find('b', 2)?.version).toBe(2);
  expect(definitions.find('b', 3)).toBeUndefined();
  expect(definitions.find('c')).toBeUndefined();
});

test('two workflows of one name and version are a conflict; the same one given twice is not', () => {
  const one = named('order', 3);
  expect(() => createDefinitions([one, named('order', 3)])).toThrow('Two workflows are named order and have version 3');
  expect(createDefinitions([one, one]).list()).toEqual([one]);
});
