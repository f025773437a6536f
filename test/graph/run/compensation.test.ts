import { workflow } from 'pawl';
import { describe, expect, test } from 'vitest';
import { backends } from './backends.ts';
import { keysOf, openGraph } from './open-graph.ts';

describe.each(backends)('a compensation on $name', ({ options }) => {
  const open: typeof openGraph = (text, functions, more) => openGraph(text, functions, { ...options(), ...more });
  const booking = `
name: booking
tasks:
  - { id: hotel, type: executor, handler: echo, input: { id: h1 }, compensate: { handler: undo } }
  - { id: flight, type: executor, handler: echo, input: { id: f1 }, dependsOn: [hotel], output: "{% $result.id %}", compensate: { handler: undo, input: { was: "{% $result %}", first: "{% $tasks.hotel.output.id %}", for: "{% $input.who %}" } } }
  - { id: car, type: executor, handler: fail, dependsOn: [flight], retry: { attempts: 1 }, compensate: { handler: undo } }
`;
  const fail = () => {
    throw new Error('no car');
  };

  test('undoes what was done, last first, with the output of its task or an input of its own', async () => {
    const undone: unknown[] = [];
    const { start } = await open(booking, { fail, undo: (input, { id }) => void undone.push([id, input]) });
    const run = await start({ who: 'ada' });
    expect(await run.ended()).toMatchObject({ status: 'failed', error: { message: 'no car' } });
    expect(undone).toEqual([
      ['flight', { was: 'f1', first: 'h1', for: 'ada' }],
      ['hotel', { id: 'h1' }],
    ]);
    expect(await keysOf(run)).toEqual(['hotel', 'flight', 'compensate:flight#2', 'compensate:hotel#1']);
  });

  test('is not needed where the run completes', async () => {
    const { start, calls } = await open(booking, { fail: () => 1, undo: () => 1 });
    expect((await (await start({})).ended()).status).toBe('completed');
    expect(calls.filter((call) => call.startsWith('undo'))).toEqual([]);
  });

  test('runs when the run is cancelled, and for every round of a map and task of a container', async () => {
    const { start, calls } = await open(
      `
name: nested
tasks:
  - id: each
    type: map
    items: [1, 2]
    concurrency: 1
    tasks:
      - id: box
        type: parallel
        tasks: [{ id: do, type: executor, handler: echo, compensate: { handler: undo } }]
  - { id: wait, type: signal, dependsOn: [each] }
`,
      { undo: () => 1 },
    );
    const run = await start();
    await run.get();
    await run.cancel();
    expect((await run.ended()).status).toBe('cancelled');
    expect(calls.slice(2)).toEqual(['undo each[1]/box/do', 'undo each[0]/box/do']);
  });

  test('undoes a sub-workflow', async () => {
    const other = workflow({ name: 'other' }, async () => ({ id: 's1' }));
    const undone: unknown[] = [];
    const { start } = await open(
      `
name: sub
tasks:
  - { id: sub, type: sub_workflow, workflow: other, compensate: { handler: undo, input: "{% $result.id %}" } }
  - { id: bad, type: fail, error: Bad, dependsOn: [sub] }
`,
      { undo: (input) => void undone.push(input) },
      { others: [other] },
    );
    await (await start()).ended();
    expect(undone).toEqual(['s1']);
  });

  test('gets the result where the output could not be computed', async () => {
    const undone: unknown[] = [];
    const { start } = await open(
      `
name: shaped
tasks:
  - { id: a, type: executor, handler: echo, input: { n: x }, output: "{% $result.n + 1 %}", compensate: { handler: undo } }
`,
      { undo: (input) => void undone.push(input) },
    );
    expect(await (await start()).ended()).toMatchObject({ status: 'failed', error: { name: 'ExpressionError' } });
    expect(undone).toEqual([{ n: 'x' }]);
  });

  test('is tried for long, as its own policy says, and names what is left when it gives up', async () => {
    const { t, start } = await open(
      `
name: stubborn
tasks:
  - { id: a, type: executor, handler: echo, compensate: { handler: undo, retry: { attempts: 3, initial: 1m, factor: 1, jitter: 0 } } }
  - { id: b, type: executor, handler: echo, compensate: { handler: echo }, dependsOn: [a] }
  - { id: bad, type: fail, error: Bad, dependsOn: [b] }
`,
      {
        undo: () => {
          throw new Error('stuck');
        },
      },
    );
    const run = await start();
    expect(await run.ended()).toMatchObject({
      status: 'failed',
      error: { name: 'CompensationError', details: [{ compensation: 'a', message: 'stuck' }] },
    });
    expect(await keysOf(run)).toEqual(['a', 'b', 'compensate:b#2']);
    expect(t.now()).toBe(Date.UTC(2030, 0, 1) + 120_000);
  });

  test('is done once, whenever the process dies', async () => {
    const { t, start } = await open(booking, { fail, undo: () => 1 });
    t.crashAt('compensate:flight');
    const run = await start({});
    expect((await run.ended()).status).toBe('failed');
    expect((await keysOf(run)).slice(2)).toEqual(['compensate:flight#2', 'compensate:hotel#1']);
  });
});
