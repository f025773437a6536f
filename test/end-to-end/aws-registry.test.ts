/** Workflows that are data, on the functions over stand-ins of DynamoDB, SQS and S3. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createShiftedClock } from '../../lib/dev/shifted-clock.ts';
import { handlers } from '../../lib/graph/handlers.ts';
import { registryLimits } from '../../lib/service/registry/limits.ts';
import { type AwsStage, openAwsStage } from './aws-stage.ts';

const greeting = `
name: greeting
tasks:
  - { id: greet, type: executor, handler: greet, input: "{% $input.name %}" }
  - { id: go, type: signal, dependsOn: [greet] }
output: "{% $tasks.greet.output & $tasks.go.output %}"
`;
const parent = 'name: parent\ntasks:\n  - { id: child, type: sub_workflow, workflow: version }\n';
const version = 'name: version\ntasks:\n  - { id: say, type: transform, output: "{% $run.version %}" }\n';

const work = handlers({ greet: (name) => `Hello, ${name}` });
const clock = createShiftedClock();
let stage: AwsStage;

beforeEach(async () => {
  stage = await openAwsStage({ workflows: { work }, clock });
});
afterEach(() => stage.close());

test('a graph is registered over HTTP, runs in the functions, and is changed without a deployment', async () => {
  const { client } = stage;
  expect(await client.registerWorkflow({ source: version })).toEqual({
    name: 'version',
    version: 1,
    created: true,
    active: [{ version: 1, weight: 100 }],
  });
  await client.registerWorkflow({ source: parent });
  expect(await (await client.start('parent')).result()).toBe(1);

  await client.registerWorkflow({ source: `description: again\n${version}`, activate: true });
  // Warm functions go by what they have read for a moment.
  clock.skip(registryLimits.activeKeptMs);
  expect(await (await client.start('parent')).result()).toBe(2);
  expect(await (await client.start('version', undefined, { version: 1 })).result()).toBe(1);

  const bad = client.registerWorkflow({ source: 'name: bad\ntasks:\n  - { id: a, type: executor, handler: gret }\n' });
  await expect(bad).rejects.toMatchObject({
    code: 'invalid_input',
    problems: [{ path: 'tasks[0].handler', line: 3, column: 39, hint: 'did you mean "greet"?' }],
  });
  expect(
    (await client.listWorkflows()).map(({ name, kind, latest, registeredBy }) => [name, kind, latest, registeredBy]),
  ).toEqual([
    ['parent', 'graph', 1, expect.stringContaining('arn:aws:')],
    ['version', 'graph', 2, expect.stringContaining('arn:aws:')],
  ]);
  expect((await client.getWorkflowHistory('version')).items.map(({ type }) => type)).toEqual([
    'registered',
    'registered',
  ]);
  expect(stage.troubles).toEqual([]);
});

test('versions share new runs by weight; rolling back and deactivating hold for every function', async () => {
  const { client } = stage;
  await client.registerWorkflow({ source: version });
  await client.registerWorkflow({ source: `description: again\n${version}` });
  const versions = [
    { version: 1, weight: 50 },
    { version: 2, weight: 50 },
  ];
  await client.activateWorkflow('version', { versions });
  clock.skip(registryLimits.activeKeptMs);
  const runs = await Promise.all(
    Array.from({ length: 20 }, (_, key) => client.start('version', undefined, { key: `${key}` })),
  );
  const outputs = await Promise.all(runs.map((run) => run.result()));
  expect(new Set(outputs)).toEqual(new Set([1, 2]));
  expect(await client.rollbackWorkflow('version')).toMatchObject({ active: [{ version: 1, weight: 100 }] });
  await client.deactivateWorkflow('version');
  clock.skip(registryLimits.activeKeptMs);
  await expect(client.start('version')).rejects.toMatchObject({ code: 'conflict' });
  expect((await client.start('version', undefined, { key: '0' })).id).toBe(runs[0]?.id);
});

test('a definition that is too long for an item is kept beside the table, and runs', async () => {
  const { client } = stage;
  const source = `${version}${`# ${'x'.repeat(98)}\n`.repeat(2_000)}`;
  await client.registerWorkflow({ source });
  expect((await client.getWorkflowVersion('version', 1)).source?.text === source).toBe(true);
  expect(await (await client.start('version')).result()).toBe(1);
});

test('a run whose handler a deployment has dropped is blocked, and goes on once it is deployed again', async () => {
  const { client, aws } = stage;
  await client.registerWorkflow({ source: greeting });
  const run = await client.start('greeting', { name: 'Ada' });
  await stage.until(stage.is(run.id, 'waiting'));
  aws.deploy({ workflows: {}, deployment: 'second' });
  await run.signal('go', '!');
  await stage.until(stage.is(run.id, 'blocked'));
  expect((await run.get()).blocked?.message).toContain('there is no handler "greet"');
  aws.deploy({ workflows: { work }, deployment: 'third' });
  await aws.sweep();
  expect(await run.result()).toBe('Hello, Ada!');
});
