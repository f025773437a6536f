import { type Context, workflow } from 'pawl';
import { createTestPawl } from 'pawl/testing';
import { describe, expect, test } from 'vitest';

const at = (ms: number) => new Date(Date.UTC(2030, 0, 1) + ms).toISOString();
const minute = 60_000;
const hour = 60 * minute;

async function startOf(program: (ctx: Context, input: unknown) => Promise<unknown>) {
  const work = workflow({ name: 'work' }, program);
  const t = await createTestPawl({ workflows: [work], patienceMs: 1 });
  return { t, start: () => t.start(work) };
}

describe('a step', () => {
  test('is running from when it has taken long enough to be seen', async () => {
    const { t, start } = await startOf((ctx) => ctx.step('long', () => new Promise(() => {}), { timeout: '1h' }));
    const run = await start();
    expect(await run.tasks()).toEqual([]);
    await t.advance('2s');
    expect(await run.tasks()).toEqual([
      { key: 'long', kind: 'step', status: 'running', startedAt: expect.any(String), attempts: 1 },
    ]);
  });

  test('is retrying: since when, how often so far, why and when again', async () => {
    const { t, start } = await startOf((ctx) =>
      ctx.step('try', () => 1, { retry: { initial: '10s', factor: 2, jitter: 0, attempts: 4 } }),
    );
    t.failStep('try', { attempts: [1, 2], error: new RangeError('not yet') });
    const run = await start();
    expect(await run.tasks()).toMatchObject([
      { key: 'try', status: 'retrying', attempts: 1, startedAt: at(0), due: at(10_000), error: { name: 'RangeError' } },
    ]);
    await t.advance('10s');
    expect(await run.tasks()).toMatchObject([{ attempts: 2, startedAt: at(0), due: at(30_000) }]);
  });

  test('that completed after retries shows its result, its attempts, and no error any more', async () => {
    const { t, start } = await startOf((ctx) => ctx.step('try', () => 7, { retry: { initial: '1m', jitter: 0 } }));
    t.failStep('try', { attempts: [1] });
    const run = await start();
    await run.result();
    expect(await run.tasks()).toEqual([
      { key: 'try', kind: 'step', status: 'completed', attempts: 2, startedAt: at(0), endedAt: at(minute), result: 7 },
    ]);
  });

  test('that failed shows the last error', async () => {
    const { t, start } = await startOf((ctx) => ctx.step('try', () => 1, { retry: { attempts: 1 } }));
    t.failStep('try', { error: new RangeError('never') });
    const run = await start();
    await run.ended();
    expect(await run.tasks()).toMatchObject([
      { key: 'try', status: 'failed', attempts: 1, endedAt: at(0), error: { name: 'RangeError', message: 'never' } },
    ]);
  });

  test('that had not ended when the run did is cancelled', async () => {
    const { t, start } = await startOf(async (ctx) => {
      void ctx.step('forgotten', () => new Promise(() => {}));
      await ctx.step('work', () => new Promise(() => {}));
    });
    t.step('work', () => 1, { takes: '3s' });
    const run = await start();
    await t.advance('3s');
    expect(await run.tasks()).toContainEqual(
      expect.objectContaining({ key: 'forgotten', status: 'cancelled', endedAt: at(3_000) }),
    );
  });
});

describe('a wait', () => {
  test('of time shows when it is over, and then that it is', async () => {
    const { t, start } = await startOf((ctx) => ctx.sleep('1h', { name: 'nap' }));
    const run = await start();
    expect(await run.tasks()).toEqual([
      { key: 'sleep:nap', kind: 'timer', status: 'waiting', startedAt: at(0), due: at(hour) },
    ]);
    await t.advance('1h');
    expect(await run.tasks()).toEqual([
      { key: 'sleep:nap', kind: 'timer', status: 'completed', startedAt: at(0), endedAt: at(hour) },
    ]);
  });

  test('for a signal shows its name, and then what came and when', async () => {
    const { t, start } = await startOf(async (ctx) => {
      await ctx.signal('go');
      await ctx.signal('go');
    });
    const run = await start();
    const [waiting] = await run.tasks();
    expect(waiting).toMatchObject({ kind: 'signal', name: 'go', status: 'waiting', startedAt: at(0) });
    await t.advance('1m');
    await run.signal('other', 'not mine');
    await run.signal('go', { by: 'Ada' });
    expect(await run.tasks()).toMatchObject([
      { key: waiting?.key, status: 'completed', result: { by: 'Ada' }, startedAt: at(0), endedAt: at(minute) },
      { name: 'go', status: 'waiting', startedAt: at(minute) },
    ]);
    await run.signal('go');
    const [, second] = await run.tasks();
    expect(second?.status).toBe('completed');
    expect(second).not.toHaveProperty('result');
  });

  test('of two for one name the earlier gets the signal', async () => {
    const { t, start } = await startOf((ctx) =>
      ctx.all('both', { a: (own) => own.signal('go'), b: (own) => own.signal('go') }),
    );
    const run = await start();
    await t.settle();
    await run.signal('go', 1);
    expect(await run.tasks()).toMatchObject([{ status: 'completed', result: 1 }, { status: 'waiting' }]);
  });

  test('that lost its race is cancelled; when, the next look at the run shows', async () => {
    const { t, start } = await startOf(async (ctx) => {
      await ctx.race('first', { late: (own) => own.sleep('2h'), go: (own) => own.signal('go') });
      await ctx.sleep('1d');
    });
    const run = await start();
    await t.advance('1h');
    await run.signal('go');
    expect((await run.tasks()).map(({ kind, status, endedAt }) => ({ kind, status, endedAt }))).toEqual([
      { kind: 'timer', status: 'cancelled', endedAt: at(hour) },
      { kind: 'signal', status: 'completed', endedAt: at(hour) },
      { kind: 'timer', status: 'waiting', endedAt: undefined },
    ]);
  });

  test('is cancelled with its run', async () => {
    const { t, start } = await startOf((ctx) => ctx.signal('never'));
    const run = await start();
    await t.advance('1m');
    await run.cancel();
    expect(await run.tasks()).toMatchObject([{ status: 'cancelled', endedAt: at(minute) }]);
  });

  test('is not taken for given up where a run waits for more than its journal names', async () => {
    const { t, start } = await startOf(async (ctx) => {
      await ctx.map('all', Array.from({ length: 150 }), (_item, own) => own.signal('go'), { concurrency: 150 });
    });
    const run = await start();
    await t.settle();
    await run.signal('go', 'first');
    const statuses = (await run.tasks()).map(({ status }) => status);
    expect(statuses.filter((status) => status === 'completed')).toHaveLength(1);
    expect(statuses.filter((status) => status === 'cancelled')).toHaveLength(0);
    expect(statuses.length).toBeGreaterThan(100);
  });
});

describe('a child', () => {
  const child = workflow({ name: 'child' }, async (ctx, input: string) => {
    const answer = await ctx.signal<string>('answer');
    if (answer === 'no') throw new RangeError('no');
    return `${input} ${answer}`;
  });
  const parent = workflow({ name: 'parent' }, async (ctx) => {
    await ctx.child(child, 'well').catch(() => undefined);
    await ctx.sleep('1d');
  });

  async function withChild() {
    const t = await createTestPawl({ workflows: [parent, child] });
    const run = await t.start(parent);
    const [task] = await run.tasks();
    if (task?.name === undefined) throw new Error('No child was started');
    return { t, run, task, childRun: t.run(task.name) };
  }

  test('is running once it is started, with the id of its run', async () => {
    const { task, childRun } = await withChild();
    expect(task).toEqual({ key: 'child:child', kind: 'child', status: 'running', startedAt: at(0), name: childRun.id });
    expect((await childRun.get()).parent?.task).toBe('child:child');
  });

  test('that completed shows its output', async () => {
    const { t, run, childRun } = await withChild();
    await t.advance('1m');
    await childRun.signal('answer', 'done');
    expect((await run.tasks())[0]).toMatchObject({ status: 'completed', result: 'well done', endedAt: at(minute) });
  });

  test('that failed shows its error', async () => {
    const { run, childRun } = await withChild();
    await childRun.signal('answer', 'no');
    expect((await run.tasks())[0]).toMatchObject({ status: 'failed', error: { name: 'RangeError', message: 'no' } });
  });

  test('that was cancelled says so', async () => {
    const { run, childRun } = await withChild();
    await childRun.cancel('enough');
    expect((await run.tasks())[0]).toMatchObject({ status: 'cancelled', error: { message: 'enough' } });
  });

  test('that could not start failed', async () => {
    const { start } = await startOf((ctx) => ctx.child('nobody').catch(() => 1));
    expect(await (await start()).tasks()).toMatchObject([
      { key: 'child:nobody', kind: 'child', status: 'failed', error: { message: expect.stringContaining('nobody') } },
    ]);
  });

  test('that is left to itself completed by being started', async () => {
    const leave = workflow({ name: 'leave' }, (ctx) => ctx.startDetached(child, 'off'));
    const t = await createTestPawl({ workflows: [leave, child] });
    const run = await t.start(leave);
    const { id } = (await run.result()) as { id: string };
    expect(await run.tasks()).toMatchObject([{ kind: 'child', status: 'completed', result: { id } }]);
  });
});

test('a run that is not there has no tasks', async () => {
  const { t } = await startOf(async () => 1);
  await expect(t.api.listTasks('nobody')).rejects.toMatchObject({ code: 'not_found' });
});
