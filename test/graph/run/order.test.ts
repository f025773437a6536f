import { describe, expect, test } from 'vitest';
import { backends } from './backends.ts';
import { keysOf, openGraph } from './open-graph.ts';

describe.each(backends)('tasks on $name', ({ options }) => {
  const open: typeof openGraph = (text, functions, more) => openGraph(text, functions, { ...options(), ...more });

  test('begin once all that they depend on is done', async () => {
    const { t, start } = await open(`
name: diamond
tasks:
  - { id: last, type: executor, handler: echo, input: "{% $tasks.left.output & $tasks.right.output %}", dependsOn: [left, right] }
  - { id: left, type: executor, handler: echo, input: l, dependsOn: [first] }
  - { id: right, type: executor, handler: echo, input: r, dependsOn: [first] }
  - { id: first, type: executor, handler: echo }
`);
    t.step('left', (_attempt, original) => original(), { takes: '2h' });
    t.step('right', (_attempt, original) => original(), { takes: '1h' });
    const run = await start();
    expect(await run.result()).toBe('lr');
    expect(await keysOf(run)).toEqual(['first', 'right', 'left', 'last']);
    const [began] = await run.attempts('last');
    expect(began?.at).toBe(Date.UTC(2030, 0, 1, 2));
  });

  test('of which one is last give its output; of several, those that completed, by id', async () => {
    const { start } = await open(`
name: several
tasks:
  - { id: a, type: executor, handler: echo, input: 1 }
  - { id: b, type: executor, handler: echo, input: 2, dependsOn: [a] }
  - { id: c, type: executor, handler: echo, input: 3, when: "{% $input.c %}" }
`);
    expect(await (await start({ c: true })).result()).toEqual({ b: 2, c: 3 });
    expect(await (await start({ c: false })).result()).toEqual({ b: 2 });
  });

  test('give what the graph says it gives, tasks inside of containers included', async () => {
    const { start } = await open(`
name: outputs
output: { inner: "{% $tasks.b.output %}", status: "{% $tasks.c.status %}", who: "{% $run.workflow %}" }
tasks:
  - id: box
    type: parallel
    tasks:
      - { id: b, type: executor, handler: echo, input: deep }
      - { id: c, type: executor, handler: echo, when: "{% false %}" }
`);
    expect(await (await start()).result()).toEqual({ inner: 'deep', status: 'skipped', who: 'outputs' });
  });

  test('of greater priority start first, equals in the order of the file', async () => {
    const { start, calls } = await open(`
name: priorities
concurrency: 1
tasks:
  - { id: plain, type: executor, handler: echo }
  - { id: also, type: executor, handler: echo }
  - { id: low, type: executor, handler: echo, priority: -1 }
  - { id: high, type: executor, handler: echo, priority: 5 }
`);
    await (await start()).result();
    expect(calls).toEqual(['echo high', 'echo plain', 'echo also', 'echo low']);
  });

  test('that become ready by one event compete by priority, those with a condition too', async () => {
    const { start, calls } = await open(`
name: priorities
concurrency: 1
tasks:
  - { id: first, type: executor, handler: echo }
  - { id: low, type: executor, handler: echo, dependsOn: [first] }
  - { id: high, type: executor, handler: echo, dependsOn: [first], priority: 2, when: "{% $tasks.first.status = 'completed' %}" }
  - { id: mid, type: executor, handler: echo, dependsOn: [computed], priority: 1 }
  - { id: computed, type: transform, output: 1, dependsOn: [first] }
`);
    await (await start()).result();
    expect(calls).toEqual(['echo first', 'echo high', 'echo mid', 'echo low']);
  });

  test('of one graph hold no more places than its concurrency; tasks that do no work hold none', async () => {
    const { t, start } = await open(`
name: limited
concurrency: 2
tasks:
  - { id: a, type: executor, handler: echo }
  - { id: b, type: executor, handler: echo }
  - { id: c, type: executor, handler: echo }
  - id: box
    type: parallel
    tasks: [{ id: d, type: executor, handler: echo }, { id: e, type: wait, duration: 30m }]
`);
    t.step('*', (_attempt, original) => original(), { takes: '1h' });
    const run = await start();
    await run.result();
    const began = (await run.attempts('*')).map(({ key, at }) => `${key} ${(at - Date.UTC(2030, 0, 1)) / 3_600_000}h`);
    expect(began).toEqual(['a 0h', 'b 0h', 'c 1h', 'box/d 1h']);
    const [waited] = (await run.tasks()).filter(({ kind }) => kind === 'timer');
    expect(waited).toMatchObject({ key: 'box/sleep:e', endedAt: '2030-01-01T00:30:00.000Z' });
  });

  test('of a parallel with a limit of its own keep to that, whatever they are', async () => {
    const { t, start } = await open(`
name: limited
tasks:
  - id: box
    type: parallel
    concurrency: 2
    tasks:
      - { id: a, type: executor, handler: echo }
      - { id: b, type: wait, duration: 1h }
      - { id: c, type: wait, duration: 1h }
      - { id: d, type: executor, handler: echo }
`);
    t.step('*', (_attempt, original) => original(), { takes: '1h' });
    const run = await start();
    await run.result();
    expect(t.now()).toBe(Date.UTC(2030, 0, 1, 2));
    const ends = (await run.tasks()).map(({ key, endedAt }) => `${key} ${endedAt?.slice(11, 13)}h`);
    expect(ends.sort()).toEqual(['box/a 01h', 'box/d 02h', 'box/sleep:b 01h', 'box/sleep:c 02h']);
  });
});

describe.each(backends)('a join on $name', ({ options }) => {
  /** `ok`, `failed`, `caught`, `skipped` and `after` (skipped because of a failure) are joined by `join`. */
  const joined = (rule: string, dependsOn: string[]) => `
name: joined
tasks:
  - { id: ok, type: executor, handler: echo }
  - { id: failed, type: executor, handler: fail, retry: { attempts: 1 } }
  - { id: caught, type: executor, handler: fail, retry: { attempts: 1 }, catch: { Broken: rescue } }
  - { id: rescue, type: executor, handler: echo }
  - { id: skipped, type: executor, handler: echo, when: "{% false %}" }
  - { id: after, type: executor, handler: echo, dependsOn: [failed] }
  - { id: join, type: executor, handler: echo, join: ${rule}, dependsOn: [${dependsOn.join(', ')}] }
  - { id: end, type: executor, handler: echo, join: all_done, dependsOn: [ok, failed, caught, skipped, after, join] }
`;

  test.each([
    ['all_succeeded', ['ok'], true],
    ['all_succeeded', ['ok', 'skipped'], false],
    ['all_succeeded', ['ok', 'failed'], false],
    ['all_succeeded', ['caught'], false],
    ['none_failed', ['ok', 'skipped'], true],
    ['none_failed', ['skipped'], true],
    ['none_failed', ['ok', 'failed'], false],
    ['none_failed', ['after'], false],
    ['none_failed', ['caught', 'ok'], false],
    ['none_failed', ['rescue', 'ok'], true],
    ['any_succeeded', ['ok', 'failed', 'skipped'], true],
    ['any_succeeded', ['failed', 'skipped', 'caught'], false],
    ['all_done', ['failed', 'skipped', 'after'], true],
  ])('%s of %s: %s', async (rule, dependsOn, runs) => {
    const fail = () => {
      throw Object.assign(new Error('broken'), { name: 'Broken' });
    };
    const { start, calls } = await openGraph(joined(rule, dependsOn), { fail }, options());
    await (await start()).ended();
    expect(calls.includes('echo join')).toBe(runs);
    expect(calls).toContain('echo end');
  });

  test('in a sequence a caught failure goes on behind the task to which it leads', async () => {
    const fail = () => {
      throw Object.assign(new Error('broken'), { name: 'Broken' });
    };
    const sequence = `
name: sequence
tasks:
  - id: steps
    type: sequential
    tasks:
      - { id: charge, type: executor, handler: fail, retry: { attempts: 1 }, catch: { Broken: invoice } }
      - { id: ship, type: executor, handler: echo }
      - { id: pack, type: executor, handler: echo }
      - { id: choose, type: condition, cases: [{ when: "{% true %}", then: wrap }] }
      - { id: wrap, type: executor, handler: echo }
      - { id: seal, type: executor, handler: echo }
      - { id: invoice, type: executor, handler: echo }
      - { id: tell, type: executor, handler: echo }
`;
    const { start, calls } = await openGraph(sequence, { fail }, options());
    await (await start()).ended();
    expect(calls.filter((call) => call.startsWith('echo'))).toEqual(['echo steps/invoice', 'echo steps/tell']);
  });

  test('a skipped task has no output, and its status says so', async () => {
    const { start } = await openGraph(
      `
name: seen
tasks:
  - { id: skipped, type: executor, handler: echo, input: 1, when: "{% false %}" }
  - { id: failed, type: executor, handler: fail, retry: { attempts: 1 }, catch: { "*": none } }
  - { id: none, type: transform, output: 0 }
  - { id: ok, type: executor, handler: echo, input: 1 }
  - id: look
    type: transform
    join: all_done
    dependsOn: [skipped, failed, ok]
    output: ["{% $tasks.skipped %}", "{% $tasks.failed %}", "{% $tasks.ok %}"]
`,
      {
        fail: () => {
          throw Object.assign(new RangeError('too far'), { details: { by: 3 } });
        },
      },
      options(),
    );
    expect(await (await start()).result()).toEqual([
      { status: 'skipped' },
      { status: 'failed', error: { name: 'RangeError', message: 'too far', details: { by: 3 } } },
      { status: 'completed', output: 1 },
    ]);
  });
});

describe.each(backends)('a condition on $name', ({ options }) => {
  const text = `
name: choosing
tasks:
  - id: size
    type: condition
    cases:
      - { when: "{% $input.amount > 1000 %}", then: [approve, log] }
      - { when: "{% $input.amount > 100 %}", then: check }
    otherwise: pay
  - { id: approve, type: executor, handler: echo, input: approved }
  - { id: log, type: executor, handler: echo, input: logged }
  - { id: check, type: executor, handler: echo, input: checked }
  - { id: pay, type: executor, handler: echo, input: paid }
  - { id: end, type: transform, join: none_failed, dependsOn: [approve, log, check, pay], output: "{% $tasks.size.output %}" }
`;

  test.each([
    [5_000, ['approve', 'log']],
    [500, ['check']],
    [5, ['pay']],
  ])('of %i chooses %s, and gives their ids', async (amount, chosen) => {
    const { start, calls } = await openGraph(text, {}, options());
    expect(await (await start({ amount })).result()).toEqual(chosen);
    expect(calls).toEqual(chosen.map((id) => `echo ${id}`));
  });

  test('asks no further than to the first case that holds, and takes nothing for false', async () => {
    const { start } = await openGraph(
      `
name: first
tasks:
  - id: c
    type: condition
    cases:
      - { when: "{% $input.none %}", then: a }
      - { when: "{% true %}", then: b }
      - { when: "{% $error('not asked') %}", then: a }
  - { id: a, type: transform, output: a }
  - { id: b, type: transform, output: b }
`,
      {},
      options(),
    );
    expect(await (await start({})).result()).toEqual({ b: 'b' });
  });

  test.each(['"{% 1 %}"', '"{% \'yes\' %}"', '"{% [] %}"'])(
    'that is neither true nor false is an error: %s',
    async (when) => {
      const { start } = await openGraph(
        `
name: odd
tasks:
  - { id: a, type: executor, handler: echo, when: ${when} }
`,
        {},
        options(),
      );
      expect(await (await start()).ended()).toMatchObject({ error: { name: 'ValueError' } });
    },
  );

  test('that was skipped chooses nothing', async () => {
    const { start, calls } = await openGraph(
      `
name: skipped
tasks:
  - { id: c, type: condition, when: "{% false %}", cases: [{ when: "{% true %}", then: a }], otherwise: b }
  - { id: a, type: executor, handler: echo }
  - { id: b, type: executor, handler: echo }
`,
      {},
      options(),
    );
    expect(await (await start()).result()).toEqual({});
    expect(calls).toEqual([]);
  });

  test('a task that several may choose waits for all of them, and runs if one did', async () => {
    const { t, start } = await openGraph(
      `
name: both
tasks:
  - { id: slow, type: executor, handler: echo }
  - { id: one, type: condition, cases: [{ when: "{% $input.one %}", then: a }] }
  - { id: two, type: condition, dependsOn: [slow], cases: [{ when: "{% $input.two %}", then: a }] }
  - { id: a, type: executor, handler: echo, input: ran }
`,
      {},
      options(),
    );
    t.step('slow', () => 1, { takes: '1h' });
    for (const input of [
      { one: true, two: false },
      { one: false, two: true },
    ]) {
      const run = await start(input);
      expect(await run.result()).toBe('ran');
      const [slow, a] = await run.attempts('*');
      expect((a?.at ?? 0) - (slow?.at ?? 0)).toBe(3_600_000);
    }
    expect(await (await start({ one: false, two: false })).result()).toBeNull();
  });
});
