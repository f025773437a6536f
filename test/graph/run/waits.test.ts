import { describe, expect, test } from 'vitest';
import { backends } from './backends.ts';
import { openGraph } from './open-graph.ts';

const start2030 = Date.UTC(2030, 0, 1);

describe.each(backends)('a wait on $name', ({ options }) => {
  const waiting = (how: string) => `
name: waiting
timeout: 60d
tasks:
  - { id: w, type: wait, ${how} }
  - { id: end, type: transform, dependsOn: [w], output: "{% $millis() %}" }
`;

  test.each([
    ['duration: 90m', 90 * 60_000],
    ['duration: 250', 250],
    ['duration: "{% $input.hours & \'h\' %}"', 3 * 3_600_000],
    ['duration: "{% $input.hours * 1000 %}"', 3_000],
    ['until: "2030-01-02T00:00:00Z"', 86_400_000],
    ['until: "{% \'2030-01-01T06:00:00+01:00\' %}"', 5 * 3_600_000],
    ['until: "{% $millis() + 5000 %}"', 5_000],
    ['until: "2020-01-01T00:00:00Z"', 0],
  ])('with %s lasts as long as that says', async (how, ms) => {
    const { start } = await openGraph(waiting(how), {}, options());
    const run = await start({ hours: 3 });
    expect(await run.result()).toBe(start2030 + ms);
    expect((await run.tasks()).map(({ key }) => key)).toEqual(['sleep:w']);
  });

  test.each([
    ['duration: "{% \'soon\' %}"', /The duration is "soon"; it has to be a duration/],
    ['duration: "{% -1 %}"', /The duration is -1/],
    ['duration: "{% $input.none %}"', /The duration is nothing/],
    ['until: "{% \'tomorrow\' %}"', /The moment is "tomorrow"; it has to be a moment/],
    ['until: "{% { \'a\': 1 } %}"', /The moment is \{"a":1\}/],
  ])('with %s fails, and says why', async (how, message) => {
    const { start } = await openGraph(waiting(how), {}, options());
    expect(await (await start({})).ended()).toMatchObject({
      error: { name: 'ValueError', message: expect.stringMatching(message) },
    });
  });

  test('past the deadline fails at once', async () => {
    const { start } = await openGraph(waiting('duration: 90d'), {}, options());
    expect(await (await start()).ended()).toMatchObject({ status: 'failed', error: { name: 'WorkflowError' } });
  });

  test('survives the death of its process', async () => {
    const { t, start } = await openGraph(waiting('duration: 30d'), {}, options());
    const run = await start();
    await t.advance('29d');
    await t.crash();
    expect(await run.result()).toBe(start2030 + 30 * 86_400_000);
  });
});

describe.each(backends)('a signal on $name', ({ options }) => {
  const open: typeof openGraph = (text, functions, more) => openGraph(text, functions, { ...options(), ...more });

  test('gives its payload, which may be shaped, and null where there is none', async () => {
    const { start } = await open(`
name: signals
tasks:
  - { id: plain, type: signal }
  - { id: named, type: signal, signal: "{% 'order-' & $input.id %}", output: "{% $result.by & ' ' & $input.id %}" }
`);
    const run = await start({ id: 7 });
    expect(await run.get()).toMatchObject({ status: 'waiting' });
    await run.signal('plain');
    await run.signal('order-7', { by: 'ada' });
    expect(await run.result()).toEqual({ plain: null, named: 'ada 7' });
    expect((await run.tasks()).map(({ key }) => key).sort()).toEqual(['signal:named', 'signal:plain']);
  });

  test('that came before is taken at once', async () => {
    const { start } = await open(`
name: early
tasks:
  - { id: first, type: wait, duration: 1h }
  - { id: go, type: signal, dependsOn: [first] }
`);
    const run = await start();
    await run.signal('go', 1);
    expect(await run.result()).toBe(1);
  });

  test('whose payload does not fit its schema fails, and says what is wrong', async () => {
    const { start } = await open(`
name: checked
tasks:
  - id: approval
    type: signal
    schema: { type: object, required: [approved], properties: { approved: { type: boolean } } }
    catch: { PayloadError: again }
  - { id: again, type: transform, output: "{% $tasks.approval.error %}" }
output: ["{% $tasks.approval.output %}", "{% $tasks.again.output %}"]
`);
    const good = await start();
    await good.signal('approval', { approved: true });
    expect(await good.result()).toEqual([{ approved: true }, null]);

    const bad = await start();
    await bad.signal('approval', { approved: 'yes' });
    const [, error] = (await bad.result()) as [null, { name: string; message: string; details: unknown }];
    expect(error.name).toBe('PayloadError');
    expect(error.message).toMatch(/^The payload of signal 'approval' does not fit the task's schema: approved: /);
    expect(error.details).toEqual([{ path: 'approved', message: expect.any(String) }]);
  });

  test('that does not come in time is a TimeoutError, which onTimeout leads elsewhere', async () => {
    const { t, start } = await open(`
name: late
tasks:
  - { id: approval, type: signal, timeout: 3d, onTimeout: remind }
  - { id: remind, type: transform, output: "{% $tasks.approval.error.name %}" }
output: "{% $tasks.remind.output %}"
`);
    expect(await (await start()).result()).toBe('TimeoutError');
    expect(t.now()).toBe(start2030 + 3 * 86_400_000);
    const { start: strict } = await open('name: strict\ntasks: [{ id: approval, type: signal, timeout: 3d }]');
    expect(await (await strict()).ended()).toMatchObject({ status: 'failed', error: { name: 'TimeoutError' } });
  });

  test('whose name is no text fails', async () => {
    const { start } = await open(`
name: odd
tasks:
  - { id: s, type: signal, signal: "{% $input.none %}" }
`);
    expect(await (await start({})).ended()).toMatchObject({ error: { name: 'ValueError' } });
  });
});

describe.each(backends)('time and chance on $name', ({ options }) => {
  test('are those of the run, the same after every death of a process', async () => {
    const text = `
name: drawing
tasks:
  - { id: now, type: transform, output: "{% $now() %}" }
  - { id: a, type: transform, output: ["{% $random() %}", "{% $random() %}", "{% $shuffle([1..20]) %}"] }
  - { id: w, type: wait, duration: 1d, dependsOn: [a, now] }
  - { id: b, type: transform, output: ["{% $tasks.a.output %}", "{% $tasks.now.output %}", "{% $now() %}"], dependsOn: [w] }
  - { id: c, type: executor, handler: echo, input: ["{% $tasks.b.output %}", "{% $random() %}"], dependsOn: [b] }
`;
    const { t, start } = await openGraph(text, {}, options());
    const [run, other] = [await start(), await start()];
    await t.advance('12h');
    await t.crash();
    const [[drawn, first, last]] = (await run.result()) as [[[number, number, number[]], string, string]];
    expect(first).toBe('2030-01-01T00:00:00.000Z');
    expect(last).toBe('2030-01-02T00:00:00.000Z');
    expect(drawn[0]).not.toBe(drawn[1]);
    expect([...drawn[2]].sort((x, y) => x - y)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    const [[otherDrawn]] = (await other.result()) as [[unknown[]]];
    expect(otherDrawn).not.toEqual(drawn);
    expect(await run.history()).not.toEqual([]);
  });
});
