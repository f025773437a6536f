import { workflow } from 'pawl';
import { createTestPawl } from 'pawl/testing';
import { expect, test } from 'vitest';

const counter = workflow({ name: 'counter' }, async (ctx, { sum, left }: { sum: number; left: number }) => {
  const next = sum + (await ctx.signal<number>('add'));
  if (left === 1) return next;
  return ctx.continueAs({ sum: next, left: left - 1 });
});

test('a signal that a run has heard and not taken goes to the run that continues it, in order', async () => {
  const t = await createTestPawl({ workflows: [counter] });
  const run = await t.start(counter, { sum: 0, left: 4 });
  await t.settle();
  for (const amount of [1, 10, 100, 1000]) await run.signal('add', amount);
  expect(await run.result()).toBe(1111);
});

test('a payload too large for the journal goes along', async () => {
  const large = workflow({ name: 'large' }, async (ctx, { first }: { first: boolean }) => {
    if (first) {
      await ctx.signal('begin');
      return ctx.continueAs({ first: false });
    }
    return (await ctx.signal<string>('text')).length;
  });
  const t = await createTestPawl({ workflows: [large] });
  const run = await t.start(large, { first: true });
  await t.settle();
  await run.signal('text', 'x'.repeat(200_000));
  await run.signal('begin');
  expect(await run.result()).toBe(200_000);
});

test('a run that was cancelled does not go on as another: it undoes what it has done', async () => {
  const undone: string[] = [];
  const booking = workflow({ name: 'booking' }, async (ctx) => {
    await ctx.step('book', () => 'room 4', { compensate: (room) => void undone.push(room) });
    await ctx.signal('next').catch(() => undefined);
    return ctx.continueAs(undefined);
  });
  const t = await createTestPawl({ workflows: [booking] });
  const run = await t.start(booking, undefined);
  await t.settle();
  await run.cancel();
  await expect(run.result()).rejects.toThrow();
  expect(undone).toEqual(['room 4']);
});
