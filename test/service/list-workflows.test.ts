import { workflow } from 'pawl';
import { expect, test } from 'vitest';
import { createDefinitions, listWorkflows } from '../../lib/service/list-workflows.ts';
import { createTestRegistry } from './registry/test-registry.ts';

const named = (name: string, version?: number) =>
  workflow({ name, ...(version !== undefined && { version }) }, async () => 1);
const everyRun = (version: number) => [{ version, weight: 100 }];

test('workflows are listed by name, with their latest version and what else is told of them', async () => {
  const definitions = createDefinitions([named('b', 2), named('a'), named('b', 10), named('b')]);
  const { registry } = createTestRegistry();
  expect(
    await listWorkflows(definitions, registry, async ({ name }) => (name === 'a' ? { input: { type: 'string' } } : {})),
  ).toEqual([
    { name: 'a', kind: 'code', version: 1, latest: 1, active: everyRun(1), input: { type: 'string' } },
    { name: 'b', kind: 'code', version: 10, latest: 10, active: everyRun(10) },
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
