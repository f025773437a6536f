import { expect, test } from 'vitest';
import { handlers } from '../../lib/graph/handlers.ts';
import { createTestPawl, type TestPawl } from '../../lib/testing/index.ts';
import { openPawl } from '../../lib/wiring/open-pawl.ts';
import { workflow } from '../../lib/workflow/workflow.ts';

const all = (version: number) => [{ version, weight: 100 }];

const work = handlers({
  greet: (input) => `Hello, ${(input as { name: string }).name}!`,
  shout: (input) => String(input).toUpperCase(),
});

const greeting = `# Says hello.
name: greeting
description: Greets somebody
inputSchema: { type: object, required: [name], properties: { name: { type: string } } }
tasks:
  - { id: greet, type: executor, handler: greet, input: "{% $input %}" }
`;
const loud = `${greeting}  - { id: shout, type: executor, handler: shout, dependsOn: [greet], input: "{% $tasks.greet.output %}" }
`;

const register = (t: TestPawl, source: string, options: object = {}) => t.api.registerWorkflow({ source, ...options });

async function open(options: Partial<Parameters<typeof createTestPawl>[0]> = {}): Promise<TestPawl> {
  return createTestPawl({ workflows: [], handlers: [work], ...options });
}

test('a registered graph runs by its name, and a run keeps its version', async () => {
  const t = await open();
  await register(
    t,
    `${greeting}  - { id: go, type: signal, dependsOn: [greet] }\noutput: "{% $tasks.greet.output %}"\n`,
  );
  const old = await t.start('greeting', { name: 'Ada' });
  await t.settle();
  expect((await register(t, loud, { activate: true })).version).toBe(2);
  const next = await t.start('greeting', { name: 'Ada' });
  expect(await next.result()).toBe('HELLO, ADA!');
  await t.signal(old, 'go');
  expect(await old.result()).toBe('Hello, Ada!');
  expect([(await old.get()).version, (await next.get()).version]).toEqual([1, 2]);
});

test('an input is checked by the schema of the version that the run gets', async () => {
  const t = await open();
  await register(t, greeting);
  await expect(t.start('greeting', { name: 7 })).rejects.toMatchObject({ code: 'invalid_input' });
  await expect(t.start('greeting')).rejects.toMatchObject({ code: 'invalid_input' });
});

test('new runs are shared by weight, and a key always gets the same version', async () => {
  const t = await open();
  await register(t, greeting);
  await register(t, loud);
  const versions = [
    { version: 1, weight: 70 },
    { version: 2, weight: 30 },
  ];
  expect(await t.api.activateWorkflow('greeting', { versions })).toMatchObject({
    version: 1,
    latest: 2,
    active: versions,
  });
  const counts = { 1: 0, 2: 0 };
  for (let index = 0; index < 200; index += 1) {
    const run = await t.start('greeting', { name: 'Ada' }, { key: `order-${index}` });
    counts[(await run.get()).version as 1 | 2] += 1;
    if (index % 20 > 0) continue;
    const again = await t.start('greeting', { name: 'Ada' }, { key: `order-${index}` });
    expect(again.id).toBe(run.id);
  }
  expect(counts[1] + counts[2]).toBe(200);
  expect(counts[2]).toBeGreaterThan(35);
  expect(counts[2]).toBeLessThan(90);
  // Whoever names a version gets it.
  expect((await (await t.start('greeting', { name: 'Ada' }, { version: 2 })).get()).version).toBe(2);
});

test('a sub-workflow gets an active version, too, and its parent fails where there is none', async () => {
  const parent = `
name: parent
tasks:
  - { id: child, type: sub_workflow, workflow: greeting, input: { name: Ada } }
`;
  const t = await open();
  await register(t, parent);
  await register(t, greeting);
  expect(await (await t.start('parent')).result()).toBe('Hello, Ada!');
  await register(t, loud, { activate: true });
  expect(await (await t.start('parent')).result()).toBe('HELLO, ADA!');
  await t.api.deactivateWorkflow('greeting');
  await expect((await t.start('parent')).result()).rejects.toThrow('Workflow greeting is deactivated');
});

test('a deactivated workflow refuses new runs and no others', async () => {
  const t = await open();
  await register(t, `${greeting}  - { id: go, type: signal, dependsOn: [greet] }\n`);
  const run = await t.start('greeting', { name: 'Ada' }, { key: 'k' });
  await t.settle();
  expect(await t.api.deactivateWorkflow('greeting', { by: 'Ada' })).toMatchObject({ active: [], version: 1 });
  for (const options of [{}, { version: 1 }, { key: 'other' }]) {
    await expect(t.start('greeting', { name: 'Ada' }, options)).rejects.toMatchObject({
      code: 'conflict',
      message: 'Workflow greeting is deactivated: it takes no new runs until a version is activated',
    });
  }
  // A repetition of what was accepted before is no new run.
  expect((await t.start('greeting', { name: 'Ada' }, { key: 'k' })).id).toBe(run.id);
  await t.signal(run, 'go');
  await run.result();
  expect(await t.api.rollbackWorkflow('greeting')).toMatchObject({ active: all(1) });
  await t.start('greeting', { name: 'Ada' });
});

test('what the deployment does not offer is a problem of the definition', async () => {
  const t = await open({ handlers: [handlers({ greet: () => 'hi' })] });
  await expect(register(t, loud)).rejects.toMatchObject({
    code: 'invalid_input',
    problems: [
      {
        path: 'tasks[1].handler',
        message: 'there is no handler "shout"',
        hint: expect.any(String),
        line: 7,
        column: expect.any(Number),
      },
    ],
  });
});

test('a run is blocked while its version is missing, and goes on once that is registered', async () => {
  const late = (version: number) =>
    workflow({ name: 'late', version }, async (ctx) => {
      await ctx.signal('go', { name: 'go' });
      return 'code';
    });
  const t = await open({ workflows: [late(2)] });
  const run = await t.start('late');
  await t.settle();
  await t.deploy([]);
  await t.signal(run, 'go');
  await t.settle();
  expect(await run.get()).toMatchObject({ status: 'blocked', blocked: { code: 'not_deployed' } });
  const graph = (output: string) => `name: late\ntasks:\n  - { id: go, type: signal }\noutput: "{% '${output}' %}"\n`;
  await register(t, graph('first'));
  await t.settle();
  expect((await run.get()).status).toBe('blocked');
  await register(t, graph('second'));
  expect(await run.result()).toBe('second');
  expect((await run.get()).version).toBe(2);
});

test('a run whose handler is gone is blocked, says why, and goes on when it is back', async () => {
  const pawl = await openPawl({ workflows: [], handlers: [work], dataDir: ':memory:' });
  const source = `${greeting}  - { id: go, type: signal, dependsOn: [greet] }\noutput: "{% $tasks.greet.output %}"\n`;
  await pawl.registerWorkflow({ source });
  const run = await pawl.start('greeting', { name: 'Ada' });
  await expect.poll(async () => (await run.get()).status).toBe('waiting');
  await pawl.setWorkflows([], []);
  await run.signal('go');
  await expect
    .poll(async () => (await run.get()).blocked)
    .toMatchObject({
      code: 'not_deployed',
      message: expect.stringMatching(/Workflow greeting@1 cannot be used here: .*there is no handler "greet"/),
    });
  await expect(pawl.start('greeting', { name: 'Ada' })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('Version 1 of greeting has a problem: line 6'),
  });
  await pawl.setWorkflows([], [work]);
  expect(await run.result()).toBe('Hello, Ada!');
  await pawl.close();
});

test('all problems of a definition are reported at once, each with line and column', async () => {
  const t = await open();
  const broken = 'name: broken\ntasks:\n  - { id: a, type: executer }\n  - { id: b, type: wait, dependsOn: [c] }\n';
  const fault = await register(t, broken).catch((error: unknown) => error);
  expect(fault).toMatchObject({ code: 'invalid_input' });
  const { problems } = fault as { problems: { line: number; column: number; message: string; hint?: string }[] };
  expect(problems.length).toBeGreaterThanOrEqual(3);
  for (const { line, column } of problems) expect([line >= 3, column >= 1]).toEqual([true, true]);
  expect(problems).toContainEqual(expect.objectContaining({ hint: 'did you mean "executor"?', line: 3 }));
});

test('rolled back twice with one key, it is rolled back once', async () => {
  const t = await open();
  await register(t, greeting);
  await register(t, loud, { activate: true });
  await register(t, `${loud}output: 1\n`, { activate: true });
  expect(await t.api.rollbackWorkflow('greeting', { key: 'k' })).toMatchObject({ active: all(2) });
  expect(await t.api.rollbackWorkflow('greeting', { key: 'k' })).toMatchObject({ active: all(2) });
  expect(await t.api.rollbackWorkflow('greeting')).toMatchObject({ active: all(1) });
  await expect(t.api.rollbackWorkflow('greeting')).rejects.toMatchObject({ code: 'conflict' });
});

test('versions that are not there, or cannot be used here, are not activated', async () => {
  const t = await open();
  await register(t, greeting);
  await expect(t.api.activateWorkflow('greeting', { versions: [{ version: 2 }] })).rejects.toMatchObject({
    code: 'not_found',
    message: "There is no version 2 of workflow 'greeting'",
  });
  await expect(t.api.activateWorkflow('unknown', { versions: [{ version: 1 }] })).rejects.toMatchObject({
    code: 'not_found',
  });
  await expect(t.api.activateWorkflow('greeting', { versions: [] })).rejects.toMatchObject({ code: 'invalid_input' });
});

test('the history tells every change, its time and who made it', async () => {
  const t = await open();
  const start = t.now();
  await register(t, greeting, { by: 'Ada' });
  await t.advance('1h');
  await register(t, loud, { by: 'Bob', activate: true });
  await t.advance('1h');
  await t.api.deactivateWorkflow('greeting', { by: 'Cy' });
  await t.api.deactivateWorkflow('greeting', { by: 'Cy' });
  await t.api.rollbackWorkflow('greeting');
  const versions = [
    { version: 1, weight: 90 },
    { version: 2, weight: 10 },
  ];
  await t.api.activateWorkflow('greeting', { versions, by: 'Dee' });
  const at = (hours: number) => new Date(start + hours * 3_600_000).toISOString();
  const expected = [
    { number: 5, at: at(2), type: 'activated', active: versions, by: 'Dee' },
    { number: 4, at: at(2), type: 'rolled_back', active: all(2) },
    { number: 3, at: at(2), type: 'deactivated', active: [], by: 'Cy' },
    { number: 2, at: at(1), type: 'registered', version: 2, active: all(2), by: 'Bob' },
    { number: 1, at: at(0), type: 'registered', version: 1, active: all(1), by: 'Ada' },
  ];
  expect(await t.api.getWorkflowHistory('greeting')).toEqual({ items: expected });
  const first = await t.api.getWorkflowHistory('greeting', { limit: 2 });
  expect(first).toEqual({ items: expected.slice(0, 2), next: 4 });
  expect(await t.api.getWorkflowHistory('greeting', { limit: 2, before: 4 })).toEqual({
    items: expected.slice(2, 4),
    next: 2,
  });
  expect(await t.api.getWorkflowHistory('greeting', { limit: 2, before: 2 })).toEqual({ items: expected.slice(4) });
  expect(await t.api.getWorkflowHistory('greeting', { before: 1 })).toEqual({ items: [] });
  await expect(t.api.getWorkflowHistory('greeting', { limit: 201 })).rejects.toMatchObject({ code: 'invalid_input' });
});

test('a workflow is shown with its versions, a version with its text and what that says', async () => {
  const t = await open();
  await register(t, greeting, { by: 'Ada' });
  await register(t, loud, { by: 'Bob' });
  const at = new Date(t.now()).toISOString();
  const view = {
    name: 'greeting',
    kind: 'graph',
    version: 1,
    latest: 2,
    active: all(1),
    description: 'Greets somebody',
    registeredAt: at,
    registeredBy: 'Bob',
  };
  expect(await t.api.getWorkflow('greeting')).toEqual({
    ...view,
    versions: [
      { version: 2, registeredAt: at, registeredBy: 'Bob' },
      { version: 1, registeredAt: at, registeredBy: 'Ada' },
    ],
  });
  expect(await t.api.listWorkflows()).toEqual([view]);
  expect(await t.api.getWorkflowVersion('greeting', 1)).toEqual({
    name: 'greeting',
    kind: 'graph',
    version: 1,
    registeredAt: at,
    registeredBy: 'Ada',
    description: 'Greets somebody',
    source: { text: greeting, format: 'yaml' },
    definition: expect.objectContaining({ name: 'greeting', tasks: [expect.objectContaining({ id: 'greet' })] }),
  });
  await expect(t.api.getWorkflowVersion('greeting', 3)).rejects.toMatchObject({ code: 'not_found' });
  await expect(t.api.getWorkflow('unknown')).rejects.toMatchObject({
    code: 'not_found',
    message: "There is no workflow 'unknown'. There are: greeting.",
  });
});

test('what differs between versions is told by tasks and by lines, also between YAML and JSON', async () => {
  const t = await open();
  await register(t, greeting);
  await register(t, loud.replace('Greets', 'Greets and shouts at'));
  const lines = [
    ' # Says hello.',
    ' name: greeting',
    '-description: Greets somebody',
    '+description: Greets and shouts at somebody',
    ' inputSchema: { type: object, required: [name], properties: { name: { type: string } } }',
    ' tasks:',
    '   - { id: greet, type: executor, handler: greet, input: "{% $input %}" }',
    '+  - { id: shout, type: executor, handler: shout, dependsOn: [greet], input: "{% $tasks.greet.output %}" }',
  ];
  expect(await t.api.diffWorkflow('greeting')).toEqual({
    name: 'greeting',
    from: 1,
    to: 2,
    tasks: { added: ['shout'], removed: [], changed: [] },
    hunks: [{ from: 1, to: 1, lines }],
  });
  expect((await t.api.diffWorkflow('greeting', { from: 2, to: 1 })).tasks.removed).toEqual(['shout']);
  const asJson = JSON.stringify({ name: 'greeting', tasks: [{ id: 'greet', type: 'executor', handler: 'shout' }] });
  await register(t, asJson, { format: 'json' });
  const diff = await t.api.diffWorkflow('greeting', { from: 1 });
  expect(diff).toMatchObject({ from: 1, to: 3, tasks: { added: [], removed: [], changed: ['greet'] } });
  expect(diff.hunks.flatMap((hunk) => hunk.lines)).toContain('+      "handler": "shout"');
  await expect(t.api.diffWorkflow('greeting', { to: 1 })).rejects.toMatchObject({ code: 'invalid_input' });
  await expect(t.api.diffWorkflow('greeting', { from: 7, to: 1 })).rejects.toMatchObject({ code: 'not_found' });
});

test('workflows in code are shown beside them, and are changed by a deployment alone', async () => {
  const coded = [1, 3].map((version) => workflow({ name: 'coded', version }, async () => version));
  const t = await open({ workflows: coded });
  await register(t, greeting);
  expect((await t.api.listWorkflows()).map(({ name, kind, version }) => [name, kind, version])).toEqual([
    ['coded', 'code', 3],
    ['greeting', 'graph', 1],
  ]);
  expect(await t.api.getWorkflow('coded')).toEqual({
    name: 'coded',
    kind: 'code',
    version: 3,
    latest: 3,
    active: all(3),
    versions: [{ version: 3 }, { version: 1 }],
  });
  expect(await t.api.getWorkflowVersion('coded', 1)).toEqual({ name: 'coded', kind: 'code', version: 1 });
  const refused = { code: 'conflict', message: expect.stringContaining('Workflow coded is code') };
  await expect(register(t, greeting.replace('name: greeting', 'name: coded'))).rejects.toMatchObject(refused);
  await expect(t.api.activateWorkflow('coded', { versions: [{ version: 1 }] })).rejects.toMatchObject(refused);
  await expect(t.api.rollbackWorkflow('coded')).rejects.toMatchObject(refused);
  await expect(t.api.deactivateWorkflow('coded')).rejects.toMatchObject(refused);
  await expect(t.api.getWorkflowHistory('coded')).rejects.toMatchObject(refused);
  await expect(t.api.diffWorkflow('coded')).rejects.toMatchObject(refused);
});

test('several versions in code run side by side, each run with its own', async () => {
  const coded = [1, 2].map((version) =>
    workflow({ name: 'coded', version }, async (ctx) => {
      await ctx.signal('go');
      return version;
    }),
  );
  const t = await open({ workflows: [coded[0] as (typeof coded)[number]] });
  const first = await t.start('coded');
  await t.settle();
  await t.deploy(coded);
  const second = await t.start('coded');
  const asked = await t.start('coded', undefined, { version: 1 });
  for (const run of [first, second, asked]) await t.signal(run, 'go');
  expect(await Promise.all([first, second, asked].map((run) => run.result()))).toEqual([1, 2, 1]);
});

test('comments and the order of fields do not make another version', async () => {
  const t = await open();
  await register(t, greeting);
  const [first = '', second = '', ...rest] = greeting.replace('# Says hello.\n', '').split('\n');
  expect(await register(t, [second, first, ...rest].join('\n'))).toMatchObject({ version: 1, created: false });
  expect(await register(t, greeting.replace('# Says hello.\n', ''))).toMatchObject({ version: 1, created: false });
});
