import { describe, expect, test } from 'vitest';
import { backends } from './backends.ts';
import { keysOf, openGraph } from './open-graph.ts';

describe.each(backends)('a container on $name', ({ options }) => {
  const open: typeof openGraph = (text, functions, more) => openGraph(text, functions, { ...options(), ...more });

  test('of type sequential runs its tasks one after the other', async () => {
    const { t, start } = await open(`
name: chain
tasks:
  - id: steps
    type: sequential
    tasks:
      - { id: a, type: executor, handler: echo, input: 1 }
      - { id: b, type: executor, handler: echo, input: "{% $tasks.a.output + 1 %}" }
      - { id: c, type: executor, handler: echo, input: "{% $tasks.b.output + 1 %}" }
`);
    t.step('a', (_attempt, original) => original(), { takes: '1h' });
    const run = await start();
    expect(await run.result()).toBe(3);
    expect(await keysOf(run)).toEqual(['steps/a', 'steps/b', 'steps/c']);
  });

  test('of type sequential goes on behind a task that was skipped or not chosen', async () => {
    const { start, calls } = await open(`
name: chain
tasks:
  - id: steps
    type: sequential
    tasks:
      - { id: c, type: condition, cases: [{ when: "{% $input.loud %}", then: shout }], otherwise: whisper }
      - { id: shout, type: executor, handler: echo }
      - { id: whisper, type: executor, handler: echo }
      - { id: maybe, type: executor, handler: echo, when: "{% false %}" }
      - { id: end, type: executor, handler: echo, input: done }
`);
    expect(await (await start({ loud: true })).result()).toBe('done');
    expect(await (await start({ loud: false })).result()).toBe('done');
    expect(calls.map((call) => call.replace('echo steps/', ''))).toEqual(['shout', 'end', 'whisper', 'end']);
  });

  test('of type parallel runs its tasks side by side, but for what they depend on', async () => {
    const { t, start } = await open(`
name: side
tasks:
  - id: box
    type: parallel
    tasks:
      - { id: a, type: executor, handler: echo, input: 1 }
      - { id: b, type: executor, handler: echo, input: 2 }
      - { id: c, type: executor, handler: echo, input: 3, dependsOn: [a] }
    output: { sum: "{% $result.b + $result.c %}", a: "{% $tasks.a.output %}" }
`);
    t.step('*', (_attempt, original) => original(), { takes: '1h' });
    expect(await (await start()).result()).toEqual({ sum: 5, a: 1 });
    expect(t.now()).toBe(Date.UTC(2030, 0, 1, 2));
  });

  test('may hold others, and tasks inside see what is done around them', async () => {
    const { start, calls } = await open(`
name: nested
tasks:
  - { id: seed, type: transform, output: 10 }
  - id: outer
    type: sequential
    dependsOn: [seed]
    tasks:
      - { id: first, type: executor, handler: echo, input: 5 }
      - id: inner
        type: parallel
        tasks:
          - { id: x, type: executor, handler: echo, input: "{% $tasks.seed.output + $tasks.first.output %}" }
          - { id: y, type: executor, handler: echo, input: "{% $input.y %}" }
      - { id: last, type: executor, handler: echo, input: "{% $tasks.x.output + $tasks.y.output %}" }
`);
    expect(await (await start({ y: 1 })).result()).toBe(16);
    expect(calls.sort()).toEqual(['first', 'inner/x', 'inner/y', 'last'].map((key) => `echo outer/${key}`));
  });

  test('that is skipped does nothing, and what it holds has no status', async () => {
    const { start, calls } = await open(`
name: skipped
output: { box: "{% $tasks.box.status %}", inner: "{% $tasks.a.status %}" }
tasks:
  - { id: box, type: parallel, when: "{% false %}", tasks: [{ id: a, type: executor, handler: echo }] }
`);
    expect(await (await start()).result()).toEqual({ box: 'skipped' });
    expect(calls).toEqual([]);
  });

  test.each([
    ['parallel', 'tasks: [{ id: a, type: executor, handler: echo }, { id: b, type: signal }]'],
    ['sequential', 'tasks: [{ id: a, type: executor, handler: echo }, { id: b, type: signal }]'],
    ['map', 'items: [1, 2]\n    tasks: [{ id: a, type: executor, handler: echo }]'],
  ])('of type %s that takes longer than its timeout fails, and what runs in it is closed', async (type, more) => {
    const { t, start } = await open(`
name: late
tasks:
  - id: box
    type: ${type}
    timeout: 1h
    catch: { TimeoutError: late }
    ${more}
  - { id: late, type: transform, output: "{% $tasks.box.error.name %}" }
  - { id: long, type: wait, duration: 5h }
output: "{% $tasks.late.output %}"
`);
    t.step('a', (_attempt, original) => original(), { takes: '2h' });
    const run = await start();
    expect(await run.result()).toBe('TimeoutError');
    expect((await keysOf(run)).sort()).toEqual(['box/sleep:timeout', 'sleep:long']);
    expect((await run.tasks()).filter(({ key }) => key.endsWith('/a')).map(({ status }) => status)).not.toContain(
      'completed',
    );
  });

  test('that ends in time leaves no timer behind', async () => {
    const { t, start } = await open(`
name: quick
tasks:
  - { id: box, type: parallel, timeout: 1h, tasks: [{ id: a, type: executor, handler: echo }] }
  - { id: ship, type: sub_workflow, workflow: other, timeout: 1h }
  - { id: go, type: signal, timeout: 2h, dependsOn: [box, ship] }
`);
    t.child('other', () => 1);
    const run = await start();
    await t.settle();
    expect((await run.get()).awaiting?.map(({ key }) => key)).toEqual(['signal:go', 'signal:go/timeout']);
    await run.signal('go', 'gone');
    expect(await run.result()).toBe('gone');
  });

  test('whose timeout lies past the deadline is ended by the deadline', async () => {
    const { start } = await open(`
name: deadline
timeout: 1h
tasks:
  - { id: box, type: parallel, timeout: 2h, tasks: [{ id: a, type: signal, timeout: 3h }] }
`);
    expect(await (await start()).get()).toMatchObject({ status: 'waiting' });
  });

  test('that fails ends its tasks, and the graph goes on where the failure is caught', async () => {
    const { start } = await open(
      `
name: caught
tasks:
  - id: box
    type: parallel
    tasks: [{ id: a, type: executor, handler: fail, retry: { attempts: 1 } }, { id: b, type: signal }]
    catch: { Broken: rescue }
  - { id: rescue, type: transform, output: "{% $tasks.box.error.message & ' ' & $tasks.a.status %}" }
  - { id: end, type: transform, join: all_done, dependsOn: [rescue], output: "{% $tasks.rescue.output %}" }
output: "{% $tasks.end.output %}"
`,
      {
        fail: () => {
          throw Object.assign(new Error('no'), { name: 'Broken' });
        },
      },
    );
    expect(await (await start()).result()).toBe('no failed');
  });
});

describe.each(backends)('a map on $name', ({ options }) => {
  const open: typeof openGraph = (text, functions, more) => openGraph(text, functions, { ...options(), ...more });
  const broken = (items: unknown[]) => (input: unknown) => {
    if (items.includes(input)) throw Object.assign(new Error(`bad ${input}`), { name: 'Broken', details: { input } });
    return input;
  };
  const mapped = (more: string) => `
name: mapped
tasks:
  - id: each
    type: map
    items: "{% $input.items %}"
${more.replace(/^/gm, '    ')}
    tasks:
      - { id: work, type: executor, handler: work, input: "{% $item %}", retry: { attempts: 1 } }
`;

  test('runs its tasks once for each item, and gives the outputs in the order of the items', async () => {
    const { t, start, calls } = await open(
      `
name: mapped
tasks:
  - { id: factor, type: transform, output: 10 }
  - id: each
    type: map
    dependsOn: [factor]
    items: ["{% $input.a %}", 2, 3]
    tasks:
      - { id: times, type: executor, handler: echo, input: "{% $item * $tasks.factor.output %}" }
      - { id: plus, type: executor, handler: echo, input: "{% $tasks.times.output + $index %}", dependsOn: [times] }
`,
      {},
    );
    t.step('each[0]/times', (_attempt, original) => original(), { takes: '1h' });
    const run = await start({ a: 1 });
    expect(await run.result()).toEqual([10, 21, 32]);
    expect(new Set(calls)).toEqual(
      new Set(
        ['each[0]/times', 'each[1]/times', 'each[2]/times', 'each[0]/plus', 'each[1]/plus', 'each[2]/plus'].map(
          (key) => `echo ${key}`,
        ),
      ),
    );
    expect((await keysOf(run)).slice(-2)).toEqual(['each[0]/times', 'each[0]/plus']);
  });

  test('of nothing gives nothing', async () => {
    const { start } = await open(mapped(''), { work: (input) => input });
    const run = await start({ items: [] });
    expect(await run.result()).toEqual([]);
  });

  test.each([[{ a: 1 }], ['text'], [undefined], [null]])('of %j, which is no list, fails', async (items) => {
    const { start } = await open(mapped(''), { work: (input) => input });
    const run = await start({ items });
    expect(await run.ended()).toMatchObject({
      error: { name: 'ValueError', message: expect.stringContaining('it has to be a list') },
    });
  });

  test('holds no more rounds at once than its concurrency', async () => {
    const { t, start } = await open(mapped('concurrency: 2'), { work: (input) => input });
    t.step('work', (_attempt, original) => original(), { takes: '1h' });
    const run = await start({ items: [1, 2, 3, 4, 5] });
    expect(await run.result()).toEqual([1, 2, 3, 4, 5]);
    const hours = (await run.attempts('work')).map(({ at }) => (at - Date.UTC(2030, 0, 1)) / 3_600_000);
    expect(hours).toEqual([0, 0, 1, 1, 2]);
  });

  test('begins the next round as soon as one has ended', async () => {
    const { t, start } = await open(mapped('concurrency: 2'), { work: (input) => input });
    t.step('work', (_attempt, original) => original(), { takes: '1h' });
    t.step('each[0]/work', (_attempt, original) => original(), { takes: '3h' });
    const run = await start({ items: [1, 2, 3, 4] });
    await run.result();
    const hours = (await run.attempts('work')).map(({ at }) => (at - Date.UTC(2030, 0, 1)) / 3_600_000);
    expect(hours).toEqual([0, 0, 1, 2]);
  });

  test('takes several items a round with batch, the last round what is left', async () => {
    const { start } = await open(mapped('batch: 2'), { work: (input) => input });
    expect(await (await start({ items: [1, 2, 3, 4, 5] })).result()).toEqual([[1, 2], [3, 4], [5]]);
  });

  test('fails with the first round that fails, and closes the others', async () => {
    const { t, start, calls } = await open(mapped('concurrency: 3'), { work: broken([2]) });
    t.step('each[0]/work', (_attempt, original) => original(), { takes: '1h' });
    const run = await start({ items: [1, 2, 3, 4, 5, 6] });
    expect(await run.ended()).toMatchObject({ status: 'failed', error: { name: 'Broken', message: 'bad 2' } });
    expect(calls).not.toContain('work each[0]/work');
    expect(calls).not.toContain('work each[5]/work');
  });

  test('with tolerate says of each round how it ended', async () => {
    const { start } = await open(mapped('tolerate: 2'), { work: broken([2, 3]) });
    const failed = (input: number) => ({ name: 'Broken', message: `bad ${input}`, details: { input } });
    expect(await (await start({ items: [1, 2, 3] })).result()).toEqual([
      { status: 'completed', output: 1 },
      { status: 'failed', error: failed(2) },
      { status: 'failed', error: failed(3) },
    ]);
    const { start: strict } = await open(mapped('tolerate: 1'), { work: broken([2, 3]) });
    expect(await (await strict({ items: [1, 2, 3] })).ended()).toMatchObject({ error: { message: 'bad 3' } });
    const { start: none } = await open(mapped('tolerate: 0'), { work: broken([]) });
    expect(await (await none({ items: [1] })).result()).toEqual([{ status: 'completed', output: 1 }]);
  });

  test('inside of a map has items and keys of its own', async () => {
    const { start, calls } = await open(`
name: grid
tasks:
  - id: rows
    type: map
    items: [[1, 2], [3]]
    tasks:
      - { id: row, type: transform, output: "{% $index %}" }
      - id: cells
        type: map
        dependsOn: [row]
        items: "{% $item %}"
        tasks:
          - { id: cell, type: executor, handler: echo, input: "{% $item & '@' & $tasks.row.output & ',' & $index %}" }
`);
    expect(await (await start()).result()).toEqual([['1@0,0', '2@0,1'], ['3@1,0']]);
    expect(calls).toContain('echo rows[0]/cells[1]/cell');
  });

  test('may end a round early, with an output or an error', async () => {
    const { start, calls } = await open(`
name: early
tasks:
  - id: each
    type: map
    items: [1, 2, 3]
    tolerate: 1
    tasks:
      - id: which
        type: condition
        cases: [{ when: "{% $item = 1 %}", then: done }, { when: "{% $item = 2 %}", then: bad }]
      - { id: done, type: succeed, output: early }
      - { id: bad, type: fail, error: Odd, message: "{% 'no ' & $item %}" }
      - { id: work, type: executor, handler: echo, input: full, dependsOn: [which] }
`);
    expect(await (await start()).result()).toEqual([
      { status: 'completed', output: 'early' },
      { status: 'failed', error: { name: 'Odd', message: 'no 2' } },
      { status: 'completed', output: { work: 'full' } },
    ]);
    expect(calls).toEqual(['echo each[2]/work']);
  });

  test('competes with what stands beside it by the priority of the tasks in it, round by round', async () => {
    const { start, calls } = await open(`
name: rounds
concurrency: 1
tasks:
  - id: each
    type: map
    items: [1, 2, 3]
    concurrency: 1
    tasks:
      - { id: first, type: executor, handler: echo, priority: 1 }
      - { id: second, type: executor, handler: echo, priority: 1, dependsOn: [first] }
  - { id: other, type: executor, handler: echo }
`);
    await (await start()).result();
    expect(calls.map((call) => call.replace('echo ', ''))).toEqual([
      ...['each[0]/first', 'each[0]/second', 'each[1]/first', 'each[1]/second', 'each[2]/first', 'each[2]/second'],
      'other',
    ]);
  });

  test('shares the places of the graph with all that runs beside it', async () => {
    const { t, start } = await open(`concurrency: 2${mapped('concurrency: 100')}`, { work: (input) => input });
    t.step('work', (_attempt, original) => original(), { takes: '1h' });
    const run = await start({ items: [1, 2, 3, 4] });
    await run.result();
    expect(t.now()).toBe(Date.UTC(2030, 0, 1, 2));
  });
});
