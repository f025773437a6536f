import { type Context, type Limits, workflow } from 'pawl';
import { createTestPawl } from 'pawl/testing';
import { describe, expect, test } from 'vitest';
import { createTombstone } from '../../lib/kernel/create-run.ts';
import { getRun, listRuns } from '../../lib/service/show-run.ts';
import { createWorld, startIn } from '../kernel/harness.ts';

const start = Date.UTC(2030, 0, 1);
const at = (ms: number) => new Date(start + ms).toISOString();
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** A run of this code, as far as it gets without time. */
async function runOf(program: (ctx: Context, input: unknown) => Promise<unknown>, input?: unknown) {
  const work = workflow({ name: 'work' }, program);
  const t = await createTestPawl({ workflows: [work], patienceMs: 1 });
  const run = await t.start(work, input);
  await t.settle();
  return { t, run };
}

describe('a run is shown', () => {
  test('pending: as it was asked for, before anybody has looked at it', async () => {
    const t = await createTestPawl({ workflows: [workflow({ name: 'work', version: 3 }, async () => 1)] });
    const { run } = await t.api.startRun({
      workflow: 'work',
      input: { a: 1 },
      key: 'k',
      correlationId: 'order 7',
      origin: 'Ada',
    });
    expect(run).toEqual({
      id: run.id,
      workflow: 'work',
      version: 3,
      status: 'pending',
      createdAt: at(0),
      updatedAt: at(0),
      deadline: at(7 * day),
      input: { a: 1 },
      key: 'k',
      correlationId: 'order 7',
      origin: 'Ada',
      events: 0,
    });
  });

  test('running: while a step is at work that takes long', async () => {
    const { t, run } = await runOf((ctx) => ctx.step('long', () => new Promise(() => {}), { timeout: '1h' }));
    await t.advance('2s');
    const shown = await run.get();
    expect(shown).toMatchObject({ status: 'running', events: 1 });
    expect(shown).not.toHaveProperty('wakeAt');
  });

  test('paused: while that step ends, and behind it', async () => {
    const t = await createTestPawl({
      workflows: [
        workflow({ name: 'work' }, async (ctx) => {
          await ctx.step('long', () => 1);
          await ctx.step('next', () => 2);
        }),
      ],
    });
    t.step('long', () => 1, { takes: '10s' });
    const run = await t.start('work');
    await t.advance('2s');
    await run.pause();
    await t.advance('1s');
    expect(await run.get()).toMatchObject({ status: 'paused' });
    await t.advance('1m');
    expect(await run.get()).toMatchObject({ status: 'paused', awaiting: [{ key: 'next', kind: 'step' }] });
  });

  test('waiting: for what, and until when', async () => {
    const child = workflow({ name: 'child' }, (ctx) => ctx.signal('never'));
    const work = workflow({ name: 'work' }, async (ctx) => {
      await ctx.all('all', {
        timer: (own) => own.sleep('2h', { name: 'nap' }),
        signal: (own) => own.signal('go'),
        step: (own) => own.step('try', () => 1, { retry: { initial: '1m', jitter: 0 } }),
        child: (own) => own.child(child, undefined),
      });
    });
    const t = await createTestPawl({ workflows: [work, child] });
    t.failStep('try', { attempts: [1] });
    const run = await t.start(work);
    const [childRun] = (await run.tasks()).filter(({ kind }) => kind === 'child');
    expect(await run.get()).toMatchObject({
      status: 'waiting',
      wakeAt: at(minute),
      awaiting: [
        { key: expect.stringMatching(/nap$/), kind: 'timer', due: at(2 * hour) },
        { key: expect.stringMatching(/go$/), kind: 'signal', name: 'go' },
        { key: expect.stringMatching(/try$/), kind: 'step', due: at(minute) },
        { key: expect.stringMatching(/child$/), kind: 'child', name: childRun?.name },
      ],
    });
  });

  test('blocked: why, and when it is tried again', async () => {
    const { t, run } = await runOf((ctx) => ctx.signal('go'));
    await t.deploy([]);
    await run.signal('go');
    const shown = await run.get();
    expect(shown).toMatchObject({
      status: 'blocked',
      blocked: {
        code: 'not_deployed',
        message: 'Workflow work@1 is not deployed here. Deploy it, and the run goes on.',
        retryAt: at(minute),
      },
    });
    expect(shown).not.toHaveProperty('awaiting');
  });

  test('with what waits for it unread, so that a run whose code is gone shows its signals and its cancel', async () => {
    const { t, run } = await runOf((ctx) => ctx.signal('go'));
    await t.deploy([]);
    await run.signal('go', 1);
    await t.advance('1s');
    await t.api.cancelRun(run.id, { by: 'Ada' });
    const blocked = await run.get();
    expect(blocked).toMatchObject({
      status: 'blocked',
      cancelRequested: true,
      unread: [
        { type: 'run_signalled', name: 'go', at: at(0) },
        { type: 'run_cancel_requested', at: at(1_000) },
      ],
    });
    await t.deploy([workflow({ name: 'work' }, (ctx) => ctx.signal('go'))]);
    await t.settle();
    expect(await run.get()).not.toHaveProperty('unread');
  });

  test('with the first fifty of more that waits', async () => {
    const { t, run } = await runOf((ctx) => ctx.signal('end'));
    await t.deploy([]);
    for (let nth = 0; nth < 60; nth += 1) {
      await run.signal(`nr ${nth}`);
      await t.advance('1s');
    }
    await run.cancel();
    const { unread = [], cancelRequested } = await run.get();
    expect(unread.map(({ name }) => name)).toEqual(Array.from({ length: 50 }, (_, nth) => `nr ${nth}`));
    expect(cancelRequested).toBe(true);
  });

  test('with nothing unread once it has ended, since nobody will read it', async () => {
    const world = createWorld();
    const flow = workflow({ name: 'flow' }, async () => 1);
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow);
    await world.until(one.drive(world.take('start')));
    const { nonce } = (await world.head(run)).birth;
    const event = { type: 'run_signalled', id: 'late', at: start, name: 'late' } as const;
    await world.store.putMail(run, nonce, { id: event.id, event });
    const shown = await getRun(one.ports, run);
    expect(shown.status).toBe('completed');
    expect(shown).not.toHaveProperty('unread');
  });

  test('completed: with its output, its latest report and what nobody awaited', async () => {
    const { t, run } = await runOf(async (ctx) => {
      ctx.report({ done: 1 });
      ctx.report({ done: 2 });
      void ctx.step('forgotten', () => new Promise(() => {}));
      await ctx.sleep('1h');
      return { sum: 3 };
    });
    await t.advance('1h');
    expect(await run.get()).toMatchObject({
      status: 'completed',
      output: { sum: 3 },
      report: { done: 2 },
      closedAt: at(hour),
      updatedAt: at(hour),
      unawaited: ['forgotten'],
    });
  });

  test('completed with nothing: without an output, and without an input', async () => {
    const { run } = await runOf(async () => {});
    const shown = await run.get();
    expect(shown.status).toBe('completed');
    for (const field of ['input', 'output', 'error', 'wakeAt', 'report', 'unawaited'])
      expect(shown).not.toHaveProperty(field);
  });

  test('running still, after its own end, until the run that goes on is there', async () => {
    const world = createWorld();
    const flow = workflow({ name: 'flow' }, async (ctx, left: number) =>
      left === 0 ? 'out' : ctx.continueAs(left - 1),
    );
    const one = world.process('one', [flow]);
    const run = await startIn(one, flow, 1);
    one.trouble(({ method, nth }) => (method === 'create' && nth === 2 ? { do: 'stall', when: 'before' } : undefined));
    const turn = one.drive(world.take('start'));
    await world.settle();
    expect((await world.lines(run)).at(-1)).toContain('run_completed');
    const { ports } = world.process('two', []);
    const between = await getRun(ports, run);
    expect(between.status).toBe('running');
    expect(between).not.toHaveProperty('continuedAs');
    one.thaw();
    await world.until(turn);
    const { status, continuedAs } = await getRun(ports, run);
    expect(status).toBe('completed');
    expect(await getRun(ports, continuedAs as string)).toMatchObject({ status: 'pending', input: 0 });
  });

  test('continued: with the run that goes on', async () => {
    const { t, run } = await runOf(async (ctx, input) => (input === 2 ? 'end' : ctx.continueAs(2)), 1);
    const { continuedAs, status } = await t.api.getRun(run.id);
    expect(status).toBe('completed');
    expect(await t.api.getRun(continuedAs as string)).toMatchObject({ output: 'end', origin: `run ${run.id}` });
  });

  test('failed: with its error, down to the cause', async () => {
    const { run } = await runOf(async () => {
      const cause = Object.assign(new RangeError('too far'), { code: 'E_FAR', details: { km: 7 } });
      throw new Error('no way', { cause });
    });
    expect(await run.get()).toMatchObject({
      status: 'failed',
      closedAt: at(0),
      error: {
        name: 'Error',
        message: 'no way',
        cause: { name: 'RangeError', message: 'too far', code: 'E_FAR', details: { km: 7 } },
      },
    });
  });

  test('cancelled: by whose wish', async () => {
    const { run } = await runOf((ctx) => ctx.signal('never'));
    await run.cancel('enough');
    expect(await run.get()).toMatchObject({
      status: 'cancelled',
      cancelRequested: true,
      error: { name: 'CancelledError', message: 'enough' },
    });
  });

  test('cancelled before it existed: a child whose parent gave up on it first', async () => {
    const world = createWorld();
    const flow = workflow({ name: 'flow' }, async () => 1);
    const one = world.process('one', [flow]);
    const { ports } = one;
    const { birth } = await world.head(await startIn(one, flow));
    await createTombstone(ports, birth, { id: 'never', workflow: 'inner' });
    expect(await getRun(ports, 'never')).toMatchObject({
      status: 'cancelled',
      closedAt: at(0),
      error: { name: 'CancelledError', message: 'The run was cancelled before it began' },
      events: 0,
    });
  });

  test('or not found', async () => {
    const t = await createTestPawl({ workflows: [] });
    await expect(t.api.getRun('nobody')).rejects.toMatchObject({
      code: 'not_found',
      message: 'There is no run nobody',
    });
  });
});

describe('a list of runs', () => {
  const flow = workflow({ name: 'flow' }, (ctx) => ctx.signal('go'));

  async function aListOf(count: number, limits: Partial<Limits> = {}) {
    const world = createWorld({ limits });
    const one = world.process('one', [flow]);
    const runs: string[] = [];
    for (let i = 0; i < count; i += 1) {
      runs.push(await startIn(one, flow));
      await world.advance(1_000);
    }
    return { world, one, runs, list: (query: Parameters<typeof listRuns>[1] = {}) => listRuns(one.ports, query) };
  }

  test('shows heads, the newest first', async () => {
    const { world, one, runs, list } = await aListOf(2);
    await world.until(one.drive(world.take('start')));
    const state = { status: 'failed', closedAt: start + 5 } as const;
    const [waiting, failed] = runs as [string, string];
    await world.store.updateHead(failed, { state }, { nonce: (await world.head(failed)).birth.nonce });
    const { wakeAt } = (await world.head(waiting)).state as { wakeAt: number };
    expect(await list()).toEqual({
      items: [
        { id: failed, workflow: 'flow', version: 1, status: 'failed', createdAt: at(1_000), closedAt: at(5) },
        { id: waiting, workflow: 'flow', version: 1, status: 'waiting', createdAt: at(0), wakeAt: at(wakeAt - start) },
      ],
    });
  });

  test('shows key and correlation id, where there are any', async () => {
    const t = await createTestPawl({ workflows: [flow] });
    await t.start(flow, undefined, { key: 'k', correlationId: 'c' });
    expect((await t.api.listRuns()).items).toMatchObject([{ key: 'k', correlationId: 'c' }]);
  });

  test('comes page by page, 50 to a page unless said otherwise', async () => {
    const { runs, list } = await aListOf(51);
    const first = await list();
    expect(first.items).toHaveLength(50);
    const second = await list({ cursor: first.cursor as string });
    expect(second).toEqual({ items: [expect.objectContaining({ id: runs[0] })] });
    const page = await list({ limit: 2 });
    expect(page.items.map(({ id }) => id)).toEqual([runs[50], runs[49]]);
  });

  test('goes by a span of time, its beginning included and its end not', async () => {
    const { runs, list } = await aListOf(3);
    const { items } = await list({ createdFrom: at(0), createdBefore: '2030-01-01T01:00:02+01:00' });
    expect(items.map(({ id }) => id)).toEqual([runs[1], runs[0]]);
  });

  test('goes by status, workflow and correlation id', async () => {
    const { list } = await aListOf(1);
    expect((await list({ status: 'pending', workflow: 'flow' })).items).toHaveLength(1);
    expect((await list({ status: 'failed' })).items).toEqual([]);
    expect((await list({ workflow: 'other' })).items).toEqual([]);
    expect((await list({ correlationId: 'c' })).items).toEqual([]);
  });

  test.each([0, -1, 1.5, 201, Number.NaN])('of %s runs is refused', async (limit) => {
    const { list } = await aListOf(0);
    await expect(list({ limit })).rejects.toMatchObject({
      code: 'invalid_input',
      message: `The limit is ${limit}; it is a whole number from 1 to 200`,
    });
  });

  test.each(['createdFrom', 'createdBefore'])('by a time that is none is refused: %s', async (field) => {
    const { list } = await aListOf(0);
    await expect(list({ [field]: 'yesterday' })).rejects.toMatchObject({
      code: 'invalid_input',
      message: `${field} is 'yesterday'; it is a time in ISO 8601, as 2026-01-31T09:00:00Z`,
    });
  });
});
