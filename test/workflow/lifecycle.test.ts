import { CancelledError, type Durability, openPawl, RunNotCompleted, TimeoutError, workflow } from 'pawl';
import { createTestPawl } from 'pawl/testing';
import { describe, expect, test } from 'vitest';

describe('a start', () => {
  const echo = workflow({ name: 'echo' }, async (_ctx, input: unknown) => input);

  test('with a key is the same run, however often it is asked for, while it runs and after', async () => {
    const t = await createTestPawl({ workflows: [echo] });
    const first = await t.start(echo, { a: 1 }, { key: 'k' });
    const second = await t.start(echo, { a: 1 }, { key: 'k' });
    expect(second.id).toBe(first.id);
    await first.result();
    const third = await t.start(echo, { a: 1 }, { key: 'k' });
    expect(third.id).toBe(first.id);
    expect(await third.result()).toEqual({ a: 1 });
  });

  test('with the key of another input is a conflict', async () => {
    const t = await createTestPawl({ workflows: [echo] });
    const { id } = await t.start(echo, 1, { key: 'k' });
    await expect(t.start(echo, 2, { key: 'k' })).rejects.toMatchObject({
      code: 'conflict',
      message: `The key 'k' belongs to run ${id} of echo, which was started with another input`,
    });
  });

  test('takes the latest version, or the one asked for', async () => {
    const versions = [1, 3, 2].map((version) => workflow({ name: 'v', version }, async () => version));
    const t = await createTestPawl({ workflows: versions });
    expect(await (await t.start('v')).result()).toBe(3);
    expect(await (await t.start('v', undefined, { version: 2 })).result()).toBe(2);
  });
});

describe('the deadline', () => {
  test('reaches the workflow as a TimeoutError, and it fails', async () => {
    const slow = workflow({ name: 'slow', timeout: '1h' }, (ctx) => ctx.signal('never'));
    const t = await createTestPawl({ workflows: [slow] });
    const run = await t.start(slow);
    await t.advance('1h');
    expect(await run.get()).toMatchObject({
      status: 'failed',
      error: { name: 'TimeoutError', message: 'The run passed its deadline' },
    });
  });

  test('compensation gets a grace', async () => {
    const slow = workflow({ name: 'slow', timeout: '1h' }, async (ctx) => {
      await ctx.step('book', () => 1, { compensate: () => 1 });
      await ctx.signal('never');
    });
    const t = await createTestPawl({ workflows: [slow] });
    t.failStep('compensate:book', { attempts: [1, 2] });
    const run = await t.start(slow);
    await t.advance('2h');
    expect(await run.get()).toMatchObject({ status: 'failed', error: { name: 'TimeoutError' } });
    expect((await run.attempts('compensate:book')).map(({ outcome }) => outcome)).toEqual([
      'failed',
      'failed',
      'completed',
    ]);
  });

  test('a compensation that hangs ends with the grace', async () => {
    const slow = workflow({ name: 'slow', timeout: '1h' }, async (ctx) => {
      await ctx.step('book', () => 1, { compensate: () => 1 });
      await ctx.signal('never');
    });
    const t = await createTestPawl({ workflows: [slow] });
    t.hangStep('compensate:book');
    const run = await t.start(slow);
    await t.advance('2h');
    expect(await run.get()).toMatchObject({
      status: 'failed',
      error: {
        name: 'TimeoutError',
        message: 'The run passed its deadline, and its compensation did not end within the limit timeoutGraceMs',
      },
    });
  });

  test('aborts a running step', async () => {
    let reason: unknown;
    const slow = workflow({ name: 'slow', timeout: '1h' }, (ctx) =>
      ctx.step('work', ({ signal }) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason;
        });
        return new Promise(() => {});
      }),
    );
    const t = await createTestPawl({ workflows: [slow], patienceMs: 1 });
    expect(await (await t.start(slow)).ended()).toMatchObject({ error: { name: 'TimeoutError' } });
    expect(reason).toBeInstanceOf(Error);
  });

  test('a workflow may catch it and still complete', async () => {
    const slow = workflow({ name: 'slow', timeout: '1h' }, async (ctx) => {
      try {
        await ctx.signal('never');
      } catch (error) {
        if (error instanceof TimeoutError) return 'best effort';
        throw error;
      }
      return 'all of it';
    });
    const t = await createTestPawl({ workflows: [slow] });
    const run = await t.start(slow);
    await t.advance('1h');
    expect(await run.get()).toMatchObject({ status: 'completed', output: 'best effort' });
  });

  test('passes while the run is paused, too', async () => {
    const slow = workflow({ name: 'slow', timeout: '1h' }, (ctx) => ctx.signal('never'));
    const t = await createTestPawl({ workflows: [slow] });
    const run = await t.start(slow);
    await run.pause();
    await t.advance('2h');
    expect((await run.get()).status).toBe('failed');
  });
});

describe('pause', () => {
  const stages = workflow({ name: 'stages' }, async (ctx) => {
    await ctx.step('one', () => 1);
    await ctx.sleep('1h');
    await ctx.step('two', () => 2);
    return 'both';
  });

  test('fires no timer and starts no step until resume, then what is overdue', async () => {
    const t = await createTestPawl({ workflows: [stages] });
    const run = await t.start(stages);
    await t.settle();
    await run.pause();
    await t.advance('5h');
    expect((await run.get()).status).toBe('paused');
    expect(await run.attempts('two')).toEqual([]);

    await run.resume();
    expect((await run.get()).status).toBe('completed');
  });

  test('lets a running step end, and keeps its outcome', async () => {
    const t = await createTestPawl({ workflows: [stages] });
    t.step('one', () => 1, { takes: '10m' });
    const run = await t.start(stages);
    await t.settle();
    await run.pause();
    await t.advance('20m');
    expect(await run.tasks()).toContainEqual(expect.objectContaining({ key: 'one', status: 'completed' }));
    expect((await run.get()).status).toBe('paused');
    await run.resume();
    expect(await run.result()).toBe('both');
    expect(await run.attempts('one')).toHaveLength(1);
  });

  test('survives a crash', async () => {
    const t = await createTestPawl({ workflows: [stages] });
    const run = await t.start(stages);
    await run.pause();
    await t.crash();
    await t.advance('5h');
    expect((await run.get()).status).toBe('paused');
  });

  test('keeps signals for later', async () => {
    const waiting = workflow({ name: 'waiting' }, async (ctx) => {
      const got = await ctx.signal('go');
      await ctx.step('after', () => 1);
      return got;
    });
    const t = await createTestPawl({ workflows: [waiting] });
    const run = await t.start(waiting);
    await run.pause();
    await t.settle();
    await run.signal('go', 7);
    expect((await run.get()).status).toBe('paused');
    expect(await run.attempts('after')).toEqual([]);
    await run.resume();
    expect(await run.result()).toBe(7);
  });

  test('a cancel opens a paused run', async () => {
    const t = await createTestPawl({ workflows: [stages] });
    const run = await t.start(stages);
    await t.settle();
    await run.pause();
    await t.settle();
    await run.cancel('never mind');
    expect(await run.get()).toMatchObject({ status: 'cancelled', cancelRequested: true });
  });

  test('pressed twice, or resumed without a pause, is harmless', async () => {
    const t = await createTestPawl({ workflows: [stages] });
    const run = await t.start(stages);
    await run.resume();
    await run.pause();
    await run.pause();
    await run.resume();
    expect(await run.result()).toBe('both');
  });
});

describe('cancel', () => {
  const handling = workflow({ name: 'handling' }, async (ctx) => {
    try {
      await ctx.signal('go');
    } catch (error) {
      if (!(error instanceof CancelledError)) throw error;
      await ctx.step('clean up', () => 'cleaned');
      throw error;
    }
    return 'went';
  });

  test('reaches the workflow as an error; steps that clean up still run', async () => {
    const t = await createTestPawl({ workflows: [handling] });
    const run = await t.start(handling);
    await t.settle();
    await run.cancel('a person');
    expect(await run.ended()).toMatchObject({
      status: 'cancelled',
      error: { name: 'CancelledError', message: 'a person' },
    });
    expect(await run.tasks()).toContainEqual(expect.objectContaining({ key: 'clean up', status: 'completed' }));
  });

  test('ends as cancelled even if the workflow completes', async () => {
    const stubborn = workflow({ name: 'stubborn' }, (ctx) => ctx.signal('go').catch(() => 'I go on'));
    const t = await createTestPawl({ workflows: [stubborn] });
    const run = await t.start(stubborn);
    await t.settle();
    await run.cancel();
    expect(await run.ended()).toMatchObject({
      status: 'cancelled',
      error: { name: 'CancelledError', message: 'The run was cancelled' },
    });
  });

  test('what failed in cleaning up is its cause', async () => {
    const t = await createTestPawl({ workflows: [handling] });
    t.failStep('clean up', { error: new RangeError('stuck') });
    const run = await t.start(handling);
    await t.settle();
    await run.cancel('a person');
    expect(await run.ended()).toMatchObject({
      status: 'cancelled',
      error: { name: 'CancelledError', message: 'a person', cause: { name: 'RangeError', message: 'stuck' } },
    });
  });

  test('twice is once', async () => {
    const t = await createTestPawl({ workflows: [handling] });
    const run = await t.start(handling);
    await t.settle();
    await Promise.all([run.cancel('first'), run.cancel('second')]);
    expect(await run.ended()).toMatchObject({ status: 'cancelled', error: { message: 'first' } });
    expect(await run.attempts('clean up')).toHaveLength(1);
  });

  test('before the first turn cancels a run that has done nothing', async () => {
    const t = await createTestPawl({ workflows: [handling] });
    const run = await t.start(handling);
    await run.cancel('at once');
    expect((await run.ended()).status).toBe('cancelled');
  });

  test('of a run that has ended is refused', async () => {
    const t = await createTestPawl({ workflows: [handling] });
    const run = await t.start(handling);
    await run.signal('go');
    await run.result();
    await expect(run.cancel()).rejects.toMatchObject({ code: 'settled' });
  });

  test('result() throws what became of the run', async () => {
    const t = await createTestPawl({ workflows: [handling] });
    const run = await t.start(handling);
    await run.cancel('at once');
    const error = await run.result().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RunNotCompleted);
    expect((error as Error).message).toBe(`Run ${run.id} of handling cancelled: at once`);
  });
});

describe('durability', () => {
  const chain = (durability: Durability) =>
    workflow({ name: 'chain', durability }, async (ctx) => {
      for (let turn = 0; turn < 10; turn += 1) await ctx.step(`step ${turn}`, () => turn);
      await ctx.sleep('1d');
      return 'done';
    });

  async function appendsOf(durability: Durability): Promise<number> {
    const t = await createTestPawl({ workflows: [chain(durability)] });
    const run = await t.start('chain');
    expect(await run.result()).toBe('done');
    return new Set((await run.history()).map(({ position }) => position)).size;
  }

  test('each: an outcome is durable before the next step', async () => {
    expect(await appendsOf('each')).toBeGreaterThanOrEqual(11);
  });

  test.each(['relaxed', 'none'] as const)(
    '%s: outcomes are written together when the run waits',
    async (durability) => {
      expect(await appendsOf(durability)).toBeLessThanOrEqual(3);
    },
  );

  test.each(['relaxed', 'none'] as const)('%s: a crash repeats steps, and the run completes', async (durability) => {
    const t = await createTestPawl({ workflows: [chain(durability)] });
    t.crashAt('step 5');
    const run = await t.start('chain');
    expect(await run.result()).toBe('done');
    expect((await run.attempts('step 0')).length).toBeGreaterThan(1);
    expect((await run.tasks()).filter(({ kind }) => kind === 'step')).toHaveLength(10);
  });

  test('each: a crash repeats only the step that it hit', async () => {
    const t = await createTestPawl({ workflows: [chain('each')] });
    t.crashAt('step 5');
    const run = await t.start('chain');
    await run.result();
    expect(await run.attempts('*')).toHaveLength(11);
  });

  test.each(['relaxed', 'none'] as const)('%s: a step at most once waits for what came before', async (durability) => {
    const careful = workflow({ name: 'careful', durability }, async (ctx) => {
      await ctx.step('before', () => 1);
      return ctx.step('once', () => 'sent', { atMostOnce: true });
    });
    const t = await createTestPawl({ workflows: [careful] });
    t.crashAt('once');
    const run = await t.start(careful);
    expect(await run.ended()).toMatchObject({ status: 'failed', error: { name: 'OutcomeUnknownError' } });
    expect(await run.attempts('before')).toHaveLength(1);
  });
});

describe("in one's own process", () => {
  test('openPawl runs workflows in memory, in real time', async () => {
    const greet = workflow({ name: 'greet' }, async (ctx, name: string) => {
      const greeting = await ctx.step('greet', () => `Hello ${name}`);
      await ctx.sleep('10ms');
      return `${greeting}, ${await ctx.signal<string>('mood')}`;
    });
    const pawl = await openPawl({ workflows: [greet], dataDir: ':memory:' });
    try {
      const run = await pawl.start(greet, 'Ada', { key: 'a' });
      await run.signal('mood', 'glad');
      expect(await run.result()).toBe('Hello Ada, glad');
    } finally {
      await pawl.close();
    }
  });

  test('result() follows a run that continues as another', async () => {
    const countdown = workflow({ name: 'countdown' }, async (ctx, left: number) => {
      if (left > 0) ctx.continueAs(left - 1);
      return 'lift-off';
    });
    const pawl = await openPawl({ workflows: [countdown], dataDir: ':memory:' });
    try {
      expect(await (await pawl.start(countdown, 5)).result()).toBe('lift-off');
    } finally {
      await pawl.close();
    }
  });

  test('result() can be given up', async () => {
    const forever = workflow({ name: 'forever' }, (ctx) => ctx.signal('never'));
    const pawl = await openPawl({ workflows: [forever], dataDir: ':memory:' });
    try {
      const run = await pawl.start(forever);
      const giveUp = new AbortController();
      const result = run.result({ signal: giveUp.signal });
      giveUp.abort(new Error('no more patience'));
      await expect(result).rejects.toThrow('no more patience');
    } finally {
      await pawl.close();
    }
  });
});
