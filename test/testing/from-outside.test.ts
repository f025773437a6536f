import { workflow } from 'pawl';
import { createTestPawl } from 'pawl/testing';
import { describe, expect, test } from 'vitest';
import { largeOrder, order } from './order-workflow.ts';

const hour = 3_600_000;

describe('signals', () => {
  test('are sent at once', async () => {
    const t = await createTestPawl({ workflows: [order] });
    const run = await t.start(order, largeOrder);
    await t.signal(run, 'approve', { by: 'Ada' });

    expect(await run.result()).toMatchObject({ payment: { paid: 5_000 } });
    expect(t.logs).toMatchObject([{ run: run.id, level: 'info', message: 'approved', fields: { by: 'Ada' } }]);
  });

  test('are sent after some virtual time', async () => {
    const t = await createTestPawl({ workflows: [order] });
    const began = t.now();
    const run = await t.start(order, largeOrder);
    await run.signal('approve', { by: 'Ada' }, { after: '2h' });

    await run.result();
    const [signalled] = (await run.history()).filter(({ type }) => type === 'run_signalled');
    expect(Date.parse(signalled?.at ?? '')).toBe(began + 2 * hour);
  });

  test('that come after the end are no error', async () => {
    const t = await createTestPawl({ workflows: [order] });
    const run = await t.start(order, largeOrder);
    await run.signal('approve', { by: 'Ada' });
    await run.signal('approve', { by: 'Bob' }, { after: '40d' });

    await run.result();
    await t.advance('10d');
    expect((await run.get()).status).toBe('completed');
  });
});

describe('callbacks', () => {
  const asking = workflow({ name: 'asking' }, async (ctx) => {
    const { token, result } = ctx.callback<{ approved: boolean }>('bank');
    await ctx.step('ask', () => ({ sent: token }));
    return result;
  });

  test('are answered by name', async () => {
    const t = await createTestPawl({ workflows: [asking] });
    const run = await t.start(asking);
    await run.answer('bank', { result: { approved: true } });

    expect(await run.result()).toEqual({ approved: true });
  });

  test('are answered by their token, as the outside system does', async () => {
    const t = await createTestPawl({ workflows: [asking] });
    let given = '';
    t.step('ask', async (_attempt, original) => {
      const asked = (await original()) as { sent: string };
      given = asked.sent;
      return asked;
    });
    const run = await t.start(asking);
    await t.settle();
    await t.answer(given, { error: { name: 'Declined', message: 'not enough money' } }, { after: '1h' });

    expect(await run.ended()).toMatchObject({ status: 'failed', error: { name: 'Declined' } });
  });
});

describe('the journal is inspected', () => {
  test('as history, as tasks and as attempts', async () => {
    const t = await createTestPawl({ workflows: [order] });
    const run = await t.start(order, { id: 'o', amount: 1, lines: ['nut'] });

    expect((await run.tasks()).map(({ key, status }) => `${key} ${status}`)).toEqual([
      'reserve completed',
      'charge completed',
      'sleep:return-period waiting',
    ]);
    expect((await run.history()).map(({ type }) => type)).toEqual([
      'task_completed',
      'task_completed',
      'run_suspended',
    ]);
    expect(await run.attempts('charge')).toEqual([{ key: 'charge', attempt: 1, at: t.now(), outcome: 'completed' }]);
  });
});

test('a deployment takes open runs along', async () => {
  const until = (word: string) =>
    workflow({ name: 'greet' }, async (ctx) => {
      await ctx.sleep('1d');
      return word;
    });
  const t = await createTestPawl({ workflows: [until('hello')] });
  const run = await t.start('greet');
  await t.settle();
  await t.deploy([until('goodbye')]);

  expect(await run.result()).toBe('goodbye');
});
