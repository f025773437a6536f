import { workflow } from 'pawl';
import { createTestPawl } from 'pawl/testing';
import { expect, test } from 'vitest';

const steps = workflow({ name: 'steps' }, async (ctx) => {
  for (let i = 0; i < 5; i += 1) await ctx.step(`step ${i}`, () => i);
});

test('a journal is read page by page, and the last page says that it is the last', async () => {
  const t = await createTestPawl({ workflows: [steps] });
  const run = await t.start(steps);
  await run.result();
  const pages: number[][] = [];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page: { items: { seq: number }[]; next?: number } = await t.api.getHistory(run.id, { after, limit: 2 });
    pages.push(page.items.map(({ seq }) => seq));
    after = page.next;
  }
  expect(pages).toEqual([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
});

test('a page of no events is refused, and one that begins behind the end has none', async () => {
  const t = await createTestPawl({ workflows: [steps] });
  const run = await t.start(steps);
  await run.result();
  await expect(t.api.getHistory(run.id, { limit: 0 })).rejects.toThrow(
    'The limit is 0; it is a whole number from 1 to 1000',
  );
  expect(await t.api.getHistory(run.id, { after: 6 })).toEqual({ items: [] });
});

test('a run that is not there has no history', async () => {
  const { api } = await createTestPawl({ workflows: [steps] });
  await expect(api.getHistory('nobody')).rejects.toMatchObject({ code: 'not_found' });
  await expect(api.exportRun('nobody')).rejects.toMatchObject({ code: 'not_found' });
});
