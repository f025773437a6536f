import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestPawl, type TestPawl, type TestRun } from 'pawl/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadGraph } from '../../lib/graph/parse-graph.ts';
import { graphWorkflow } from '../../lib/graph/workflow.ts';
import { salesHandlers } from '../../workflows/sales/handlers.ts';

const file = 'workflows/nightly-sales.yaml';
const nightlySales = graphWorkflow(loadGraph(await readFile(file, 'utf8'), { file }), { handlers: salesHandlers });

let t: TestPawl;
let outDir: string;
beforeEach(async () => {
  outDir = await mkdtemp(join(tmpdir(), 'pawl-sales-'));
  t = await createTestPawl({ workflows: [nightlySales] });
});
afterEach(async () => {
  await t.close();
  await rm(outDir, { recursive: true });
});

async function rowsOf(store: string): Promise<string[][]> {
  const text = await readFile(join('events/sales', `${store}.csv`), 'utf8');
  const [, ...rows] = text.trim().split('\n');
  return rows.map((row) => row.split(','));
}

test('the pipeline sums up what every store sold, and publishes the report', async () => {
  const rows = (await Promise.all(['basel', 'lyon', 'utrecht'].map(rowsOf))).flat();
  const run = await t.start(nightlySales, { date: '2026-03-01', settle: '6h', outDir });
  const revenueCents = rows.reduce((sum, [, , quantity, price]) => sum + Number(quantity) * Number(price), 0);
  expect(await run.result()).toEqual({
    file: join(outDir, 'sales-2026-03-01.md'),
    stores: 3,
    missing: [],
    receipts: new Set(rows.map(([receipt]) => receipt)).size,
    revenueCents,
  });
  expect(t.now()).toBe(Date.UTC(2030, 0, 1, 6));
  const report = await readFile(join(outDir, 'sales-2026-03-01.md'), 'utf8');
  expect(report).toContain(`${(revenueCents / 100).toFixed(2)} €`);
  expect(report).toContain(`made at 2030-01-01T06:00:00.000Z`);
  expect(await readdir(join(outDir, 'drafts'))).toEqual([]);
});

test('a store whose process dies is read again, and the report is the same', async () => {
  t.crashAt('stores[1]/read');
  t.crashAt('draft');
  t.crashAt('publish');
  const run = await t.start(nightlySales, { date: '2026-03-01', outDir });
  expect(await run.result()).toMatchObject({ stores: 3, receipts: 104 });
  expect((await run.attempts('stores[1]/read')).map(({ outcome }) => outcome)).toEqual(['lost', 'completed']);
});

describe('a store whose file is damaged', () => {
  async function startDamaged(): Promise<TestRun> {
    const dir = join(outDir, 'in');
    await mkdir(dir, { recursive: true });
    await copyFile('events/sales/lyon.csv', join(dir, 'lyon.csv'));
    await writeFile(join(dir, 'basel.csv'), 'receipt,sku,quantity,price_cents\nB1,pen-blue,two,180\n');
    const run = await t.start(nightlySales, { date: '2026-03-01', dir, outDir });
    await t.advance('1m');
    expect(await run.get()).toMatchObject({ status: 'waiting' });
    expect(await readdir(join(outDir, 'drafts'))).toEqual(['sales-2026-03-01.md']);
    return run;
  }

  test('is named in the draft, and published if a person says so', async () => {
    const run = await startDamaged();
    await run.signal('publish', { publish: true, by: 'ada' }, { after: '11h' });
    expect(await run.result()).toMatchObject({ stores: 1, missing: ['basel'], approvedBy: 'ada' });
    expect(await readFile(join(outDir, 'sales-2026-03-01.md'), 'utf8')).toMatch(/- basel: .*line 2: expected receipt/);
  });

  test('leaves no draft behind if the person says no, or nobody looks', async () => {
    const refused = await startDamaged();
    await refused.signal('publish', { publish: false, by: 'ada' });
    expect(await refused.ended()).toMatchObject({
      status: 'failed',
      error: { name: 'NotApproved', message: 'ada does not want it without basel' },
    });
    expect(await readdir(join(outDir, 'drafts'))).toEqual([]);
    const forgotten = await startDamaged();
    expect(await forgotten.ended()).toMatchObject({
      error: { name: 'NotApproved', message: 'Nobody has looked at the report of 2026-03-01' },
    });
    expect(await readdir(join(outDir, 'drafts'))).toEqual([]);
    expect(await readdir(outDir)).not.toContain('sales-2026-03-01.md');
  });
});
