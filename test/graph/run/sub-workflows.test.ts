import { CancelledError, workflow } from 'pawl';
import { describe, expect, test } from 'vitest';
import { backends } from './backends.ts';
import { graphOf, keysOf, openGraph } from './open-graph.ts';

describe.each(backends)('a sub-workflow on $name', ({ options }) => {
  const open: typeof openGraph = (text, functions, more) => openGraph(text, functions, { ...options(), ...more });
  const calling = (more: string) => `
name: calling
tasks:
  - { id: sub, type: sub_workflow, workflow: other${more} }
`;

  test('runs a workflow in code as a run of its own, and gives its output', async () => {
    const other = workflow({ name: 'other' }, async (ctx, input: { n: number }) =>
      ctx.step('double', () => input.n * 2),
    );
    const { t, start } = await open(
      calling(', input: { n: "{% $input %}" }, output: { twice: "{% $result %}" }'),
      {},
      {
        others: [other],
      },
    );
    const run = await start(21);
    expect(await run.result()).toEqual({ twice: 42 });
    const [child] = (await t.api.listRuns({ workflow: 'other' })).items;
    expect(await t.api.getRun(child?.id ?? '')).toMatchObject({ parent: { id: run.id } });
    expect(await keysOf(run, 'child_settled')).toEqual(['sub/child:other']);
  });

  test('runs another graph', async () => {
    const other = graphOf('name: other\ntasks: [{ id: t, type: transform, output: "{% $input.a %}" }]');
    const { start } = await open(calling(', input: { a: 1 }'), {}, { others: [other] });
    expect(await (await start()).result()).toBe(1);
  });

  test('runs the version that it asks for', async () => {
    const versions = [1, 2].map((version) => workflow({ name: 'other', version }, async () => version));
    const { start } = await open(calling(', version: 1'), {}, { others: versions });
    expect(await (await start()).result()).toBe(1);
    const { start: latest } = await open(calling(''), {}, { others: versions });
    expect(await (await latest()).result()).toBe(2);
  });

  test('that fails fails its task with the same error, which can be caught', async () => {
    const other = workflow({ name: 'other' }, async () => {
      throw new RangeError('too far');
    });
    const text = `${calling(', catch: { RangeError: rescue }')}  - { id: rescue, type: transform, output: "{% $tasks.sub.error %}" }
output: "{% $tasks.rescue.output %}"
`;
    const { start } = await open(text, {}, { others: [other] });
    expect(await (await start()).result()).toEqual({ name: 'RangeError', message: 'too far' });
  });

  test('that is cancelled fails its task, but does not end the run as cancelled', async () => {
    const other = workflow({ name: 'other' }, (ctx) => ctx.signal('never'));
    const text = `${calling(', catch: { "*": rescue }')}  - { id: rescue, type: transform, output: "{% $tasks.sub.error.name %}" }
output: "{% $tasks.rescue.output %}"
`;
    const { t, start } = await open(text, {}, { others: [other] });
    const run = await start();
    await run.get();
    const [child] = (await t.api.listRuns({ workflow: 'other' })).items;
    await t.api.cancelRun(child?.id ?? '', {});
    expect(await run.result()).toBe(new CancelledError().name);
  });

  test('that takes longer than its timeout is cancelled', async () => {
    const other = workflow({ name: 'other' }, (ctx) => ctx.signal('never'));
    const { t, start } = await open(calling(', timeout: 1h'), {}, { others: [other] });
    const run = await start();
    expect(await run.ended()).toMatchObject({ error: { name: 'TimeoutError', message: /'sub'.*3600000 ms/ } });
    await t.settle();
    expect((await t.api.listRuns({ workflow: 'other' })).items).toMatchObject([{ status: 'cancelled' }]);
  });

  test('that is not deployed fails its task', async () => {
    const { start } = await open(calling(''));
    expect(await (await start()).ended()).toMatchObject({ error: { code: 'not_found' } });
  });

  test('holds a place of the graph', async () => {
    const other = workflow({ name: 'other' }, (ctx) => ctx.sleep('1h'));
    const { t, start } = await open(
      `
name: places
concurrency: 1
tasks:
  - { id: a, type: sub_workflow, workflow: other }
  - { id: b, type: sub_workflow, workflow: other }
`,
      {},
      { others: [other] },
    );
    await (await start()).result();
    expect(t.now()).toBe(Date.UTC(2030, 0, 1, 2));
  });
});

describe.each(backends)('a graph on $name', ({ options }) => {
  const text = 'name: graph\nversion: 3\ntasks: [{ id: t, type: executor, handler: echo, input: "{% $input %}" }]';

  test('is a child of a workflow in code, by name or as it is', async () => {
    const graph = graphOf(text, { echo: (input) => input });
    const parent = workflow({ name: 'parent' }, async (ctx) => [
      await ctx.child('graph', 1),
      await ctx.child(graph, 2, { name: 'again' }),
    ]);
    const { t } = await openGraph(
      'name: unused\ntasks: [{ id: t, type: transform, output: 1 }]',
      {},
      {
        ...options(),
        others: [graph, parent],
      },
    );
    expect(await (await t.start(parent)).result()).toEqual([1, 2]);
  });

  test('survives with its journal alone: nothing that is done runs again', async () => {
    const { t, start, calls } = await openGraph(
      `
name: resumed
tasks:
  - { id: a, type: executor, handler: echo, input: 1 }
  - { id: go, type: signal, dependsOn: [a] }
  - { id: b, type: executor, handler: echo, input: "{% $tasks.a.output + $tasks.go.output %}", dependsOn: [go] }
`,
      {},
      options(),
    );
    const run = await start();
    await t.settle();
    await t.crash();
    await run.signal('go', 2);
    expect(await run.result()).toBe(3);
    expect(calls).toEqual(['echo a', 'echo b']);
    expect(await keysOf(run)).toEqual(['a', 'b']);
  });
});
