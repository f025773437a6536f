import { type Context, type Fault, openPawl, workflow } from 'pawl';
import { createTestPawl, type TestPawlOptions } from 'pawl/testing';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

type Program = (ctx: Context, input: unknown) => Promise<unknown>;

/** How a run of this code ends. */
async function endOf(program: Program, options: Partial<TestPawlOptions> = {}) {
  const t = await createTestPawl({ workflows: [workflow({ name: 'work' }, program)], ...options });
  return (await t.start('work')).ended();
}

async function errorOf(program: Program, options: Partial<TestPawlOptions> = {}) {
  const { status, error } = await endOf(program, options);
  expect(status).toBe('failed');
  return error;
}

describe('a start that cannot be', () => {
  const order = workflow(
    {
      name: 'order',
      input: z.object({ amount: z.number().positive(), lines: z.array(z.object({ sku: z.string() })) }),
    },
    async () => 1,
  );

  test('an unknown workflow: what there is', async () => {
    const t = await createTestPawl({ workflows: [order] });
    await expect(t.start('ordre')).rejects.toMatchObject({
      code: 'not_found',
      message: "There is no workflow 'ordre'. There are: order.",
    });
    await expect(t.start('order', {}, { version: 9 })).rejects.toMatchObject({
      code: 'not_found',
      message: "There is no version 9 of workflow 'order'. There are: order.",
    });
  });

  test('an input that does not fit: every path, and no run', async () => {
    const t = await createTestPawl({ workflows: [order] });
    const fault: Fault = await t.start('order', { amount: -1, lines: [{ sku: 'a' }, { sku: 7 }] }).catch((e) => e);
    expect(fault.code).toBe('invalid_input');
    expect(fault.message).toMatch(/^The input of order does not fit its schema: amount: .*; lines\[1\]\.sku: /);
    expect(fault.problems?.map(({ path }) => path)).toEqual(['amount', 'lines[1].sku']);
    expect((await t.api.listRuns()).items).toEqual([]);
  });

  test('an input that JSON cannot hold', async () => {
    const any = workflow({ name: 'any' }, async (_ctx, input: unknown) => input);
    const t = await createTestPawl({ workflows: [any] });
    await expect(t.start(any, { amount: 10n })).rejects.toThrow(
      'The input of any at amount: JSON cannot hold a bigint',
    );
  });

  test('a key, a correlation id or a signal name of no length, or of too much', async () => {
    const any = workflow({ name: 'any' }, (ctx) => ctx.signal('go'));
    const t = await createTestPawl({ workflows: [any] });
    await expect(t.start(any, undefined, { key: '' })).rejects.toThrow(
      'The idempotency key has 0 characters; it has 1 to 256',
    );
    await expect(t.start(any, undefined, { correlationId: 'x'.repeat(257) })).rejects.toThrow(
      'The correlation id has 257 characters; it has 1 to 256',
    );
    const run = await t.start(any);
    await expect(run.signal('')).rejects.toThrow("The signal's name has 0 characters; it has 1 to 128");
  });

  test('two workflows of one name and version', async () => {
    const twin = workflow({ name: 'order' }, async () => 2);
    await expect(openPawl({ workflows: [order, twin], dataDir: ':memory:' })).rejects.toMatchObject({
      code: 'conflict',
      message: 'Two workflows are named order and have version 1',
    });
  });
});

describe('a definition that cannot be', () => {
  const define = (options: Parameters<typeof workflow>[0]) => () => workflow(options, async () => 1);

  test.each(['', 'a/b', 'ä', ' order', '-x', 'x'.repeat(129)])("the name '%s'", (name) => {
    expect(define({ name })).toThrow(
      `'${name}' cannot name a workflow: letters, digits, '.', '_' and '-', up to 128, the first a letter or digit`,
    );
  });

  test.each([0, -1, 1.5, Number.NaN])('version %s', (version) => {
    expect(define({ name: 'order', version })).toThrow(
      `Workflow order: version ${version} is not a whole number from 1`,
    );
  });

  test('a timeout or a retention that is no duration', () => {
    const hint = "is not a duration. Write milliseconds or, for instance, '500ms', '30s', '5m', '2h', '7d'.";
    expect(define({ name: 'order', timeout: '1 hour' as '1h' })).toThrow(`Workflow order, timeout: '1 hour' ${hint}`);
    expect(define({ name: 'order', retention: 'ever' as '1h' })).toThrow(`Workflow order, retention: 'ever' ${hint}`);
  });
});

describe('what JSON cannot hold', () => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = { again: cyclic };

  test.each<[string, unknown, string]>([
    ['a function', { on: { click: () => 1 } }, ' at on.click: JSON cannot hold a function'],
    ['a BigInt', [1n], ' at [0]: JSON cannot hold a bigint'],
    ['a symbol', { tag: Symbol('x') }, ' at tag: JSON cannot hold a symbol'],
    ['NaN', { rate: { eur: Number.NaN } }, ' at rate.eur: NaN is not a finite number'],
    ['infinity', Number.NEGATIVE_INFINITY, ': -Infinity is not a finite number'],
    ['a Map', { stock: new Map() }, ' at stock: JSON cannot hold a Map'],
    ['a Set', new Set(), ': JSON cannot hold a Set'],
    ['bytes', [new Uint8Array(1)], ' at [0]: JSON cannot hold a Uint8Array'],
    ['a promise', { later: Promise.resolve(1) }, ' at later: JSON cannot hold a Promise'],
    ['an error', { why: new Error('x') }, ' at why: JSON keeps nothing of an Error: give its name and message'],
    ['itself', cyclic, ' at self.again: it contains itself'],
    ['undefined in an array', { list: [1, undefined] }, ' at list[1]: JSON cannot hold undefined in an array'],
    ['a hole in an array', new Array(1), ' at [0]: JSON cannot hold undefined in an array'],
    ['a pattern', /x/, ': JSON cannot hold a RegExp'],
    ['a date that is none', { at: new Date(Number.NaN) }, ' at at: JSON cannot hold an invalid Date'],
  ])('%s, as the result of a step: it is not tried again', async (_what, value, complaint) => {
    let calls = 0;
    const error = await errorOf((ctx) =>
      ctx.step('work', () => {
        calls += 1;
        return value;
      }),
    );
    expect(error?.message).toBe(`The result of step 'work'${complaint}`);
    expect(error?.code).toBe('invalid_input');
    expect(calls).toBe(1);
  });

  test('as the output: the run fails, and says where', async () => {
    const error = await errorOf(async () => ({ total: { eur: Number.POSITIVE_INFINITY } }));
    expect(error).toMatchObject({
      message: 'The output of work at total.eur: Infinity is not a finite number',
      details: [{ path: 'total.eur', message: 'Infinity is not a finite number' }],
    });
  });

  test('as the payload of a signal, an answer, a report or the input of a child', async () => {
    const waiting = workflow({ name: 'waiting' }, (ctx) => ctx.signal('go'));
    const t = await createTestPawl({ workflows: [waiting] });
    const run = await t.start(waiting);
    await expect(run.signal('go', { n: 1n })).rejects.toThrow(
      "The payload of signal 'go' at n: JSON cannot hold a bigint",
    );
    expect((await run.get()).events).toBe(1);

    expect((await errorOf(async (ctx) => ctx.report({ n: 1n })))?.message).toBe(
      'The report at n: JSON cannot hold a bigint',
    );
    expect((await errorOf(async (ctx) => ctx.continueAs({ n: 1n })))?.message).toBe(
      'The input given to continueAs at n: JSON cannot hold a bigint',
    );
    const parent = workflow({ name: 'parent' }, (ctx) => ctx.child('waiting', { n: 1n }));
    const family = await createTestPawl({ workflows: [waiting, parent] });
    expect((await (await family.start(parent)).ended()).error?.message).toBe(
      'The input of waiting at n: JSON cannot hold a bigint',
    );
  });

  test('nests too deep', async () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100; level += 1) deep = { a: deep };
    const error = await errorOf((ctx) => ctx.step('work', () => deep));
    expect(error?.message).toMatch(
      /^The result of step 'work' at a(\.a)+: it nests deeper than the limit payloadDepth$/,
    );
  });

  test('an output that does not fit its schema', async () => {
    const strict = workflow({ name: 'strict', output: z.object({ total: z.number() }) }, async () => ({
      total: 'much' as unknown as number,
    }));
    const t = await createTestPawl({ workflows: [strict] });
    const { error } = await (await t.start(strict)).ended();
    expect(error?.message).toMatch(/^The output of strict does not fit its schema: total: /);
  });
});

describe('what is too large', () => {
  const limits = { payloadBytes: 1_000 };

  test('a result: code too_large, the limit by its name, no second attempt', async () => {
    let calls = 0;
    const error = await errorOf(
      (ctx) =>
        ctx.step('work', () => {
          calls += 1;
          return 'ä'.repeat(600);
        }),
      { limits },
    );
    expect(error).toMatchObject({
      code: 'too_large',
      message: "The result of step 'work' has 1202 bytes of JSON; the limit payloadBytes is 1000",
    });
    expect(calls).toBe(1);
  });

  test('an input, a signal and an output', async () => {
    const echo = workflow({ name: 'echo' }, async (ctx, input: number) => {
      await ctx.signal('go');
      return 'x'.repeat(input);
    });
    const t = await createTestPawl({ workflows: [echo], limits });
    await expect(t.start('echo', 'x'.repeat(1_000))).rejects.toMatchObject({ code: 'too_large' });
    const run = await t.start(echo, 2_000);
    await expect(run.signal('go', 'x'.repeat(1_000))).rejects.toMatchObject({ code: 'too_large' });
    await run.signal('go');
    expect((await run.ended()).error?.message).toBe(
      'The output of echo has 2002 bytes of JSON; the limit payloadBytes is 1000',
    );
  });

  test('a journal: the run fails, and is told of continueAs', async () => {
    const error = await errorOf(
      async (ctx) => {
        for (let turn = 0; ; turn += 1) await ctx.step(`turn ${turn}`, () => 1);
      },
      { limits: { eventsPerRun: 50 } },
    );
    expect(error).toMatchObject({
      name: 'LimitError',
      message: "The run's journal is longer than the limit eventsPerRun, 50. Use ctx.continueAs() for long loops.",
    });
  });
});

describe('names of tasks', () => {
  test('two of one name in one scope', async () => {
    const error = await errorOf(async (ctx) => {
      await ctx.step('work', () => 1);
      await ctx.step('work', () => 2);
    });
    expect(error).toMatchObject({
      name: 'WorkflowError',
      message:
        "Two tasks are named 'work'. Give each task of one scope a name of its own, for instance with the number of the loop's turn in it.",
    });
  });

  test('two maps of one name in one scope', async () => {
    const error = await errorOf(async (ctx) => {
      await ctx.map('lines', [1], (_item, scope) => scope.step('work', () => 1));
      await ctx.map('lines', [1], (_item, scope) => scope.step('work', () => 1));
    });
    expect(error?.message).toMatch(/^Two tasks are named 'lines\/0\/work'/);
  });

  test.each(['a/b', '', 'x'.repeat(129)])("'%s'", async (name) => {
    const error = await errorOf((ctx) => ctx.step(name, () => 1));
    expect(error?.message).toBe(`'${name.slice(0, 40)}' cannot name a task: a name has 1 to 128 characters and no '/'`);
  });

  test('a branch and a map with a slash', async () => {
    expect((await errorOf((ctx) => ctx.all('both', { 'a/b': async () => 1 })))?.message).toMatch(/^'a\/b' cannot name/);
    expect((await errorOf((ctx) => ctx.map('a/b', [1], async () => 1)))?.message).toMatch(/^'a\/b' cannot name/);
  });

  test('a key that grows too long through its scopes', async () => {
    const nest = (ctx: Context, levels: number): Promise<unknown> =>
      levels === 0
        ? ctx.step('work', () => 1)
        : ctx.all('x'.repeat(100), { branch: (scope) => nest(scope, levels - 1) });
    expect((await errorOf((ctx) => nest(ctx, 8)))?.message).toMatch(/is longer than the limit keyChars, 600$/);
  });
});

describe('options that make no sense', () => {
  const step = (options: Parameters<Context['step']>[2]) => (ctx: Context) => ctx.step('work', () => 1, options);

  test.each<[string, Program, string]>([
    [
      'no attempts',
      step({ retry: { attempts: 0 } }),
      "Step 'work', retry: attempts is 0; it is a whole number from 1 to 1000",
    ],
    [
      'too many',
      step({ retry: { attempts: 1001 } }),
      "Step 'work', retry: attempts is 1001; it is a whole number from 1 to 1000",
    ],
    [
      'half an attempt',
      step({ retry: { attempts: 1.5 } }),
      "Step 'work', retry: attempts is 1.5; it is a whole number from 1 to 1000",
    ],
    ['a shrinking delay', step({ retry: { factor: 0.5 } }), "Step 'work', retry: factor is 0.5; it is a number from 1"],
    [
      'an infinite factor',
      step({ retry: { factor: Number.POSITIVE_INFINITY } }),
      "Step 'work', retry: factor is Infinity; it is a number from 1",
    ],
    ['too much jitter', step({ retry: { jitter: 2 } }), "Step 'work', retry: jitter is 2; it is from 0 to 1"],
    [
      'a delay in words',
      step({ retry: { initial: 'soon' as '1s' } }),
      "Step 'work', retry.initial: 'soon' is not a duration.",
    ],
    ['a negative timeout', step({ timeout: -1 }), "Step 'work', timeout: '-1' is not a duration."],
    [
      'a heartbeat in weeks of words',
      step({ heartbeatTimeout: '1 week' as '1w' }),
      "Step 'work', heartbeatTimeout: '1 week' is not a duration.",
    ],
    ['a sleep of no number', (ctx) => ctx.sleep(Number.NaN), "ctx.sleep: 'NaN' is not a duration."],
    [
      'a sleep until nonsense',
      (ctx) => ctx.sleepUntil('tomorrow'),
      "ctx.sleepUntil: 'tomorrow' is not a moment. Give a Date, ISO 8601, or milliseconds since the epoch.",
    ],
    [
      'a signal timeout',
      (ctx) => ctx.signal('go', { timeout: 'x' as '1s' }),
      "Signal 'go', timeout: 'x' is not a duration.",
    ],
    [
      'no concurrency',
      (ctx) => ctx.map('m', [1], async () => 1, { concurrency: 0 }),
      'The concurrency of a map is 0; it is at least 1',
    ],
    [
      'negative tolerance',
      (ctx) => ctx.map('m', [1], async () => 1, { tolerate: -1 }),
      'A map tolerates -1 failures; it is at least 0',
    ],
  ])('%s', async (_what, program, message) => {
    expect((await errorOf(program))?.message).toContain(message);
  });

  test('a timer beyond the deadline', async () => {
    const error = await errorOf((ctx) => ctx.sleep('8d'), { now: '2030-01-01' });
    expect(error?.message).toBe(
      "The timer 'sleep:8d' would fire at 2030-01-09T00:00:00.000Z, after the run's deadline 2030-01-08T00:00:00.000Z. " +
        'Give the workflow a longer timeout.',
    );
  });
});

describe('a workflow that awaits what is not of the context', () => {
  async function blocked(program: Program) {
    const t = await createTestPawl({ workflows: [workflow({ name: 'work' }, program)] });
    const run = await t.start('work');
    await t.advance('10s');
    const view = await run.get();
    expect(view.status).toBe('blocked');
    return { t, run, message: view.blocked?.message };
  }

  test('and never ends is blocked as stuck', async () => {
    const { run, message } = await blocked(() => new Promise(() => {}));
    expect(message).toBe(
      `Run ${run.id} of work@1 is stuck: the workflow has not ended, and waits for none of its tasks. ` +
        "It probably awaits something that is not the context's: a promise that never settles, a fetch, a timer. Do such work in ctx.step().",
    );
  });

  test('and calls the context afterwards is blocked, and the call has no effect', async () => {
    let ran = false;
    const { run, message } = await blocked(async (ctx) => {
      void ctx.step('long', () => new Promise(() => {}));
      await new Promise((resolve) => setTimeout(resolve, 15));
      await ctx.step('late', () => {
        ran = true;
      });
    });
    expect(message).toBe(
      `Run ${run.id} of work@1: A step 'late' was called when the run had no event to react to. ` +
        "The workflow has probably awaited something that is not the context's (a fetch, a timer, another promise), " +
        'or it calls the context inside a step. Do such work in ctx.step().',
    );
    expect(ran).toBe(false);
  });

  test('and ends afterwards is blocked too', async () => {
    const { message } = await blocked(async (ctx) => {
      void ctx.step('long', () => new Promise(() => {}));
      await new Promise((resolve) => setTimeout(resolve, 15));
      return 'too late';
    });
    expect(message).toContain('The end of the workflow was called when the run had no event to react to');
  });

  test('a context that is called inside a step is found out as well', async () => {
    const { message } = await blocked((ctx) =>
      ctx.step('outer', async () => {
        await new Promise((resolve) => setTimeout(resolve, 15));
        return ctx.step('inner', () => 1);
      }),
    );
    expect(message).toContain("A step 'inner' was called when the run had no event to react to");
  });

  test('goes on once it is fixed', async () => {
    const { t, run } = await blocked(() => new Promise(() => {}));
    await t.deploy([workflow({ name: 'work' }, (ctx) => ctx.step('fixed', () => 'went on'))]);
    expect(await run.result()).toBe('went on');
  });
});

describe('code that does not fit the journal', () => {
  const kinds = (first: string) =>
    workflow({ name: 'work' }, async (ctx) => {
      await ctx.step(first, () => 1);
      await ctx.sleep('1h', { name: 'pause' });
      return first;
    });

  test('blocks the run, says what was expected, what came and where, and recovers', async () => {
    const t = await createTestPawl({ workflows: [kinds('charge')] });
    const run = await t.start('work');
    await t.settle();
    await t.deploy([kinds('pay')]);
    await t.advance('1h');

    const { status, blocked } = await run.get();
    expect(status).toBe('blocked');
    expect(blocked?.code).toBe('non_deterministic');
    expect(blocked?.message).toBe(
      `Run ${run.id} of work@1: at event 1 the journal expects the code to have asked for the step 'charge', but it asks for step 'pay'. ` +
        'The code has changed under this open run: deploy code that still asks for it, or guard the change with ctx.version().',
    );
    expect(await run.attempts('pay')).toEqual([]);

    await t.deploy([kinds('charge')]);
    expect(await run.result()).toBe('charge');
  });

  test('a version that is not deployed blocks its runs until it is', async () => {
    const first = workflow({ name: 'work' }, async (ctx) => {
      await ctx.sleep('1h');
      return 'first';
    });
    const t = await createTestPawl({ workflows: [first] });
    const run = await t.start('work');
    await t.settle();
    await t.deploy([workflow({ name: 'work', version: 2 }, async () => 'second')]);
    await t.advance('1h');
    expect((await run.get()).blocked).toMatchObject({
      code: 'not_deployed',
      message: 'Workflow work@1 is not deployed here. Deploy it, and the run goes on.',
    });
    await t.deploy([first]);
    expect(await run.result()).toBe('first');
  });
});
