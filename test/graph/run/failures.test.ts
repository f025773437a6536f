import { describe, expect, test } from 'vitest';
import { backends } from './backends.ts';
import { keysOf, openGraph } from './open-graph.ts';

function broken(name = 'Broken'): () => never {
  return () => {
    throw Object.assign(new Error('it broke'), { name, details: { at: 3 } });
  };
}

describe.each(backends)('a failure on $name', ({ options }) => {
  const open: typeof openGraph = (text, functions, more) => openGraph(text, functions, { ...options(), ...more });

  test('that nobody catches ends the run with its own name, and closes what still runs', async () => {
    const { t, start, calls } = await open(
      `
name: failing
tasks:
  - { id: slow, type: executor, handler: echo }
  - { id: bad, type: executor, handler: fail, retry: { attempts: 1 } }
  - { id: after, type: executor, handler: echo, dependsOn: [bad] }
`,
      { fail: broken() },
    );
    const aborts: string[] = [];
    t.step('slow', ({ signal }) => {
      signal.addEventListener('abort', () => aborts.push((signal.reason as Error).message));
      return new Promise(() => {});
    });
    const run = await start();
    expect(await run.ended()).toMatchObject({
      status: 'failed',
      error: { name: 'Broken', message: 'it broke', details: { at: 3 } },
    });
    expect(calls).toEqual(['fail bad']);
    expect(aborts).toHaveLength(1);
    expect(t.now()).toBe(Date.UTC(2030, 0, 1));
  });

  test.each(['all_done', 'any_succeeded'])(
    'does not keep a task with join %s from running; the run fails once that is done',
    async (join) => {
      const { t, start, calls } = await open(
        `
name: cleaning
tasks:
  - { id: bad, type: executor, handler: fail, retry: { attempts: 1 } }
  - { id: lock, type: executor, handler: echo }
  - { id: unlock, type: executor, handler: echo, dependsOn: [lock], join: ${join} }
  - { id: long, type: wait, duration: 30d, dependsOn: [lock] }
`,
        { fail: broken() },
      );
      t.step('lock', () => 1, { takes: '1h' });
      expect(await (await start()).ended()).toMatchObject({ status: 'failed', error: { name: 'Broken' } });
      expect(calls).toEqual(['fail bad', 'echo unlock']);
      expect(t.now()).toBe(Date.UTC(2030, 0, 1, 1));
    },
  );

  test('before a task with any_succeeded that runs fails nobody', async () => {
    const { start } = await open(
      `
name: sources
tasks:
  - { id: one, type: executor, handler: fail, retry: { attempts: 1 } }
  - { id: two, type: executor, handler: echo, input: two }
  - { id: use, type: executor, handler: echo, join: any_succeeded, dependsOn: [one, two], input: ["{% $tasks.one.output %}", "{% $tasks.two.output %}"] }
`,
      { fail: broken() },
    );
    expect(await (await start()).result()).toEqual([null, 'two']);
  });

  test('before a task with any_succeeded that is skipped fails the run', async () => {
    const { start } = await open(
      `
name: sources
tasks:
  - { id: one, type: executor, handler: fail, retry: { attempts: 1 } }
  - { id: two, type: executor, handler: echo }
  - { id: use, type: executor, handler: echo, join: any_succeeded, dependsOn: [one, two], when: "{% false %}" }
`,
      { fail: broken() },
    );
    expect(await (await start()).ended()).toMatchObject({ status: 'failed', error: { name: 'Broken' } });
  });

  test.each([
    ['Broken: one, "*": two', 'Broken', 'one'],
    ['Other: one, "*": two', 'Broken', 'two'],
    ['"*": two, Broken: one', 'Broken', 'one'],
  ])('is caught by { %s } if it is %s', async (clauses, name, chosen) => {
    const { start, calls } = await open(
      `
name: catching
tasks:
  - { id: bad, type: executor, handler: fail, retry: { attempts: 1 }, catch: { ${clauses} } }
  - { id: one, type: executor, handler: echo, input: "{% $tasks.bad.error.message %}" }
  - { id: two, type: executor, handler: echo }
  - { id: after, type: executor, handler: echo, dependsOn: [bad] }
`,
      { fail: broken(name) },
    );
    const run = await start();
    expect((await run.ended()).status).toBe('completed');
    expect(calls).toEqual(['fail bad', `echo ${chosen}`]);
  });

  test('of a name that no catch has ends the run', async () => {
    const { start, calls } = await open(
      `
name: catching
tasks:
  - { id: bad, type: executor, handler: fail, retry: { attempts: 1 }, catch: { Other: one } }
  - { id: one, type: executor, handler: echo }
`,
      { fail: broken() },
    );
    expect((await (await start()).ended()).status).toBe('failed');
    expect(calls).toEqual(['fail bad']);
  });

  test('that did not happen leaves the task of its catch skipped', async () => {
    const { start, calls } = await open(`
name: fine
tasks:
  - { id: good, type: executor, handler: echo, input: 1, catch: { "*": rescue } }
  - { id: rescue, type: executor, handler: echo, input: 2 }
  - { id: end, type: executor, handler: echo, input: "{% $tasks.rescue.status %}", dependsOn: [good, rescue], join: none_failed }
`);
    expect(await (await start()).result()).toBe('skipped');
    expect(calls).toEqual(['echo good', 'echo end']);
  });

  test('of an expression can be caught like any other', async () => {
    const { start } = await open(`
name: computing
tasks:
  - { id: sum, type: transform, output: "{% $input.text + 1 %}", catch: { ExpressionError: zero } }
  - { id: zero, type: transform, output: 0 }
  - { id: cond, type: condition, cases: [{ when: "{% $input.text + 1 = 2 %}", then: other }], catch: { "*": third } }
  - { id: other, type: transform, output: 1 }
  - { id: third, type: transform, output: 3 }
  - { id: odd, type: executor, handler: echo, when: "{% $input.text %}", catch: { ValueError: fourth } }
  - { id: fourth, type: transform, output: 4 }
  - { id: shaped, type: executor, handler: echo, output: "{% $result.a.b + 'x' %}", input: { a: { b: 1 } }, catch: { ExpressionError: fifth } }
  - { id: fifth, type: transform, output: 5 }
output: ["{% $tasks.zero.output %}", "{% $tasks.third.output %}", "{% $tasks.fourth.output %}", "{% $tasks.fifth.output %}"]
`);
    expect(await (await start({ text: 'a' })).result()).toEqual([0, 3, 4, 5]);
  });

  test('by cancelling is caught by nobody, and no task begins any more', async () => {
    const { start, calls } = await open(`
name: cancelled
tasks:
  - { id: long, type: wait, duration: 1d, catch: { "*": rescue } }
  - { id: rescue, type: executor, handler: echo }
  - { id: clean, type: executor, handler: echo, join: all_done, dependsOn: [long] }
  - id: each
    type: map
    items: [1, 2]
    tolerate: 2
    tasks: [{ id: s, type: signal }, { id: t, type: executor, handler: echo, dependsOn: [s] }]
`);
    const run = await start();
    await run.get();
    await run.cancel('enough');
    expect(await run.ended()).toMatchObject({ status: 'cancelled' });
    expect(calls).toEqual([]);
  });

  test('by the deadline is caught by nobody', async () => {
    const { t, start, calls } = await open(`
name: late
timeout: 1h
tasks:
  - { id: go, type: signal, catch: { TimeoutError: rescue } }
  - { id: rescue, type: executor, handler: echo }
`);
    const run = await start();
    await t.advance('2h');
    expect(await run.ended()).toMatchObject({ status: 'failed', error: { name: 'TimeoutError' } });
    expect(calls).toEqual([]);
  });
});

describe.each(backends)('fail and succeed on $name', ({ options }) => {
  const open: typeof openGraph = (text, functions, more) => openGraph(text, functions, { ...options(), ...more });
  const ending = (last: string) => `
name: ending
output: { never: "{% $tasks.slow.output %}" }
tasks:
  - { id: slow, type: executor, handler: echo }
  - { id: child, type: sub_workflow, workflow: other }
  - { id: quick, type: executor, handler: echo, input: 7 }
  - ${last}
`;

  test('end the run at once, and close what still runs in it', async () => {
    const { t, start, calls } = await open(
      ending('{ id: end, type: succeed, output: { quick: "{% $tasks.quick.output %}" }, dependsOn: [quick] }'),
    );
    t.hangStep('slow');
    t.child('other', () => new Promise(() => {}));
    const run = await start();
    expect(await run.result()).toEqual({ quick: 7 });
    expect(calls).toEqual(['echo quick']);
  });

  test('end it with the error that is said, computed message and all', async () => {
    const { t, start } = await open(
      ending('{ id: end, type: fail, error: Denied, message: "{% \'by \' & $input.by %}", dependsOn: [quick] }'),
    );
    t.hangStep('slow');
    t.child('other', () => new Promise(() => {}));
    expect(await (await start({ by: 'ada' })).ended()).toMatchObject({
      status: 'failed',
      error: { name: 'Denied', message: 'by ada' },
    });
  });

  test('end the list in which they stand; what contains it goes on', async () => {
    const { start, calls } = await open(`
name: inner
tasks:
  - id: box
    type: sequential
    tasks:
      - { id: a, type: executor, handler: echo }
      - { id: out, type: succeed, output: early, when: "{% $input.early %}" }
      - { id: bad, type: fail, error: TooLate }
      - { id: b, type: executor, handler: echo }
    catch: { TooLate: rescue }
    output: "{% $result & '!' %}"
  - { id: rescue, type: executor, handler: echo, input: "{% $tasks.box.error.message %}" }
  - { id: end, type: executor, handler: echo, join: all_done, dependsOn: [box, rescue], input: "{% $tasks.box.output %}" }
output: ["{% $tasks.box.output %}", "{% $tasks.rescue.output %}"]
`);
    expect(await (await start({ early: true })).result()).toEqual(['early!', null]);
    expect(await (await start({ early: false })).result()).toEqual([null, 'TooLate']);
    expect(calls.filter((call) => call === 'echo box/b')).toEqual([]);
    expect(calls.filter((call) => call === 'echo end')).toHaveLength(2);
  });

  test('that are skipped end nothing', async () => {
    const { start } = await open(`
name: skipped
tasks:
  - { id: stop, type: fail, error: Never, when: "{% $input.stop %}" }
  - { id: done, type: succeed, output: early, when: "{% $input.done %}" }
  - { id: a, type: executor, handler: echo, input: a, dependsOn: [stop, done], join: none_failed }
`);
    expect(await (await start({})).result()).toBe('a');
  });

  test('without an output or a message give null, or the name of the error', async () => {
    const { start } = await open(`
name: short
tasks:
  - { id: c, type: condition, cases: [{ when: "{% $input.ok %}", then: yes1 }], otherwise: no1 }
  - { id: yes1, type: succeed }
  - { id: no1, type: fail, error: Nope }
`);
    expect(await (await start({ ok: true })).result()).toBeNull();
    expect(await (await start({ ok: false })).ended()).toMatchObject({ error: { name: 'Nope', message: 'Nope' } });
  });

  test('leave the places of what they close to others', async () => {
    const { t, start, calls } = await open(`
name: places
concurrency: 1
tasks:
  - id: box
    type: parallel
    tasks:
      - { id: hog, type: executor, handler: echo, priority: 9 }
      - { id: soon, type: wait, duration: 1s }
      - { id: out, type: succeed, dependsOn: [soon] }
  - { id: after, type: executor, handler: echo, dependsOn: [box] }
  - { id: waits, type: executor, handler: echo, priority: -1 }
`);
    t.hangStep('hog');
    const run = await start();
    await run.result();
    expect(calls).toEqual(['echo after', 'echo waits']);
    expect(await keysOf(run)).toContain('after');
  });
});
