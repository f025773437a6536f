import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { workflow } from 'pawl';
import { z } from 'zod';
import { renderReport } from './sales/report.ts';
import { parseSales, totalSales } from './sales/sales.ts';

const storeInput = z.object({ store: z.string().min(1), file: z.string().min(1) });

/** Child of the report: one store's sales of the day. */
export const storeSales = workflow({ name: 'store-sales', input: storeInput }, async (ctx, { store, file }) => {
  const pick = ctx.random();
  return ctx.step('read', async () => totalSales(store, parseSales(await readFile(file, 'utf8'), file), pick), {
    retry: { attempts: 2, initial: '100ms' },
  });
});

const input = z.object({
  date: z.iso.date(),
  /** A folder with one CSV file for each store. */
  dir: z.string().min(1).default('events/sales'),
  /** How long to wait for late tills before the files are read. */
  settle: z.templateLiteral([z.number(), z.enum(['ms', 's', 'm', 'h', 'd'])]).default('3s'),
  outDir: z.string().min(1).default('.pawl/out'),
});

/** Sums up a day: a child run for each store, and a report of what they found. A store that fails is named in it. */
export const nightlyReport = workflow({ name: 'nightly-report', input }, async (ctx, { date, dir, settle, outDir }) => {
  await ctx.sleep(settle, { name: 'settle' });
  const files = await ctx.step('find-stores', async () =>
    (await readdir(dir)).filter((file) => file.endsWith('.csv')).sort(),
  );

  const results = await ctx.map(
    'stores',
    files,
    (file, item) => item.child(storeSales, { store: toStore(file), file: join(dir, file) }),
    { concurrency: 8, tolerate: files.length },
  );
  const stores = results.flatMap((result) => (result.status === 'completed' ? [result.value] : []));
  const missing = results.flatMap((result, index) =>
    result.status === 'failed' ? [{ store: toStore(files[index] ?? ''), why: result.error.message }] : [],
  );

  const report = { id: ctx.uuid(), date, madeAt: new Date(ctx.now()).toISOString(), stores, missing };
  const file = join(outDir, `sales-${date}.md`);
  await ctx.step('write-report', async () => {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, renderReport(report));
  });
  return {
    file,
    stores: stores.length,
    missing: missing.map(({ store }) => store),
    receipts: stores.reduce((sum, { receipts }) => sum + receipts, 0),
    revenueCents: stores.reduce((sum, { revenueCents }) => sum + revenueCents, 0),
  };
});

function toStore(file: string): string {
  return file.replace(/\.csv$/, '');
}
