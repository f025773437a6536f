import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { handlers } from 'pawl';
import { type Report, renderReport } from './report.ts';
import { parseSales, totalSales } from './sales.ts';

/** What the tasks of `nightly-sales.yaml` do. */
export const salesHandlers = handlers({
  findStores: async ({ dir }: { dir: string }) =>
    (await readdir(dir))
      .filter((file) => file.endsWith('.csv'))
      .sort()
      .map((file) => ({ store: basename(file, '.csv'), file: join(dir, file) })),

  /** `pick` in [0, 1) chooses the receipt that a person is to check. */
  readStore: async ({ store, file, pick }: { store: string; file: string; pick: number }) =>
    totalSales(store, parseSales(await readFile(file, 'utf8'), file), pick),

  async writeDraft({ report, outDir }: { report: Report; outDir: string }) {
    const file = join(outDir, 'drafts', `sales-${report.date}.md`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, renderReport(report));
    return { file };
  },
  removeDraft: ({ file }: { file: string }) => rm(file, { force: true }),

  /** The same file again if it is there already. */
  async publish({ draft, outDir }: { draft: string; outDir: string }) {
    const file = join(outDir, basename(draft));
    await rename(draft, file).catch(async (error: unknown) => {
      await readFile(file).catch(() => {
        throw error;
      });
    });
    return { file };
  },
});
