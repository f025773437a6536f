import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nightlyReport, storeSales } from '../../workflows/index.ts';
import { openExamples } from './open-examples.ts';

const examples = openExamples();
const dir = 'events/sales';

async function rowsOf(store: string): Promise<string[][]> {
  const text = await readFile(join(dir, `${store}.csv`), 'utf8');
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((row) => row.split(','));
}

test('the report sums up what every store sold', async () => {
  const rows = (await Promise.all(['basel', 'lyon', 'utrecht'].map(rowsOf))).flat();
  const run = await examples.pawl.start(nightlyReport, { date: '2026-03-01', settle: '0s', outDir: examples.outDir });
  const output = await run.result();
  const revenueCents = rows.reduce((sum, [, , quantity, price]) => sum + Number(quantity) * Number(price), 0);
  expect(output).toMatchObject({ stores: 3, missing: [], revenueCents });
  expect(output.receipts).toBe(new Set(rows.map(([receipt]) => receipt)).size);

  const report = await readFile(output.file, 'utf8');
  expect(report).toContain('# Sales of 2026-03-01');
  expect(report).toContain(`${(revenueCents / 100).toFixed(2)} €`);
  expect(report).toMatch(/\| basel \| 28 \|.*\n\| lyon \| 41 \|.*\n\| utrecht \| 35 \|/);
});

test('each store is a run of its own, with the report as its parent', async () => {
  const run = await examples.pawl.start(nightlyReport, { date: '2026-03-01', settle: '0s', outDir: examples.outDir });
  await run.result();
  const { items } = await examples.pawl.listRuns({ workflow: storeSales.name });
  const parents = await Promise.all(items.map(async ({ id }) => (await examples.pawl.getRun(id)).parent));
  expect(parents.map((parent) => parent?.id)).toEqual([run.id, run.id, run.id]);
});

describe('a store whose file is damaged', () => {
  test('is named in the report, and the others are summed up', async () => {
    await copyFile(join(dir, 'lyon.csv'), join(examples.outDir, 'lyon.csv'));
    await writeFile(join(examples.outDir, 'basel.csv'), 'receipt,sku,quantity,price_cents\nB1,pen-blue,two,180\n');
    const input = { date: '2026-03-01', dir: examples.outDir, settle: '0s', outDir: examples.outDir } as const;
    const run = await examples.pawl.start(nightlyReport, input);
    const output = await run.result();
    expect(output).toMatchObject({ stores: 1, missing: ['basel'] });
    expect(await readFile(output.file, 'utf8')).toMatch(/- basel: .*line 2: expected receipt,sku/);
  });
});

test('the run sleeps before it reads', async () => {
  const input = { date: '2026-03-01', settle: '1h', outDir: examples.outDir } as const;
  const run = await examples.pawl.start(nightlyReport, input);
  await expect.poll(async () => (await run.get()).status).toBe('waiting');
  expect((await run.get()).awaiting).toEqual([expect.objectContaining({ kind: 'timer', key: 'sleep:settle' })]);
  await run.cancel();
});
