import { describe, expect, test } from 'vitest';
import type { Definition } from '../../../lib/kernel/definition.ts';
import { createDefinitions } from '../../../lib/service/list-workflows.ts';
import { registerWorkflow } from '../../../lib/service/register-workflow.ts';
import { createRegistryDefinitions } from '../../../lib/service/registry/definitions.ts';
import { registryLimits } from '../../../lib/service/registry/limits.ts';
import type { Registry } from '../../../lib/service/registry/registry.ts';
import { withActive, withoutActive } from '../../../lib/service/registry/state.ts';
import { workflow } from '../../../lib/workflow/workflow.ts';
import { createTestRegistry, plainLanguage } from './test-registry.ts';

const actor = { at: 0 };

async function register(registry: Registry, given: object): Promise<void> {
  const source = JSON.stringify({ name: 'flow', ...given });
  await registerWorkflow(createDefinitions([]), registry, { source, format: 'json' });
}

async function prepared(...coded: Definition[]) {
  const test = createTestRegistry();
  const code = createDefinitions(coded);
  const definitions = createRegistryDefinitions({ code: () => code, registry: test.registry });
  await register(test.beside(), { output: 1 });
  await register(test.beside(), { output: 2 });
  test.calls.splice(0);
  return { ...test, definitions };
}

const reads = (calls: [string, string, string][]) => calls.map(([verb, , key]) => `${verb} ${key}`);

describe('what runs begin with', () => {
  test('is the active version', async () => {
    const { definitions, registry } = await prepared();
    expect((await definitions.find('flow', undefined, 'run'))?.version).toBe(1);
    await registry.change('flow', (state) => withActive(state, [{ version: 2, weight: 100 }], actor));
    expect((await definitions.find('flow', undefined, 'run'))?.version).toBe(2);
    expect((await definitions.find('flow'))?.version).toBe(2);
  });

  test('is one of several active versions by the id of the run, and the main one for who has none', async () => {
    const { definitions, registry } = await prepared();
    const active = [
      { version: 1, weight: 70 },
      { version: 2, weight: 30 },
    ];
    await registry.change('flow', (state) => withActive(state, active, actor));
    const versions = new Set<number | undefined>();
    for (let run = 0; run < 100; run += 1)
      versions.add((await definitions.find('flow', undefined, `run-${run}`))?.version);
    expect(versions).toEqual(new Set([1, 2]));
    expect((await definitions.find('flow'))?.version).toBe(1);
  });

  test('is any version that somebody asks for', async () => {
    const { definitions } = await prepared();
    expect((await definitions.find('flow', 2, 'run'))?.version).toBe(2);
    expect(await definitions.find('flow', 3, 'run')).toBeUndefined();
  });

  test('is nothing of a workflow that is deactivated, while open runs go on', async () => {
    const { definitions, registry } = await prepared();
    await registry.change('flow', (state) => withoutActive(state, actor));
    const refused = {
      code: 'conflict',
      message: 'Workflow flow is deactivated: it takes no new runs until a version is activated',
    };
    await expect(definitions.find('flow', undefined, 'run')).rejects.toMatchObject(refused);
    await expect(definitions.find('flow', 1, 'run')).rejects.toMatchObject(refused);
    expect((await definitions.find('flow', 1))?.version).toBe(1);
    expect((await definitions.find('flow'))?.version).toBe(2);
  });

  test('is code first; runs of registered versions still find theirs', async () => {
    const { definitions } = await prepared(workflow({ name: 'flow', version: 7 }, async () => 'code'));
    expect(await definitions.find('flow', undefined, 'run')).toMatchObject({ version: 7 });
    expect(await definitions.find('flow', 7)).toMatchObject({ version: 7 });
    expect(await definitions.find('flow', 1)).toMatchObject({ version: 1 });
    expect(definitions.list().map(({ version }) => version)).toEqual([7]);
  });

  test.each(['other', 'no name', 'ümlaut', '', 'x'.repeat(200)])('is nothing for the name %j', async (name) => {
    const { definitions } = await prepared();
    expect(await definitions.find(name)).toBeUndefined();
    expect(await definitions.find(name, 1)).toBeUndefined();
    expect(await definitions.find('flow', 1.5)).toBeUndefined();
  });

  test('names all that there is', async () => {
    const { definitions } = await prepared(workflow({ name: 'coded' }, async () => 1));
    expect(await definitions.names()).toEqual(['coded', 'flow']);
  });
});

describe('what it costs', () => {
  test('a start reads one small document, and none for a while after it', async () => {
    const { definitions, calls, clock } = await prepared();
    await definitions.find('flow', undefined, 'run-1');
    expect(reads(calls)).toEqual(['read flow', 'read version#0000000001', expect.stringMatching(/^read source#/)]);
    calls.splice(0);
    await definitions.find('flow', undefined, 'run-2');
    expect(calls).toEqual([]);
    await clock.advance(registryLimits.activeKeptMs);
    await definitions.find('flow', undefined, 'run-3');
    expect(reads(calls)).toEqual(['read flow']);
  });

  test('a change by another process is seen after the named time, one of this process at once', async () => {
    const { definitions, beside, clock, registry } = await prepared();
    const found = async () => (await definitions.find('flow', undefined, 'run'))?.version;
    expect(await found()).toBe(1);
    await beside().change('flow', (state) => withActive(state, [{ version: 2, weight: 100 }], actor));
    expect(await found()).toBe(1);
    await clock.advance(registryLimits.activeKeptMs);
    expect(await found()).toBe(2);
    await registry.change('flow', (state) => withActive(state, [{ version: 1, weight: 100 }], actor));
    expect(await found()).toBe(1);
  });

  test('a version is read and made once, also by many at once', async () => {
    let made = 0;
    const test = createTestRegistry({
      ...plainLanguage,
      async build(source, version) {
        made += 1;
        return plainLanguage.build(source, version);
      },
    });
    await register(test.registry, { output: 1 });
    const found = await Promise.all(Array.from({ length: 5 }, () => test.registry.definition('flow', 1)));
    expect(new Set(found).size).toBe(1);
    expect(made).toBe(1);
    await test.registry.definition('flow', 1);
    expect(made).toBe(1);
    test.registry.forgetDefinitions();
    await test.registry.definition('flow', 1);
    expect(made).toBe(2);
  });

  test('no more versions are kept ready than the limit says', async () => {
    let made = 0;
    const test = createTestRegistry({
      ...plainLanguage,
      async build(source, version) {
        made += 1;
        return plainLanguage.build(source, version);
      },
    });
    const { keptVersions } = registryLimits;
    for (let output = 0; output <= keptVersions; output += 1) await register(test.registry, { output });
    for (let version = 1; version <= keptVersions + 1; version += 1) await test.registry.definition('flow', version);
    expect(made).toBe(keptVersions + 1);
    await test.registry.definition('flow', keptVersions + 1);
    expect(made).toBe(keptVersions + 1);
    await test.registry.definition('flow', 1);
    expect(made).toBe(keptVersions + 2);
  });

  test('what could not be read is asked for again', async () => {
    const test = createTestRegistry();
    await register(test.registry, { output: 1, foreign: true });
    await expect(test.registry.definition('flow', 1)).rejects.toThrow('there is no handler foreign');
    await expect(test.registry.definition('flow', 1)).rejects.toThrow('there is no handler foreign');
    expect(await test.registry.definition('flow', 2)).toBeUndefined();
    await register(test.beside(), { output: 2 });
    expect(await test.registry.definition('flow', 2)).toMatchObject({ version: 2 });
  });
});
