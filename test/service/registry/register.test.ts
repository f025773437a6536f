import { describe, expect, test } from 'vitest';
import { createDefinitions } from '../../../lib/service/list-workflows.ts';
import { registerWorkflow } from '../../../lib/service/register-workflow.ts';
import { registryLimits } from '../../../lib/service/registry/limits.ts';
import type { StoredVersion } from '../../../lib/service/registry/records.ts';
import type { Registry } from '../../../lib/service/registry/registry.ts';
import { workflow } from '../../../lib/workflow/workflow.ts';
import { createTestRegistry, type TestRegistry } from './test-registry.ts';

const code = createDefinitions([workflow({ name: 'coded' }, async () => 1)]);
const all = (version: number) => [{ version, weight: 100 }];

interface Given {
  name?: string;
  version?: number;
  output?: unknown;
  description?: string;
}

const sourceOf = (given: Given): string => JSON.stringify({ name: 'flow', ...given });

async function register(
  registry: Registry,
  given: Given,
  options: { activate?: boolean; dryRun?: boolean; by?: string } = {},
) {
  const source = sourceOf(given);
  return (await registerWorkflow(code, registry, { source, format: 'json', ...options })).registered;
}

async function stateOf({ beside }: TestRegistry) {
  return (await beside().records.state('flow'))?.value;
}

describe('a registration', () => {
  test('makes the next version; the first is active, a later one when asked for', async () => {
    const { registry } = createTestRegistry();
    expect(await register(registry, { output: 1 })).toEqual({
      name: 'flow',
      version: 1,
      created: true,
      active: all(1),
    });
    expect(await register(registry, { output: 2 })).toEqual({
      name: 'flow',
      version: 2,
      created: true,
      active: all(1),
    });
    expect(await register(registry, { output: 3 }, { activate: true })).toEqual({
      name: 'flow',
      version: 3,
      created: true,
      active: all(3),
    });
  });

  test('of the same content is the same version, however it is written', async () => {
    const { registry } = createTestRegistry();
    await register(registry, { output: { a: 1, b: 2 } });
    await register(registry, { output: 2 });
    const source = '{ "output": { "b": 2, "a": 1 },\n "name": "flow" }';
    const { registered, changed } = await registerWorkflow(code, registry, { source, format: 'json' });
    expect(registered).toMatchObject({ version: 1, created: false });
    expect(changed).toBe(false);
  });

  test('of a content that is there makes it active, if that is wanted', async () => {
    const { registry } = createTestRegistry();
    await register(registry, { output: 1 });
    await register(registry, { output: 2 });
    expect(await register(registry, { output: 2 }, { activate: true })).toMatchObject({
      created: false,
      active: all(2),
    });
    expect(await register(registry, { output: 1 }, { activate: true })).toMatchObject({
      created: false,
      active: all(1),
    });
  });

  test('that only checks says the version and keeps nothing', async () => {
    const test = createTestRegistry();
    expect(await register(test.registry, { output: 1 }, { dryRun: true })).toEqual({
      name: 'flow',
      version: 1,
      created: false,
      active: [],
    });
    expect(test.calls.filter(([verb]) => verb === 'write')).toEqual([]);
    await register(test.registry, { output: 1 });
    expect(await register(test.registry, { output: 1 }, { dryRun: true })).toMatchObject({
      version: 1,
      active: all(1),
    });
    expect(await register(test.registry, { output: 2 }, { dryRun: true })).toMatchObject({ version: 2 });
  });

  test('of the name of a workflow in code is refused', async () => {
    const { registry } = createTestRegistry();
    await expect(register(registry, { name: 'coded' })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('Workflow coded is code here'),
    });
  });

  test('keeps the text as it was given, who gave it and when', async () => {
    const { registry, clock } = createTestRegistry();
    const text = `  ${sourceOf({ output: 'ä🎉', description: 'Says it' })}\n\n`;
    await registerWorkflow(code, registry, { source: text, format: 'json', by: 'Ada' });
    expect(await registry.source('flow', 1)).toEqual({ text, format: 'json' });
    expect(await registry.records.version('flow', 1)).toMatchObject({
      at: clock.now(),
      by: 'Ada',
      description: 'Says it',
    });
  });
});

describe('a version that the definition says itself', () => {
  test('is the next one, or the one that has this content', async () => {
    const { registry } = createTestRegistry();
    expect(await register(registry, { version: 1, output: 1 })).toMatchObject({ version: 1, created: true });
    expect(await register(registry, { version: 2, output: 2 })).toMatchObject({ version: 2, created: true });
    expect(await register(registry, { version: 1, output: 1 })).toMatchObject({ version: 1, created: false });
    expect(await register(registry, { output: 2 })).toMatchObject({ version: 2, created: false });
  });

  test('may be another one of the same content', async () => {
    const { registry } = createTestRegistry();
    await register(registry, { version: 1, output: 1 });
    expect(await register(registry, { version: 2, output: 1 })).toMatchObject({ version: 2, created: true });
    expect(await register(registry, { version: 1, output: 1 })).toMatchObject({ version: 1, created: false });
    expect(await register(registry, { output: 1 })).toMatchObject({ version: 2, created: false });
  });

  test.each([
    [1, 'version 1 of flow is there, with another content'],
    [2, 'version 2 of flow is there, with another content'],
    [4, 'there is no version 3 of flow before it'],
  ])('is refused if it is %i of 2', async (version, why) => {
    const { registry } = createTestRegistry();
    await register(registry, { output: 1 });
    await register(registry, { output: 2 });
    await expect(register(registry, { version, output: 'other' })).rejects.toMatchObject({
      code: 'conflict',
      message: `The definition says version ${version}, but ${why}. Its next version is 3: write that, or leave "version" out`,
      problems: [{ path: 'version', message: 'expected 3, or nothing' }],
    });
  });
});

describe('many at once', () => {
  test('get a version each, without a gap', async () => {
    const test = createTestRegistry();
    const registries = [test.registry, test.beside(), test.beside()];
    const registered = await Promise.all(
      Array.from({ length: 12 }, (_, output) => register(registries[output % 3] as Registry, { output })),
    );
    const versions = registered.map(({ version }) => version).sort((a, b) => a - b);
    expect(versions).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
    expect(await stateOf(test)).toMatchObject({ latest: { version: 12 }, active: all(1) });
    const changes = await test.registry.records.changes('flow', { limit: 100 });
    expect(changes.map(({ change }) => change.version)).toEqual([...versions].reverse());
    for (const [output, { version }] of registered.entries()) {
      expect((await test.registry.source('flow', version)).text).toBe(sourceOf({ output }));
    }
  });

  test('of the same content get the same version', async () => {
    const test = createTestRegistry();
    const registered = await Promise.all(
      Array.from({ length: 8 }, (_, index) => register(index % 2 === 0 ? test.registry : test.beside(), { output: 1 })),
    );
    expect(new Set(registered.map(({ version }) => version))).toEqual(new Set([1]));
    expect(registered.filter(({ created }) => created)).toHaveLength(1);
  });

  test.each([1, 2, 3, 4])('one that is overtaken before its write %i is noted once, in its order', async (write) => {
    const test = createTestRegistry();
    await register(test.beside(), { output: 1 });
    test.beforeWrite(write, () => register(test.beside(), { output: 'other' }, { activate: true }));
    const { version } = await register(test.registry, { output: 2 });
    expect((await test.registry.source('flow', version)).text).toBe(sourceOf({ output: 2 }));
    const changes = await test.beside().records.changes('flow', { limit: 100 });
    expect(changes.map(({ change }) => change.version)).toEqual([3, 2, 1]);
    expect(await stateOf(test)).toMatchObject({ latest: { version: 3 }, active: all(version === 2 ? 3 : 2) });
  });

  test('that say the same version and other things are not both that version', async () => {
    const test = createTestRegistry();
    const settled = await Promise.allSettled([
      register(test.registry, { version: 1, output: 1 }),
      register(test.beside(), { version: 1, output: 2 }),
    ]);
    expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(settled.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'conflict' } });
  });

  test('changes of what is active are all in the history', async () => {
    const test = createTestRegistry();
    for (let output = 1; output <= 5; output += 1) await register(test.registry, { output });
    const registries = [test.registry, test.beside()];
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        register(registries[index % 2] as Registry, { output: (index % 5) + 1 }, { activate: true }),
      ),
    );
    const changes = await test.registry.records.changes('flow', { limit: 100 });
    expect(changes.map(({ number }) => number)).toEqual(changes.map((_, index) => changes.length - index));
    const state = await stateOf(test);
    expect(changes[0]?.change.active).toEqual(state?.active);
  });
});

describe('a process that dies while it registers', () => {
  test.each([1, 2, 3, 4, 5, 6])('at write %i leaves something that the same registration completes', async (write) => {
    const test = createTestRegistry();
    await register(test.beside(), { output: 1 });
    test.dieAtWrite(write);
    const first = await register(test.registry, { output: 2 }, { activate: true }).catch(() => undefined);
    const again = await register(test.beside(), { output: 2 }, { activate: true });
    expect(again).toMatchObject({ version: 2, active: all(2) });
    if (first !== undefined) expect(again.created).toBe(false);
    expect(await stateOf(test)).toMatchObject({ latest: { version: 2 }, active: all(2) });
    const changes = await test.beside().records.changes('flow', { limit: 100 });
    expect(changes.filter(({ change }) => change.type === 'registered').map(({ change }) => change.version)).toEqual([
      2, 1,
    ]);
  });

  test.each([1, 2, 3, 4])('at write %i is no obstacle to the next one', async (write) => {
    const test = createTestRegistry();
    test.dieAtWrite(write);
    await register(test.registry, { output: 1 }, { by: 'Ada' }).catch(() => undefined);
    const { version } = await register(test.beside(), { output: 2 }, { by: 'Bob' });
    const state = await stateOf(test);
    expect(state).toMatchObject({ latest: { version, by: 'Bob' }, active: all(1) });
    const changes = await test.beside().records.changes('flow', { limit: 100 });
    // Version 1 is noted as what it was, whoever noted it.
    expect(changes.at(-1)?.change).toMatchObject({ version: 1, by: version === 1 ? 'Bob' : 'Ada' });
    expect(changes).toHaveLength(version);
  });
});

describe('long definitions', () => {
  test('go to the blob port, and come back whole', async () => {
    const test = createTestRegistry();
    const output = 'ä'.repeat(registryLimits.inlineBytes / 2);
    await register(test.registry, { output });
    expect(await test.registry.source('flow', 1)).toEqual({ text: sourceOf({ output }), format: 'json' });
    const stored = await test.registry.records.version('flow', 1);
    expect(stored?.source).toMatchObject({ blob: expect.stringContaining('workflows/') });
    const longest = Math.max(
      ...(await test.documents.list('workflow/flow', { limit: 10 })).items.map(({ text }) => text.length),
    );
    expect(longest).toBeLessThan(1_000);
  });

  test('that are gone or changed are damage', async () => {
    const test = createTestRegistry();
    await register(test.registry, { output: 'x'.repeat(registryLimits.inlineBytes) });
    await test.blobs.deleteAll('workflows');
    await expect(test.registry.source('flow', 1)).rejects.toMatchObject({ code: 'corrupt' });
  });
});

describe('limits', () => {
  test('a workflow has so many versions as the limit says', async () => {
    const test = createTestRegistry();
    await register(test.registry, { output: 1 });
    const stored = (await test.registry.records.version('flow', 1)) as StoredVersion;
    for (let version = 2; version <= registryLimits.versions; version += 1) {
      await test.registry.records.putVersion('flow', version, { ...stored, digest: `of ${version}` });
    }
    await expect(register(test.registry, { output: 'more' })).rejects.toMatchObject({
      code: 'too_large',
      message: expect.stringContaining('limit versions'),
    });
    expect((await register(test.registry, { output: 1 })).created).toBe(false);
  });

  test('what a newer Pawl has written is not read as if it were known', async () => {
    const test = createTestRegistry();
    await test.documents.write('workflows', 'flow', '{"format":2}', 0);
    await expect(test.registry.requireState('flow')).rejects.toMatchObject({ code: 'newer_format' });
    await test.documents.write('workflows', 'other', 'no JSON', 0);
    await expect(test.registry.requireState('other')).rejects.toMatchObject({ code: 'corrupt' });
    await test.documents.write('workflows', 'third', '7', 0);
    await expect(test.registry.requireState('third')).rejects.toMatchObject({ code: 'corrupt' });
  });
});
