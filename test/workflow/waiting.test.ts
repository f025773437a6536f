import { workflow } from 'pawl';
import { createTestPawl } from 'pawl/testing';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

const day = 86_400_000;

describe('sleep', () => {
  test.each([
    ['20 ms, inside the turn', '20ms', 20],
    ['a minute', '1m', 60_000],
    ['milliseconds as a number', 1_500, 1_500],
    ['a year', '365d', 365 * day],
  ] as const)('%s', async (_what, duration, ms) => {
    const sleeper = workflow({ name: 'sleeper', timeout: '400d' }, async (ctx) => {
      const before = ctx.now();
      await ctx.sleep(duration);
      return ctx.now() - before;
    });
    const t = await createTestPawl({ workflows: [sleeper] });
    expect(await (await t.start(sleeper)).result()).toBe(ms);
  });

  test('the same sleep many times in a loop', async () => {
    const looping = workflow({ name: 'looping' }, async (ctx) => {
      for (let turn = 0; turn < 5; turn += 1) await ctx.sleep('1h');
      return ctx.now();
    });
    const t = await createTestPawl({ workflows: [looping] });
    const began = t.now();
    expect(await (await t.start(looping)).result()).toBe(began + 5 * 3_600_000);
  });

  test('holds no turn: the run is waiting, and says until when', async () => {
    const sleeper = workflow({ name: 'sleeper' }, (ctx) => ctx.sleep('2d', { name: 'cool-down' }));
    const t = await createTestPawl({ workflows: [sleeper], now: '2030-01-01' });
    expect(await (await t.start(sleeper)).get()).toMatchObject({
      status: 'waiting',
      awaiting: [{ key: 'sleep:cool-down', kind: 'timer', due: '2030-01-03T00:00:00.000Z' }],
      wakeAt: '2030-01-03T00:00:00.000Z',
    });
  });
});

describe('sleepUntil', () => {
  test.each([
    ['a Date', new Date('2031-01-01T12:00:00Z')],
    ['ISO 8601', '2031-01-01T12:00:00Z'],
    ['milliseconds', Date.UTC(2031, 0, 1, 12)],
  ])('takes %s, a year ahead', async (_what, moment) => {
    const sleeper = workflow({ name: 'sleeper', timeout: '500d' }, async (ctx) => {
      await ctx.sleepUntil(moment);
      return new Date(ctx.now());
    });
    const t = await createTestPawl({ workflows: [sleeper], now: '2030-01-01' });
    expect(await (await t.start(sleeper)).result()).toBe('2031-01-01T12:00:00.000Z');
  });

  test('a moment that has passed is no wait', async () => {
    const late = workflow({ name: 'late' }, (ctx) => ctx.sleepUntil('2001-01-01'));
    const t = await createTestPawl({ workflows: [late] });
    const began = t.now();
    await (await t.start(late)).result();
    expect(t.now()).toBe(began);
  });
});

describe('signal', () => {
  const collector = workflow({ name: 'collector' }, async (ctx) => {
    await ctx.sleep('1h');
    return [await ctx.signal('item'), await ctx.signal('item'), await ctx.signal('item')];
  });

  test('those that came before the wait are taken first, in the order in which they came', async () => {
    const t = await createTestPawl({ workflows: [collector] });
    const run = await t.start(collector);
    await run.signal('item', 'early 1');
    await run.signal('other', 'for nobody');
    await run.signal('item', 'early 2');
    await run.signal('item', 'late', { after: '2h' });

    expect(await run.result()).toEqual(['early 1', 'early 2', 'late']);
  });

  test('one with a key counts once, however often it is sent', async () => {
    const t = await createTestPawl({ workflows: [collector] });
    const run = await t.start(collector);
    for (const payload of ['a', 'a', 'b', 'c']) await run.signal('item', payload, { key: payload });

    expect(await run.result()).toEqual(['a', 'b', 'c']);
  });

  test('two that wait for one name are served in the order in which they began to wait', async () => {
    const two = workflow({ name: 'two' }, (ctx) =>
      ctx.all('both', {
        first: (scope) => scope.signal('go'),
        second: (scope) => scope.signal('go'),
      }),
    );
    const t = await createTestPawl({ workflows: [two] });
    const run = await t.start(two);
    await run.signal('go', 1, { after: '1h' });
    await run.signal('go', 2, { after: '2h' });
    expect(await run.result()).toEqual({ first: 1, second: 2 });
  });

  test('a timeout throws a TimeoutError that says what did not come', async () => {
    const patient = workflow({ name: 'patient' }, (ctx) => ctx.signal('go', { timeout: '2h' }));
    const t = await createTestPawl({ workflows: [patient] });
    const run = await t.start(patient);
    expect(await run.ended()).toMatchObject({
      error: { name: 'TimeoutError', message: "Signal 'go' did not come within 2h" },
    });
  });

  test('after a timeout a late signal goes to the next wait', async () => {
    const retrying = workflow({ name: 'retrying' }, async (ctx) => {
      const first = await ctx.signal('go', { timeout: '1h' }).catch((error: Error) => error.name);
      return [first, await ctx.signal('go')];
    });
    const t = await createTestPawl({ workflows: [retrying] });
    const run = await t.start(retrying);
    await run.signal('go', 'late', { after: '90m' });
    expect(await run.result()).toEqual(['TimeoutError', 'late']);
  });

  test('a signal in time leaves no timer behind', async () => {
    const patient = workflow({ name: 'patient' }, async (ctx) => {
      await ctx.signal('go', { timeout: '2h' });
      await ctx.signal('on', { timeout: '9h' });
    });
    const t = await createTestPawl({ workflows: [patient] });
    const run = await t.start(patient);
    await run.signal('go');
    const { awaiting } = await run.get();
    expect(awaiting?.map(({ key }) => key)).toEqual(['signal:on', 'signal:on/timeout']);
  });

  test('the schema checks and transforms', async () => {
    const approving = workflow({ name: 'approving' }, (ctx) =>
      ctx.signal('approve', { schema: z.object({ by: z.string().trim() }) }),
    );
    const t = await createTestPawl({ workflows: [approving] });
    const good = await t.start(approving);
    await good.signal('approve', { by: ' Ada ' });
    expect(await good.result()).toEqual({ by: 'Ada' });

    const bad = await t.start(approving);
    await bad.signal('approve', { by: 7 });
    const { error } = await bad.ended();
    expect(error?.message).toMatch(/^The payload of signal 'approve' does not fit its schema: by: /);
    expect(error?.details).toMatchObject([{ path: 'by' }]);
  });

  test('one to a run that is not there, or has ended, is refused', async () => {
    const t = await createTestPawl({ workflows: [collector] });
    await expect(t.signal('nobody', 'item')).rejects.toMatchObject({
      code: 'not_found',
      message: 'There is no run nobody',
    });
    const run = await t.start(collector);
    await run.cancel();
    await run.ended();
    await expect(run.signal('item')).rejects.toMatchObject({
      code: 'settled',
      message: `Run ${run.id} has ended: it is cancelled`,
    });
  });
});

describe('callback', () => {
  const asking = workflow({ name: 'asking' }, async (ctx) => {
    const { token, result } = ctx.callback('bank', { schema: z.object({ ok: z.boolean() }), timeout: '1d' });
    await ctx.step('ask', () => token);
    return result;
  });

  async function asked() {
    const t = await createTestPawl({ workflows: [asking] });
    const run = await t.start(asking);
    const [task] = await run.tasks();
    return { t, run, token: String(task?.result) };
  }

  test('the outside system answers by the token', async () => {
    const { t, run, token } = await asked();
    await t.answer(token, { result: { ok: true } });
    expect(await run.result()).toEqual({ ok: true });
  });

  test('only the first answer counts', async () => {
    const { t, run, token } = await asked();
    const [first, second] = await Promise.all([
      t.api.answerCallback(token, { result: { ok: true } }),
      t.api.answerCallback(token, { result: { ok: false } }),
    ]);
    expect(second).toEqual(first);
    expect(await run.result()).toEqual({ ok: true });
  });

  test('an answer may be an error', async () => {
    const { t, run, token } = await asked();
    await t.answer(token, { error: { name: 'Declined', message: 'no' } });
    expect(await run.ended()).toMatchObject({ status: 'failed', error: { name: 'Declined', message: 'no' } });
  });

  test('no answer in time is a TimeoutError', async () => {
    const { run } = await asked();
    expect(await run.ended()).toMatchObject({
      error: { name: 'TimeoutError', message: "The answer to callback 'bank' did not come within 1d" },
    });
  });

  test.each([
    ['a forged proof', (token: string) => token.replace(/\.[^.]+\./, '.0123456789abcdefghjkmnpqrs.')],
    ['another name', (token: string) => `${token}2`],
    ['another run', (token: string) => token.replace(/^[^.]+/, 'other')],
    ['no token', () => 'hello'],
    ['broken escapes', (token: string) => `${token}%E0%A4%A`],
  ])('%s is refused', async (_what, forge) => {
    const { t, token } = await asked();
    await expect(t.api.answerCallback(forge(token), { result: {} })).rejects.toMatchObject({ code: 'not_found' });
  });

  test('an answer that does not fit the schema fails the wait, with the path', async () => {
    const { t, run, token } = await asked();
    await t.answer(token, { result: { ok: 'yes' } });
    expect((await run.ended()).error?.message).toMatch(/^The answer to callback 'bank' does not fit its schema: ok: /);
  });

  test('in a scope has a token of its own', async () => {
    const many = workflow({ name: 'many' }, (ctx) =>
      ctx.map('lines', [0, 1], (_line, scope) => scope.callback('check').result),
    );
    const t = await createTestPawl({ workflows: [many] });
    const run = await t.start(many);
    await run.answer('lines/1/check', { result: 'second' });
    await run.answer('lines/0/check', { result: 'first' });
    expect(await run.result()).toEqual(['first', 'second']);
  });
});
