import { workflow } from 'pawl';
import { createTestPawl } from 'pawl/testing';
import { expect, test } from 'vitest';
import { createMemoryStore } from '../../lib/adapters/memory/store.ts';

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

test('signals that nobody has taken go along in any number, and the end of the run stays small', async () => {
  const many = 3_000;
  let largest = 0;
  const collector = workflow({ name: 'collector' }, async (ctx, { first }: { first: boolean }) => {
    if (first) {
      await ctx.signal('begin');
      return ctx.continueAs({ first: false });
    }
    const taken: number[] = [];
    for (let n = 0; n < many; n += 1) taken.push(await ctx.signal<number>('number'));
    return taken;
  });
  const t = await createTestPawl({
    workflows: [collector],
    store: ({ clock }) => {
      const store = createMemoryStore({ clock });
      return {
        ...store,
        append: (id, chunk, options) => {
          const ends = chunk.events.filter(({ type }) => type === 'run_completed');
          largest = Math.max(largest, JSON.stringify(ends).length);
          return store.append(id, chunk, options);
        },
      };
    },
  });
  const run = await t.start(collector, { first: true });
  await t.settle();
  const numbers = Array.from({ length: many }, (_, n) => n);
  for (const n of numbers) await run.signal('number', n);
  await run.signal('begin');
  expect(await run.result()).toEqual(numbers);
  expect(largest).toBeLessThan(20_000);
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
