import { workflow } from 'pawl';
import { createTestPawl } from 'pawl/testing';
import { describe, expect, test } from 'vitest';
import { handlers } from '../../../lib/graph/handlers.ts';
import { loadGraph } from '../../../lib/graph/parse-graph.ts';
import { graphWorkflow, isGraphWorkflow } from '../../../lib/graph/workflow.ts';
import { graphOf, openGraph } from './open-graph.ts';

const one = 'tasks: [{ id: t, type: transform, output: "{% $input.n %}" }]';

describe('the workflow of a graph', () => {
  test('is a workflow of its name, version, times and durability', () => {
    const flow = graphOf(`name: orders\nversion: 4\ntimeout: 2h\nretention: 3d\ndurability: relaxed\n${one}`);
    expect(flow).toMatchObject({
      name: 'orders',
      version: 4,
      timeoutMs: 7_200_000,
      retentionMs: 3 * 86_400_000,
      durability: 'relaxed',
    });
    const plain = workflow({ name: 'plain' }, async () => 1);
    const { timeoutMs, retentionMs, durability } = graphOf(`name: plain\n${one}`);
    expect({ timeoutMs, retentionMs, durability }).toEqual({
      timeoutMs: plain.timeoutMs,
      retentionMs: plain.retentionMs,
      durability: plain.durability,
    });
    expect(isGraphWorkflow(flow)).toBe(true);
    expect(isGraphWorkflow(plain)).toBe(false);
    expect(flow.graph.name).toBe('orders');
  });

  test('refuses an input that does not fit its schema, with the path', async () => {
    const schema = '{ type: object, required: [n], properties: { n: { type: integer, minimum: 1 } } }';
    const { t, start } = await openGraph(`name: checked\ninputSchema: ${schema}\n${one}`);
    expect(await (await start({ n: 1 })).result()).toBe(1);
    for (const [input, path] of [
      [{ n: 0 }, 'n'],
      [{}, ''],
      [undefined, ''],
    ] as const) {
      await expect(t.start('checked', input)).rejects.toMatchObject({
        code: 'invalid_input',
        problems: [expect.objectContaining({ path })],
      });
    }
  });

  test('fails with an output that does not fit its schema', async () => {
    const { start } = await openGraph(`name: checked\noutputSchema: { type: integer }\n${one}`);
    expect(await (await start({ n: 1 })).result()).toBe(1);
    expect(await (await start({ n: 'one' })).ended()).toMatchObject({
      status: 'failed',
      error: {
        code: 'invalid_input',
        message: expect.stringContaining('The output of checked does not fit its schema'),
      },
    });
  });

  test('takes no input as null', async () => {
    const { start } = await openGraph('name: none\ntasks: [{ id: t, type: transform, output: ["{% $input %}"] }]');
    expect(await (await start()).result()).toEqual([null]);
  });

  test('takes handlers as they are made, several of them, or collected', async () => {
    const graph = loadGraph(
      'name: both\ntasks: [{ id: a, type: executor, handler: a }, { id: b, type: executor, handler: b }]',
      { file: 'both.yaml' },
    );
    const [a, b] = [handlers({ a: () => 1 }), handlers({ b: () => 2 })];
    for (const given of [[a, b], new Map([...Object.entries(a.functions), ...Object.entries(b.functions)])]) {
      const flow = graphWorkflow(graph, { handlers: given });
      const t = await createTestPawl({ workflows: [flow] });
      expect(await (await t.start(flow)).result()).toEqual({ a: 1, b: 2 });
      await t.close();
    }
    expect(() => graphWorkflow(graph, { handlers: [a, handlers({ a: () => 3 })] })).toThrow('two handlers named a');
  });
});

describe('a large graph', () => {
  const wide = (width: number) => {
    const ids = Array.from({ length: width }, (_, index) => `w${index}`);
    const work = (id: string, dependsOn: string[]) => ({ id, type: 'executor', handler: 'echo', dependsOn });
    return JSON.stringify({
      name: 'wide',
      concurrency: 5_000,
      tasks: [
        work('source', []),
        ...ids.map((id) => work(id, ['source'])),
        ...['one', 'two', 'three'].map((id) => work(id, ids)),
      ],
    });
  };

  test('of 1,004 tasks and 4,000 edges runs in less than a second', async () => {
    const graph = loadGraph(wide(1_000), { file: 'wide.json' });
    const flow = graphWorkflow(graph, { handlers: handlers({ echo: (input) => input }) });
    const t = await createTestPawl({ workflows: [flow] });
    const began = performance.now();
    const run = await t.start(flow);
    await run.result();
    expect(performance.now() - began).toBeLessThan(1_000);
    expect((await run.history()).filter(({ type }) => type === 'task_completed')).toHaveLength(1_004);
    await t.close();
  });

  test('whose chain of 5,000 tasks is left out does not go deep', async () => {
    const tasks = Array.from({ length: 5_000 }, (_, index) => ({
      id: `t${index}`,
      type: 'executor',
      handler: 'echo',
      ...(index === 0 ? { when: '{% false %}' } : { dependsOn: [`t${index - 1}`] }),
    }));
    const flow = graphWorkflow(loadGraph(JSON.stringify({ name: 'chain', tasks }), { file: 'chain.json' }));
    const t = await createTestPawl({ workflows: [flow] });
    expect(await (await t.start(flow)).result()).toBeNull();
    await t.close();
  });
});
