import { workflow } from 'pawl';
import { replay, type TestPawl, type TestRun } from 'pawl/testing';
import { describe, expect, test } from 'vitest';
import type { QueueMessage } from '../../../lib/graph/executors/executors.ts';
import { backends } from './backends.ts';
import { type GraphKit, openGraph } from './open-graph.ts';

/** Every type of task and most options, in one graph that takes some virtual days. */
const text = `
name: everything
concurrency: 3
tasks:
  - { id: seed, type: executor, handler: echo, input: [1, 2, 3, 4], compensate: { handler: undo } }
  - { id: sum, type: transform, dependsOn: [seed], output: "{% $sum($tasks.seed.output) %}" }
  - id: size
    type: condition
    dependsOn: [sum]
    cases: [{ when: "{% $tasks.sum.output > 5 %}", then: large }]
    otherwise: small
  - { id: large, type: executor, handler: echo, input: large }
  - { id: small, type: executor, handler: echo, input: small }
  - id: each
    type: map
    dependsOn: [seed]
    items: "{% $tasks.seed.output %}"
    concurrency: 2
    tolerate: 1
    tasks:
      - { id: square, type: executor, handler: square, input: "{% $item %}", retry: { attempts: 2, initial: 1m } }
      - { id: rest, type: wait, duration: "{% $item & 'm' %}", dependsOn: [square] }
      - { id: add, type: executor, handler: echo, input: "{% $tasks.square.output + $index %}", dependsOn: [rest] }
  - id: steps
    type: sequential
    dependsOn: [large, small]
    join: none_failed
    tasks:
      - { id: bad, type: executor, handler: bad, retry: { attempts: 2, initial: 1s }, catch: { Broken: mend } }
      - { id: mend, type: executor, handler: echo, input: "{% $tasks.bad.error.message %}" }
      - { id: other, type: sub_workflow, workflow: other, input: 5, timeout: 1h }
  - { id: ask, type: executor, queue: people, input: sure, timeout: 2d, dependsOn: [steps] }
  - { id: approval, type: signal, timeout: 3d, dependsOn: [ask], output: "{% $result.by %}" }
  - { id: draw, type: transform, dependsOn: [ask], output: "{% $floor($random() * 1000000) %}" }
  - id: box
    type: parallel
    timeout: 1d
    dependsOn: [approval]
    tasks:
      - { id: slow, type: signal, signal: never }
      - { id: out, type: succeed, output: out }
output: { each: "{% $tasks.each.output %}", mend: "{% $tasks.mend.output %}", other: "{% $tasks.other.output %}", ask: "{% $tasks.ask.output %}", by: "{% $tasks.approval.output %}", draw: "{% $tasks.draw.output %}", box: "{% $tasks.box.output %}" }
`;

async function openEverything(options: Parameters<typeof openGraph>[2]): Promise<GraphKit & { sent: QueueMessage[] }> {
  const sent: QueueMessage[] = [];
  const failures = new Map<string, number>();
  const kit = await openGraph(
    text,
    {
      undo: () => 1,
      square(input, { key, attempt }) {
        if (input === 2 && attempt === 1) throw new Error('once');
        if (input === 3) throw Object.assign(new Error('three'), { name: 'Broken' });
        return (failures.get(key) ?? 0) + Number(input) ** 2;
      },
      bad() {
        throw Object.assign(new Error('bad'), { name: 'Broken' });
      },
    },
    {
      ...options,
      executors: { queue: { sendToQueue: async (_queue, message) => void sent.push(message) } },
      others: [workflow({ name: 'other' }, (ctx, n: number) => ctx.step('twice', () => 2 * n))],
    },
  );
  return { ...kit, sent };
}

/** Sees the run to its end, answering what it asks. */
async function finish({ t, sent }: { t: TestPawl; sent: QueueMessage[] }, run: TestRun): Promise<unknown> {
  await t.advance('12h');
  await t.answer(sent[0]?.callbackToken ?? '', { result: 'quite' });
  await run.signal('approval', { by: 'ada' }, { after: '1d' });
  return run.result();
}

async function assertWhole(run: TestRun, flow: GraphKit['flow'], output: unknown): Promise<void> {
  const ends = (await run.history()).filter(({ type }) => type === 'task_completed' || type === 'task_failed');
  expect(new Set(ends.map(({ key }) => key)).size).toBe(ends.length);
  expect(await replay(flow, JSON.parse(JSON.stringify(await run.export())))).toEqual({ status: 'completed', output });
}

describe.each(backends)('a graph with everything on $name', ({ name, options }) => {
  test('gives the same wherever its process dies', async () => {
    const calm = await openEverything(options());
    const calmRun = await calm.start();
    const expected = await finish(calm, calmRun);
    expect(expected).toEqual({
      each: [
        { status: 'completed', output: 1 },
        { status: 'completed', output: 5 },
        { status: 'failed', error: { name: 'Broken', message: 'three' } },
        { status: 'completed', output: 19 },
      ],
      mend: 'bad',
      other: 10,
      ask: 'quite',
      by: 'ada',
      draw: expect.any(Number),
      box: 'out',
    });
    await assertWhole(calmRun, calm.flow, expected);

    const step = name === 'memory' ? 1 : 7;
    for (let turns = 0; turns < 80; turns += step) {
      const kit = await openEverything(options());
      const run = await kit.start();
      for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
      await kit.t.crash();
      expect(await finish(kit, run), `died after ${turns} turns of the event loop`).toEqual(expected);
      await assertWhole(run, kit.flow, expected);
    }
  }, 60_000);

  test.each(['seed', 'large', 'each[1]/square', 'each[3]/add', 'steps/bad', 'steps/mend', 'ask/send'])(
    'gives the same when its process dies before and after %s took effect',
    async (key) => {
      const calm = await openEverything(options());
      const expected = await finish(calm, await calm.start());
      for (const when of ['before', 'after'] as const) {
        const kit = await openEverything(options());
        kit.t.crashAt(key, { when });
        const run = await kit.start();
        const sentTwice = key === 'ask/send' && when === 'after';
        expect(await finish(kit, run)).toEqual(expected);
        expect(kit.sent).toHaveLength(sentTwice ? 2 : 1);
        await assertWhole(run, kit.flow, expected);
      }
    },
  );
});
