import { type Context, Fault, workflow } from 'pawl';
import { createTestPawl, type ExportedRun, replay } from 'pawl/testing';
import { describe, expect, test } from 'vitest';
import { largeOrder, order, smallOrder } from './order-workflow.ts';

async function recorded(input = smallOrder): Promise<ExportedRun> {
  const t = await createTestPawl({ workflows: [order] });
  const run = await t.start(order, input);
  await run.signal('approve', { by: 'Ada' });
  await run.result();
  // As a test would keep it: in a file.
  return JSON.parse(JSON.stringify(await run.export()));
}

async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  const thrown = await promise.catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(Fault);
  return thrown as Fault;
}

/** An order workflow with other code. */
function changed(run: (ctx: Context, input: unknown) => Promise<unknown>) {
  return workflow({ name: 'order', timeout: '90d' }, run);
}

describe('replay', () => {
  test('passes with the code that recorded the run, and runs no step', async () => {
    expect(await replay(order, await recorded())).toEqual({
      status: 'completed',
      output: { payment: { paid: 10 }, shipped: ['nut is out', 'bolt is out'] },
    });
  });

  test('passes for a run that is still open, and says what it waits for', async () => {
    const t = await createTestPawl({ workflows: [order] });
    const run = await t.start(order, largeOrder);

    expect(await replay(order, await run.export())).toEqual({
      status: 'open',
      waitingFor: ["signal 'signal:approve'"],
    });
  });

  test('passes with the signal, the retries and the failure of the recorded run', async () => {
    const t = await createTestPawl({ workflows: [order] });
    t.failStep('ship', { error: new Error('no carrier') });
    const run = await t.start(order, largeOrder);
    await run.signal('approve', { by: 'Ada' }, { after: '3d' });
    await run.ended();

    expect(await replay(order, await run.export())).toMatchObject({
      status: 'failed',
      error: { message: 'no carrier' },
    });
  });

  test('says what the history expects, what came, and where', async () => {
    const renamed = changed(async (ctx) => {
      await ctx.step('reserve', () => 1);
      await ctx.step('pay', () => 2);
    });

    const fault = await faultOf(replay(renamed, await recorded()));
    expect(fault.code).toBe('non_deterministic');
    expect(fault.message).toMatch(
      /at event 3 the journal expects the code to have asked for the step 'charge', but it asks for step 'pay'/,
    );
  });

  test('refuses a task that has become one of another kind', async () => {
    const other = changed(async (ctx) => {
      await ctx.step('reserve', () => 1);
      await ctx.step('charge', () => 2);
      await ctx.step('sleep:return-period', () => 3);
    });

    expect((await faultOf(replay(other, await recorded()))).message).toMatch(
      /the journal holds a timer 'sleep:return-period', the code now asks for a step of that name/,
    );
  });

  test('refuses code that ends too early or asks for more', async () => {
    const shorter = changed(async (ctx) => {
      await ctx.step('reserve', () => 1);
    });
    const longer = changed(async (ctx, input) => {
      const { lines } = input as typeof smallOrder;
      await ctx.step('reserve', () => 1);
      await ctx.step('charge', () => 2);
      await ctx.sleep('30d', { name: 'return-period' });
      await ctx.map('lines', lines, (_line, scope) => scope.step('ship', () => 3));
      await ctx.step('thank', () => 4);
    });

    const history = await recorded();
    expect((await faultOf(replay(shorter, history))).message).toMatch(/step 'charge', but the workflow has ended/);
    expect((await faultOf(replay(longer, history))).message).toMatch(
      /expects the run to have completed, but it asks for step 'thank'/,
    );
  });

  test('refuses code that fails where the run completed', async () => {
    const failing = changed(async (ctx, input) => {
      await ctx.step('reserve', () => 1);
      await ctx.step('charge', () => 2);
      await ctx.sleep('30d', { name: 'return-period' });
      const { lines } = input as typeof smallOrder;
      await ctx.map('lines', lines, (_line, scope) => scope.step('ship', () => 3));
      throw new Error('too late');
    });

    expect((await faultOf(replay(failing, await recorded()))).message).toMatch(/completed, but it has failed/);
  });

  test('passes a change that ctx.version guards', async () => {
    const guarded = changed(async (ctx, input) => {
      const { lines } = input as typeof smallOrder;
      await ctx.step('reserve', () => 1);
      if (ctx.version('check fraud')) await ctx.step('check', () => 'fine');
      await ctx.step('charge', () => 2);
      await ctx.sleep('30d', { name: 'return-period' });
      await ctx.map('lines', lines, (_line, scope) => scope.step('ship', () => 3));
    });

    expect(await replay(guarded, await recorded())).toMatchObject({ status: 'completed' });
  });

  test('refuses another version and what is no export', async () => {
    const second = workflow({ name: 'order', version: 2 }, async () => {});
    const history = await recorded();

    expect((await faultOf(replay(second, history))).message).toBe(
      'The history is of order@1, the code is order@2: a run keeps the version it began with.',
    );
    expect((await faultOf(replay(order, { items: [] } as unknown as ExportedRun))).message).toMatch(
      /not an exported run of format 1/,
    );
  });
});

describe('replay tells how the code ends', () => {
  test('when the run continues as another', async () => {
    const looping = workflow({ name: 'looping' }, async (ctx, left: number) => {
      await ctx.step('work', () => left);
      if (left > 0) ctx.continueAs(left - 1);
    });
    const t = await createTestPawl({ workflows: [looping] });
    const run = await t.start(looping, 1);
    await run.result();

    expect(await replay(looping, await run.export())).toEqual({ status: 'continued', input: 0 });
  });

  test('when the run was cancelled, passed its deadline, or grew too long', async () => {
    const waiting = workflow({ name: 'waiting', timeout: '1h' }, async (ctx, turns: number) => {
      for (let turn = 0; turn < turns; turn += 1) await ctx.step(`turn ${turn}`, () => turn);
      await ctx.signal('never');
    });
    const t = await createTestPawl({ workflows: [waiting], limits: { eventsPerRun: 20 } });
    const [cancelled, late, long] = [await t.start(waiting, 1), await t.start(waiting, 1), await t.start(waiting, 50)];
    await t.settle();
    await cancelled.cancel('enough');
    await t.advance('2h');

    expect(await replay(waiting, await cancelled.export())).toMatchObject({ error: { message: 'enough' } });
    expect(await replay(waiting, await late.export())).toMatchObject({ error: { name: 'TimeoutError' } });
    expect((await long.get()).error?.name).toBe('LimitError');
    expect(await replay(waiting, await long.export())).toMatchObject({ status: 'open' });
  });
});

describe('an exported run', () => {
  test('holds large payloads too', async () => {
    const large = workflow({ name: 'large' }, async (ctx, input: string) => {
      const text = await ctx.step('double', () => input + input);
      return text.length;
    });
    const t = await createTestPawl({ workflows: [large] });
    const run = await t.start(large, 'x'.repeat(150_000));
    expect(await run.result()).toBe(300_000);

    expect(await replay(large, await run.export())).toEqual({ status: 'completed', output: 300_000 });
  });

  const chance = workflow({ name: 'chance' }, async (ctx) => {
    const drawn = ctx.random();
    const { token } = ctx.callback('later');
    await ctx.step(drawn < 0.5 ? 'low' : 'high', () => 'drawn');
    return { drawn, id: ctx.uuid(), at: ctx.now(), token };
  });

  test('replays to the same random values', async () => {
    const t = await createTestPawl({ workflows: [chance] });
    const run = await t.start(chance);
    const { drawn, id, at } = await run.result();

    expect(await replay(chance, await run.export())).toMatchObject({ output: { drawn, id, at } });
  });

  test('holds nothing that callback tokens can be made from', async () => {
    const t = await createTestPawl({ workflows: [chance] });
    const run = await t.start(chance);
    const { token } = await run.result();
    const replayed = await replay(chance, await run.export());

    expect(replayed).toHaveProperty('output.token');
    expect(replayed).not.toHaveProperty('output.token', token);
    const { history: _history, ...facts } = await run.export();
    expect(JSON.stringify(facts)).not.toContain(token.split('.')[1]);
  });
});
