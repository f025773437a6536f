import { workflow } from 'pawl';
import { createTestPawl } from 'pawl/testing';
import { describe, expect, test } from 'vitest';
import type { Accepted, PawlApi } from '../../lib/service/api.ts';
import { createIssuer } from '../../lib/service/tell-run.ts';

const asking = workflow({ name: 'asking' }, async (ctx) => {
  const { token } = ctx.callback('bank');
  const sent = await ctx.step('send', () => token);
  await ctx.signal('end');
  return sent;
});

async function startAsking() {
  const t = await createTestPawl({ workflows: [asking] });
  const run = await t.start(asking);
  const token = String((await run.tasks()).find(({ key }) => key === 'send')?.result);
  return { t, run, token };
}

const verbs: [string, (api: PawlApi, id: string) => Promise<Accepted>][] = [
  ['a signal', (api, id) => api.signalRun(id, 'go')],
  ['a pause', (api, id) => api.pauseRun(id)],
  ['a resume', (api, id) => api.resumeRun(id)],
  ['a cancel', (api, id) => api.cancelRun(id)],
];

describe('a run that has ended', () => {
  test.each(verbs)('hears no more: %s is refused, with what became of it', async (_what, tell) => {
    const { t, run } = await startAsking();
    await run.signal('end');
    await run.result();
    await expect(tell(t.api, run.id)).rejects.toMatchObject({
      code: 'settled',
      message: `Run ${run.id} has ended: it is completed`,
    });
  });

  test('an answer by its own token is refused alike; who has no token learns nothing of the run', async () => {
    const { t, run, token } = await startAsking();
    await run.signal('end');
    await run.result();
    await expect(t.api.answerCallback(token, { result: 1 })).rejects.toMatchObject({ code: 'settled' });
    await expect(t.api.answerCallback(`${token}2`, { result: 1 })).rejects.toMatchObject({
      code: 'not_found',
      message: 'There is no such callback token',
    });
  });
});

describe('a run that is not there', () => {
  test.each(verbs)('%s is refused', async (_what, tell) => {
    const { t } = await startAsking();
    await expect(tell(t.api, 'nobody')).rejects.toMatchObject({
      code: 'not_found',
      message: 'There is no run nobody',
    });
  });

  test('nor does a token for it say so', async () => {
    const { t, run, token } = await startAsking();
    await expect(t.api.answerCallback(token.replace(run.id, 'nobody'), {})).rejects.toMatchObject({
      code: 'not_found',
      message: 'There is no such callback token',
    });
  });
});

test('the token of one run does not answer another of the same workflow', async () => {
  const { t, run, token } = await startAsking();
  const other = await t.start(asking);
  await t.settle();
  await expect(t.api.answerCallback(token.replace(run.id, other.id), {})).rejects.toMatchObject({ code: 'not_found' });
});

test.each([
  ['', 'The reason has 0 characters; it has 1 to 1000'],
  ['x'.repeat(1_001), 'The reason has 1001 characters; it has 1 to 1000'],
])('a reason of no length, or of too much, cancels nothing', async (reason, message) => {
  const { run } = await startAsking();
  await expect(run.cancel(reason)).rejects.toMatchObject({ code: 'invalid_input', message });
  expect((await run.get()).status).toBe('waiting');
});

test.each(['', 'k'.repeat(257)])("a signal's key of no length, or of too much, is refused", async (key) => {
  const { run } = await startAsking();
  await expect(run.signal('end', 1, { key })).rejects.toMatchObject({ code: 'invalid_input' });
});

test('a key is one of its signal: the same event again, and another event under another name', async () => {
  const { t, run } = await startAsking();
  const ids: string[] = [];
  for (const name of ['go', 'go', 'end']) ids.push((await t.api.signalRun(run.id, name, { key: 'k' })).eventId);
  expect(ids[1]).toBe(ids[0]);
  expect(ids[2]).not.toBe(ids[0]);
});

test('who asked is kept in the journal', async () => {
  const { t, run } = await startAsking();
  await t.api.signalRun(run.id, 'go', { by: 'Ada' });
  await t.api.pauseRun(run.id, { by: 'Bob' });
  await t.api.cancelRun(run.id, { by: 'Cleo', reason: 'enough' });
  const told = (await run.history()).filter(({ by }) => by !== undefined);
  expect(told).toMatchObject([
    { type: 'run_signalled', name: 'go', by: 'Ada' },
    { type: 'run_paused', by: 'Bob' },
    { type: 'run_cancel_requested', by: 'Cleo', reason: 'enough' },
  ]);
});

test('of two commands that one process gives in one millisecond the second is the later', () => {
  let now = 1_000;
  const issue = createIssuer({ now: () => now });
  expect([issue(), issue(), issue()]).toEqual([1_000, 1_001, 1_002]);
  now = 2_000;
  expect(issue()).toBe(2_000);
});

test.each(['bank', 'a:b?c%d e', "~!*'()", 'größe.λ'])(
  'a token passes every gateway as it is, whatever the callback is called: %s',
  async (name) => {
    const flow = workflow({ name: 'flow' }, async (ctx) => {
      const paid = ctx.callback(name);
      await ctx.report(paid.token);
      return paid.result;
    });
    const t = await createTestPawl({ workflows: [flow] });
    const run = await t.start(flow);
    await t.settle();
    const token = (await run.get()).report as string;
    expect(token).toMatch(/^[\w.~-]+$/);
    expect(token).toBe(encodeURIComponent(token));
    await t.api.answerCallback(token, { result: 7 });
    expect(await run.result()).toBe(7);
  },
);
