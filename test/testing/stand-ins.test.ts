import { NonRetryableError, workflow } from 'pawl';
import { createTestPawl } from 'pawl/testing';
import { describe, expect, test } from 'vitest';
import { order, smallOrder } from './order-workflow.ts';

const kit = () => createTestPawl({ workflows: [order] });

describe('a step is replaced', () => {
  test('by its name', async () => {
    const t = await kit();
    t.step('charge', () => ({ paid: 'nothing, it is a test' }));

    const run = await t.start(order, smallOrder);
    expect(await run.result()).toMatchObject({ payment: { paid: 'nothing, it is a test' } });
  });

  test('by its name in whatever scope', async () => {
    const t = await kit();
    t.step('ship', ({ key }) => `${key} stays here`);

    const run = await t.start(order, smallOrder);
    expect(await run.result()).toMatchObject({ shipped: ['lines/0/ship stays here', 'lines/1/ship stays here'] });
  });

  test('by a pattern of its key, or a RegExp', async () => {
    const t = await kit();
    t.step('lines/1/*', () => 'second');
    t.step(/^lines\/0\//, () => 'first');

    const run = await t.start(order, smallOrder);
    expect(await run.result()).toMatchObject({ shipped: ['first', 'second'] });
  });

  test('by one that calls the original', async () => {
    const t = await kit();
    t.step('charge', async ({ attempt }, original) => ({ attempt, original: await original() }));

    const run = await t.start(order, smallOrder);
    expect(await run.result()).toMatchObject({ payment: { attempt: 1, original: { paid: 10 } } });
  });

  test('in one workflow only', async () => {
    const other = workflow({ name: 'other' }, (ctx) => ctx.step('charge', () => 'real'));
    const t = await createTestPawl({ workflows: [order, other] });
    t.step('charge', () => 'replaced', { workflow: 'order' });

    expect(await (await t.start(other)).result()).toBe('real');
    expect(await (await t.start(order, smallOrder)).result()).toMatchObject({ payment: 'replaced' });
  });

  test('again: what was said last counts', async () => {
    const t = await kit();
    t.step('charge', () => 'first');
    t.step('charge', () => 'second');

    const run = await t.start(order, smallOrder);
    expect(await run.result()).toMatchObject({ payment: 'second' });
  });

  test('by one that takes virtual time, and has no effect once nobody wants it', async () => {
    const racing = workflow({ name: 'racing' }, (ctx) =>
      ctx.race('first', {
        slow: (scope) => scope.step('slow', () => effects.push('slow')),
        timer: (scope) => scope.sleep('1h'),
      }),
    );
    const effects: string[] = [];
    const t = await createTestPawl({ workflows: [racing] });
    t.step('slow', (_attempt, original) => original(), { takes: '2h' });
    expect(await (await t.start(racing)).result()).toMatchObject({ winner: 'timer' });
    await t.advance('1d');
    expect(effects).toEqual([]);
  });

  test('by one that takes virtual time', async () => {
    const slow = workflow({ name: 'slow' }, (ctx) =>
      ctx.step('encode', () => 'encoded', { timeout: '1h', retry: { attempts: 1 } }),
    );
    const t = await createTestPawl({ workflows: [slow] });
    t.step('encode', (_attempt, original) => original(), { takes: '59m' });
    const run = await t.start(slow);
    expect(await run.result()).toBe('encoded');

    t.step('encode', (_attempt, original) => original(), { takes: '61m' });
    const late = await t.start(slow);
    expect(await late.ended()).toMatchObject({ status: 'failed', error: { name: 'TimeoutError' } });
  });
});

describe('failures are injected', () => {
  test('at the attempts named', async () => {
    const t = await kit();
    t.failStep('charge', { attempts: [1, 2], error: new Error('the bank is closed') });

    const run = await t.start(order, smallOrder);
    await run.result();
    expect(await run.attempts('charge')).toMatchObject([
      { attempt: 1, outcome: 'failed', error: { message: 'the bank is closed' } },
      { attempt: 2, outcome: 'failed' },
      { attempt: 3, outcome: 'completed' },
    ]);
  });

  test('at every attempt, so that the run fails and compensates', async () => {
    const t = await kit();
    t.failStep('charge', { error: () => new NonRetryableError('no such card') });

    const run = await t.start(order, smallOrder);
    expect(await run.ended()).toMatchObject({ status: 'failed', error: { message: 'no such card' } });
    expect(await run.attempts('compensate:reserve')).toMatchObject([{ outcome: 'completed' }]);
  });

  test('in compensations', async () => {
    const t = await kit();
    t.failStep('charge', { error: new NonRetryableError('no such card') });
    t.failStep('compensate:reserve', { attempts: [1] });

    const run = await t.start(order, smallOrder);
    await run.ended();
    expect((await run.attempts('compensate:reserve')).map(({ outcome }) => outcome)).toEqual(['failed', 'completed']);
  });

  test('as attempts that never end', async () => {
    const patient = workflow({ name: 'patient' }, (ctx) => ctx.step('call', () => 'answer', { timeout: '10s' }));
    const t = await createTestPawl({ workflows: [patient] });
    t.hangStep('call', { attempts: [1] });

    const run = await t.start(patient);
    expect(await run.result()).toBe('answer');
    expect(await run.tasks()).toMatchObject([{ key: 'call', attempts: 2 }]);
  });
});

describe('a crash', () => {
  test('after the effect and before the record makes the step run again: at least once', async () => {
    const t = await kit();
    const charged: string[] = [];
    t.step('charge', ({ idempotencyToken }) => charged.push(idempotencyToken));
    t.crashAt('charge');

    const run = await t.start(order, smallOrder);
    expect((await run.ended()).status).toBe('completed');
    expect((await run.attempts('charge')).map(({ outcome }) => outcome)).toEqual(['lost', 'completed']);
  });

  test('repeats the step with the same idempotency token', async () => {
    const tokens: string[] = [];
    const paying = workflow({ name: 'paying' }, (ctx) =>
      ctx.step('charge', ({ idempotencyToken }) => {
        tokens.push(idempotencyToken);
      }),
    );
    const t = await createTestPawl({ workflows: [paying] });
    t.crashAt('charge', { times: 2 });

    await (await t.start(paying)).result();
    expect(tokens).toHaveLength(3);
    expect(new Set(tokens).size).toBe(1);
  });

  test('before the effect repeats nothing', async () => {
    const t = await kit();
    let charges = 0;
    const counting = workflow({ name: 'counting' }, (ctx) =>
      ctx.step('charge', () => {
        charges += 1;
      }),
    );
    await t.deploy([counting]);
    t.crashAt('charge', { when: 'before' });

    await (await t.start(counting)).result();
    expect(charges).toBe(1);
  });

  test('leaves what was recorded as it is', async () => {
    const t = await kit();
    const run = await t.start(order, smallOrder);
    await t.settle();
    await t.crash();

    await run.result();
    expect(await run.attempts('charge')).toHaveLength(1);
    expect((await run.history()).filter(({ type, key }) => type === 'task_completed' && key === 'charge')).toHaveLength(
      1,
    );
  });

  test('of a run that sleeps loses no wake-up', async () => {
    const t = await kit();
    const run = await t.start(order, smallOrder);
    await t.advance('29d');
    await t.crash();

    await t.advance('1d');
    expect((await run.get()).status).toBe('completed');
  });
});

describe('a child workflow is replaced', () => {
  const pack = workflow({ name: 'pack' }, async (ctx, input: { item: string }) => {
    await ctx.signal('packed');
    return { box: `a box of ${input.item}` };
  });
  const sell = workflow({ name: 'sell' }, async (ctx, input: { item: string }) => ctx.child(pack, input));

  test('by a result', async () => {
    const t = await createTestPawl({ workflows: [sell, pack] });
    t.child(pack, (input) => ({ box: input }));

    const run = await t.start(sell, { item: 'nuts' });
    expect(await run.result()).toEqual({ box: { item: 'nuts' } });
  });

  test('by a failure', async () => {
    const t = await createTestPawl({ workflows: [sell, pack] });
    t.child('pack', () => {
      throw new RangeError('no box is large enough');
    });

    const run = await t.start(sell, { item: 'nuts' });
    expect(await run.ended()).toMatchObject({
      status: 'failed',
      error: { name: 'RangeError', message: 'no box is large enough' },
    });
  });

  test('even one that is not there', async () => {
    const t = await createTestPawl({ workflows: [sell] });
    t.child('pack', () => ({ box: 'none' }));

    expect(await (await t.start(sell, { item: 'nuts' })).result()).toEqual({ box: 'none' });
  });
});
