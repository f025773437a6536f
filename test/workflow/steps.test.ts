import { type Context, NonRetryableError, type StepOptions, workflow } from 'pawl';
import { createTestPawl } from 'pawl/testing';
import { describe, expect, test } from 'vitest';

type Options = StepOptions<unknown>;

/** A kit with a workflow of one step. */
async function oneStep(run: () => unknown, options: Options = {}, kit: { patienceMs?: number } = {}) {
  const single = workflow({ name: 'single' }, (ctx) => ctx.step('work', () => run(), options));
  const t = await createTestPawl({ workflows: [single], ...kit });
  return { t, start: () => t.start('single') };
}

/** The delays between the calls of the step, in ms. */
function delays(calls: { at: number }[]): number[] {
  return calls.slice(1).map(({ at }, index) => at - (calls[index]?.at ?? 0));
}

describe('retry', () => {
  test('three attempts by default, half a second and a second apart, up to a fifth less', async () => {
    const { t, start } = await oneStep(() => 'done');
    t.failStep('work', { attempts: [1, 2] });
    const run = await start();
    expect(await run.result()).toBe('done');

    const [first = 0, second = 0] = delays(await run.attempts('work'));
    expect(first).toBeGreaterThanOrEqual(400);
    expect(first).toBeLessThanOrEqual(500);
    expect(second).toBeGreaterThanOrEqual(800);
    expect(second).toBeLessThanOrEqual(1_000);
  });

  test('delays grow by the factor up to the longest', async () => {
    const { t, start } = await oneStep(() => 'done', {
      retry: { attempts: 6, initial: '1s', factor: 3, max: '10s', jitter: 0 },
    });
    t.failStep('work', { attempts: [1, 2, 3, 4, 5] });
    const run = await start();
    await run.result();

    expect(delays(await run.attempts('work'))).toEqual([1_000, 3_000, 9_000, 10_000, 10_000]);
  });

  test('attempts used up: the run gets the last error, by its own name, code and details', async () => {
    class NoMoney extends Error {
      override readonly name = 'NoMoney';
      readonly code = 'E_EMPTY';
      readonly details = { balance: 0 };
    }
    let left = 2;
    const { start } = await oneStep(
      () => {
        left -= 1;
        throw new NoMoney(`${left} left`, { cause: new Error('spent') });
      },
      { retry: { attempts: 2 } },
    );

    expect(await (await start()).ended()).toMatchObject({
      status: 'failed',
      error: {
        name: 'NoMoney',
        message: '0 left',
        code: 'E_EMPTY',
        details: { balance: 0 },
        cause: { message: 'spent' },
      },
    });
  });

  test('retryIf decides', async () => {
    const { t, start } = await oneStep(() => 'done', { retry: { retryIf: (error) => error instanceof RangeError } });
    t.failStep('work', { attempts: [1], error: new RangeError('again') });
    t.failStep('work', { attempts: [2], error: new TypeError('never') });
    const run = await start();

    expect(await run.ended()).toMatchObject({ status: 'failed', error: { name: 'TypeError' } });
    expect(await run.attempts('work')).toHaveLength(2);
  });

  test('a retryIf that throws means no', async () => {
    const { t, start } = await oneStep(() => 'done', {
      retry: {
        retryIf: () => {
          throw new Error('oops');
        },
      },
    });
    t.failStep('work', { error: new Error('the real one') });
    expect(await (await start()).ended()).toMatchObject({ error: { message: 'the real one' } });
  });

  test('a NonRetryableError ends it, one of a subclass too', async () => {
    class Declined extends NonRetryableError {
      override readonly name = 'Declined';
    }
    const { t, start } = await oneStep(() => 'done');
    t.failStep('work', { error: new Declined('no') });
    const run = await start();

    expect(await run.ended()).toMatchObject({ error: { name: 'Declined', message: 'no' } });
    expect(await run.attempts('work')).toHaveLength(1);
  });

  test('what is thrown and is no Error is told as it is', async () => {
    const { start } = await oneStep(
      () => {
        throw { reason: 'odd' };
      },
      { retry: { attempts: 1 } },
    );
    expect(await (await start()).ended()).toMatchObject({
      error: { name: 'Error', message: 'A value that is not an Error was thrown: {"reason":"odd"}' },
    });
  });

  test('a workflow can catch a failed step and go on', async () => {
    const forgiving = workflow({ name: 'forgiving' }, async (ctx) => {
      try {
        await ctx.step('work', () => 'fine', { retry: { attempts: 1 } });
      } catch (error) {
        const { name, message, task } = error as { name: string; message: string; task: string };
        return { name, message, task };
      }
      return undefined;
    });
    const t = await createTestPawl({ workflows: [forgiving] });
    t.failStep('work', { error: new RangeError('too much') });

    expect(await (await t.start(forgiving)).result()).toEqual({
      name: 'RangeError',
      message: 'too much',
      task: 'work',
    });
  });
});

describe('timeouts', () => {
  test('an attempt that takes longer is aborted, and tried again', async () => {
    const aborted: string[] = [];
    const { t, start } = await oneStep(() => 'done', { timeout: '5s' }, { patienceMs: 1 });
    t.step('work', async ({ attempt, signal }, original) => {
      if (attempt > 1) return original();
      signal.addEventListener('abort', () => aborted.push((signal.reason as Error).message));
      return new Promise(() => {});
    });
    const run = await start();

    expect(await run.result()).toBe('done');
    expect(aborted).toEqual(["Step 'work' took longer than its timeout of 5000 ms"]);
  });

  test('after the last attempt the run gets a TimeoutError', async () => {
    const { t, start } = await oneStep(() => 'done', { timeout: '5s', retry: { attempts: 2, initial: 0 } });
    t.hangStep('work');

    expect(await (await start()).ended()).toMatchObject({
      error: { name: 'TimeoutError', message: "Step 'work' took longer than its timeout of 5000 ms" },
    });
  });

  test('an attempt that gives no heartbeat fails', async () => {
    const { t, start } = await oneStep(() => 'done', { heartbeatTimeout: '10s' });
    t.hangStep('work', { attempts: [1] });
    const run = await start();

    expect(await run.result()).toBe('done');
    expect((await run.history()).find(({ type }) => type === 'task_retried')).toMatchObject({
      error: { name: 'TimeoutError', message: "Step 'work' gave no heartbeat for 10000 ms" },
    });
  });

  test('heartbeats keep a long attempt alive', async () => {
    const beating = workflow({ name: 'beating' }, (ctx) =>
      ctx.step('encode', () => 'encoded', { heartbeatTimeout: '10s', retry: { attempts: 1 } }),
    );
    const t = await createTestPawl({ workflows: [beating], patienceMs: 5 });
    let finish: (value: string) => void = () => {};
    let keepAlive = () => {};
    t.step('encode', ({ heartbeat }) => {
      keepAlive = heartbeat;
      return new Promise((resolve) => {
        finish = resolve;
      });
    });
    const run = await t.start(beating);
    await t.settle();
    for (let turn = 0; turn < 5; turn += 1) {
      await t.advance('8s');
      keepAlive();
    }
    finish('encoded after 40 s');

    expect(await run.result()).toBe('encoded after 40 s');
  });
});

describe('what a step is told', () => {
  test('its attempt, and a token that all its attempts share and no other step has', async () => {
    const told: { step: string; attempt: number; token: string }[] = [];
    const telling = workflow({ name: 'telling' }, async (ctx) => {
      for (const step of ['a', 'b']) {
        await ctx.step(step, ({ attempt, idempotencyToken: token }) => {
          told.push({ step, attempt, token });
          if (attempt < 2) throw new Error('again');
        });
      }
    });
    const t = await createTestPawl({ workflows: [telling] });
    await (await t.start(telling)).result();

    expect(told.map(({ step, attempt }) => `${step}${attempt}`)).toEqual(['a1', 'a2', 'b1', 'b2']);
    const [a1, a2, b1] = told.map(({ token }) => token);
    expect(a1).toBe(a2);
    expect(a1).not.toBe(b1);
  });

  test('an abort when the run is cancelled', async () => {
    let reason: unknown;
    const { t, start } = await oneStep(() => 'done', {}, { patienceMs: 1 });
    t.step('work', ({ signal }) => {
      signal.addEventListener('abort', () => {
        reason = signal.reason;
      });
      return new Promise(() => {});
    });
    const run = await start();
    await t.settle();
    await run.cancel();

    expect((await run.ended()).status).toBe('cancelled');
    expect(reason).toBeInstanceOf(Error);
  });
});

describe('atMostOnce', () => {
  test('after a crash the step fails instead of running again', async () => {
    const { t, start } = await oneStep(() => 'sent', { atMostOnce: true });
    t.crashAt('work');
    const run = await start();

    expect(await run.ended()).toMatchObject({
      status: 'failed',
      error: {
        name: 'OutcomeUnknownError',
        code: 'outcome_unknown',
        message: "The process died during step 'work', which runs at most once: whether it took effect is not known",
      },
    });
    expect(await run.attempts('work')).toHaveLength(1);
  });

  test('it is marked as started before it runs, and not retried unless asked', async () => {
    const { t, start } = await oneStep(() => 'sent', { atMostOnce: true });
    t.failStep('work');
    const run = await start();
    await run.ended();

    expect((await run.history()).map(({ type }) => type)).toEqual(['task_started', 'task_failed', 'run_failed']);
  });

  test('with attempts it is retried after failures that are known', async () => {
    const { t, start } = await oneStep(() => 'sent', { atMostOnce: true, retry: { attempts: 2 } });
    t.failStep('work', { attempts: [1] });

    expect(await (await start()).result()).toBe('sent');
  });
});

describe('results', () => {
  test('are what JSON makes of them, live and in replay alike', async () => {
    const dated = workflow({ name: 'dated' }, async (ctx) => {
      const first = await ctx.step('date', () => ({ at: new Date(0), left: undefined, url: new URL('https://a.b/c') }));
      await ctx.sleep('1d');
      return { first, keys: Object.keys(first), type: typeof first.at };
    });
    const t = await createTestPawl({ workflows: [dated] });

    expect(await (await t.start(dated)).result()).toEqual({
      first: { at: '1970-01-01T00:00:00.000Z', url: 'https://a.b/c' },
      keys: ['at', 'url'],
      type: 'string',
    });
  });

  test('of 200 KB go to the blob store and come back whole', async () => {
    const { start } = await oneStep(() => 'x'.repeat(200_000));
    const run = await start();

    expect(await run.result()).toHaveLength(200_000);
    expect(await run.tasks()).toMatchObject([{ key: 'work', result: expect.stringMatching(/^x{200000}$/) }]);
  });

  test('of undefined stay undefined', async () => {
    const { start } = await oneStep(() => undefined);
    const run = await start();

    expect(await run.result()).toBeUndefined();
    expect(await run.get()).not.toHaveProperty('output');
  });
});

describe('steps side by side', () => {
  test('run at once, and a step may be started first and awaited later', async () => {
    const started: string[] = [];
    const pair = workflow({ name: 'pair' }, async (ctx) => {
      const slow = ctx.step('slow', () => started.push('slow'));
      const quick = ctx.step('quick', () => started.push('quick'));
      await quick;
      return slow;
    });
    const t = await createTestPawl({ workflows: [pair] });
    t.step('slow', (_attempt, original) => original(), { takes: '1h' });

    expect(await (await t.start(pair)).result()).toBe(2);
    expect(started).toEqual(['quick', 'slow']);
  });

  test('a step that nobody awaited is reported when the run ends', async () => {
    const careless = workflow({ name: 'careless' }, async (ctx) => {
      void ctx.step('forgotten', () => new Promise(() => {}));
      await ctx.step('awaited', () => 1);
      return 'done';
    });
    const t = await createTestPawl({ workflows: [careless], patienceMs: 1 });
    const run = await t.start(careless);

    expect(await run.ended()).toMatchObject({ status: 'completed', output: 'done', unawaited: ['forgotten'] });
  });

  test('what fails unawaited fails neither the run nor the process', async () => {
    const careless = workflow({ name: 'careless' }, async (ctx) => {
      const failing = { run: (scope: Context) => scope.step('forgotten', () => 1, { retry: { attempts: 1 } }) };
      void failing.run(ctx);
      void ctx.all('all', failing);
      void ctx.race('race', failing);
      void ctx.map('map', [1], (_item, scope) => failing.run(scope));
      void ctx.child('nobody');
      void ctx.signal('never', { timeout: '1s' });
      const { name } = (await ctx
        .sleep('1m')
        .then(() => ctx.step('late', () => 1, { retry: { attempts: 0 } }))
        .catch((error: Error) => error)) as Error;
      return name;
    });
    const t = await createTestPawl({ workflows: [careless] });
    t.failStep('forgotten');

    // An unhandled rejection would fail this file.
    expect(await (await t.start(careless)).result()).toBe('Fault');
  });

  test('a step that failed before it is awaited throws when it is awaited', async () => {
    const late = workflow({ name: 'late' }, async (ctx) => {
      const charge = ctx.step('charge', () => 1, { retry: { attempts: 1 } });
      await ctx.sleep('1d');
      await charge;
    });
    const t = await createTestPawl({ workflows: [late] });
    t.failStep('charge', { error: new Error('no') });

    expect(await (await t.start(late)).ended()).toMatchObject({
      status: 'failed',
      error: { message: 'no' },
    });
  });
});
