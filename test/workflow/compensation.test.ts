import { NonRetryableError, workflow } from 'pawl';
import { createTestPawl, replay, type TestPawl } from 'pawl/testing';
import { describe, expect, test } from 'vitest';

/** Three bookings, each with its undoing; the last step may fail. */
const trip = workflow({ name: 'trip', timeout: '10d' }, async (ctx) => {
  for (const what of ['flight', 'hotel', 'car']) {
    await ctx.step(what, () => ({ booked: what }), { compensate: ({ booked }) => `cancelled ${booked}` });
  }
  await ctx.step('pay', () => 1, { retry: { attempts: 1 } });
  return 'booked';
});

const kit = () => createTestPawl({ workflows: [trip] });

/** Keys of the compensations that ran, in order. */
async function undone(t: TestPawl, id: string): Promise<string[]> {
  const calls = await t.run(id).attempts('compensate:*');
  return calls.map(({ key }) => key.replace(/^compensate:/, ''));
}

describe('when a run fails', () => {
  test('what it did is undone, last first, and the run keeps its error', async () => {
    const t = await kit();
    t.failStep('pay', { error: new Error('no money') });
    const run = await t.start(trip);

    expect(await run.ended()).toMatchObject({ status: 'failed', error: { message: 'no money' } });
    expect(await undone(t, run.id)).toEqual(['car#3', 'hotel#2', 'flight#1']);
  });

  test('only what was done is undone', async () => {
    const t = await kit();
    t.failStep('car', { error: new NonRetryableError('none left') });
    const run = await t.start(trip);
    await run.ended();
    expect(await undone(t, run.id)).toEqual(['hotel#2', 'flight#1']);
  });

  test('undoing gets the result of what it undoes, and is itself recorded', async () => {
    const t = await kit();
    t.failStep('pay');
    const run = await t.start(trip);
    await run.ended();
    expect(await run.tasks()).toContainEqual(
      expect.objectContaining({ key: 'compensate:car#3', status: 'completed', result: 'cancelled car' }),
    );
  });

  test('undoing is retried, up to ten times', async () => {
    const t = await kit();
    t.failStep('pay');
    t.failStep('compensate:hotel', { attempts: [1, 2, 3, 4, 5, 6, 7, 8, 9] });
    const run = await t.start(trip);
    expect(await run.ended()).toMatchObject({ status: 'failed', error: { name: 'Error' } });
    expect(await run.attempts('compensate:hotel')).toHaveLength(10);
  });

  test('one that cannot be undone does not keep the others from it; the error names it', async () => {
    const t = await kit();
    t.failStep('pay', { error: new Error('no money') });
    t.failStep('compensate:hotel', { error: new NonRetryableError('closed') });
    const run = await t.start(trip);

    expect(await run.ended()).toMatchObject({
      status: 'failed',
      error: {
        name: 'CompensationError',
        message: "no money; and these compensations failed: 'hotel' (closed)",
        details: [{ compensation: 'hotel', message: 'closed' }],
        cause: { message: 'no money' },
      },
    });
    expect(await undone(t, run.id)).toEqual(['car#3', 'hotel#2', 'flight#1']);
  });

  test('a crash in the middle of undoing loses nothing', async () => {
    const t = await kit();
    t.failStep('pay');
    t.crashAt('compensate:hotel');
    const run = await t.start(trip);
    await run.ended();
    expect(await undone(t, run.id)).toEqual(['car#3', 'hotel#2', 'hotel#2', 'flight#1']);
  });

  test('a run that undid fits its code in replay', async () => {
    const t = await kit();
    t.failStep('pay', { error: new Error('no money') });
    const run = await t.start(trip);
    await run.ended();
    expect(await replay(trip, await run.export())).toMatchObject({ status: 'failed', error: { message: 'no money' } });
  });
});

describe('when nothing fails', () => {
  test('nothing is undone', async () => {
    const t = await kit();
    const run = await t.start(trip);
    expect(await run.result()).toBe('booked');
    expect(await undone(t, run.id)).toEqual([]);
  });

  test('nor when the workflow handles the failure', async () => {
    const forgiving = workflow({ name: 'forgiving' }, async (ctx) => {
      await ctx.step('book', () => 1, { compensate: () => 1 });
      await ctx.step('pay', () => 1, { retry: { attempts: 1 } }).catch(() => undefined);
      return 'fine';
    });
    const t = await createTestPawl({ workflows: [forgiving] });
    t.failStep('pay');
    const run = await t.start(forgiving);
    expect(await run.result()).toBe('fine');
    expect(await undone(t, run.id)).toEqual([]);
  });
});

describe('ctx.compensate', () => {
  test('registers something to undo that is no step, with options of its own', async () => {
    const renting = workflow({ name: 'renting' }, async (ctx) => {
      ctx.compensate('lock the door', () => 'locked', { retry: { attempts: 2, initial: 0 } });
      await ctx.step('open', () => 1, { compensate: () => 'closed' });
      throw new Error('changed my mind');
    });
    const t = await createTestPawl({ workflows: [renting] });
    t.failStep('compensate:lock the door');
    const run = await t.start(renting);

    expect(await run.ended()).toMatchObject({ error: { name: 'CompensationError' } });
    expect(await undone(t, run.id)).toEqual(['open#2', 'lock the door#1', 'lock the door#1']);
  });

  test('in scopes undoes what each of them did', async () => {
    const shipping = workflow({ name: 'shipping' }, async (ctx) => {
      await ctx.map('lines', ['a', 'b'], (line, scope) => scope.step('ship', () => line, { compensate: () => 'back' }));
      throw new Error('wrong address');
    });
    const t = await createTestPawl({ workflows: [shipping] });
    const run = await t.start(shipping);
    await run.ended();
    expect(await undone(t, run.id)).toEqual(['lines/1/ship#2', 'lines/0/ship#1']);
  });
});

describe('when a run is cancelled', () => {
  const booking = workflow({ name: 'booking' }, async (ctx) => {
    await ctx.step('book', () => 1, { compensate: () => 'undone' });
    await ctx.signal('confirm');
    return 'confirmed';
  });

  test('what it did is undone, and it ends as cancelled', async () => {
    const t = await createTestPawl({ workflows: [booking] });
    const run = await t.start(booking);
    await t.settle();
    await run.cancel('too late');

    expect(await run.ended()).toMatchObject({
      status: 'cancelled',
      error: { name: 'CancelledError', message: 'too late' },
    });
    expect(await undone(t, run.id)).toEqual(['book#1']);
  });

  test('undoing goes on through long retries', async () => {
    const t = await createTestPawl({ workflows: [booking] });
    t.failStep('compensate:book', { attempts: [1, 2, 3, 4, 5] });
    const run = await t.start(booking);
    await t.settle();
    await run.cancel();
    expect((await run.ended()).status).toBe('cancelled');
    expect(await run.attempts('compensate:book')).toHaveLength(6);
  });

  test('what could not be undone is named', async () => {
    const t = await createTestPawl({ workflows: [booking] });
    t.failStep('compensate:book', { error: new NonRetryableError('closed') });
    const run = await t.start(booking);
    await t.settle();
    await run.cancel();
    expect(await run.ended()).toMatchObject({
      status: 'cancelled',
      error: { name: 'CancelledError', cause: { name: 'CompensationError', details: [{ compensation: 'book' }] } },
    });
  });

  test('a workflow that ignores the cancel is undone all the same', async () => {
    const stubborn = workflow({ name: 'stubborn' }, async (ctx) => {
      await ctx.step('book', () => 1, { compensate: () => 1 });
      await ctx.signal('confirm').catch(() => undefined);
      return 'went on';
    });
    const t = await createTestPawl({ workflows: [stubborn] });
    const run = await t.start(stubborn);
    await t.settle();
    await run.cancel();
    expect((await run.ended()).status).toBe('cancelled');
    expect(await undone(t, run.id)).toEqual(['book#1']);
  });
});
