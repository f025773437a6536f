import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HistoryEntry, openPawl, type Pawl } from 'pawl';
import { afterEach, beforeEach } from 'vitest';
import { collectWorkflows } from '../../lib/wiring/collect-workflows.ts';
import * as workflows from '../../workflows/index.ts';

export interface Examples {
  readonly pawl: Pawl;
  /** A folder of this test's own. */
  readonly outDir: string;
  history(id: string): Promise<HistoryEntry[]>;
}

/** Opens Pawl with the example workflows, in memory, for each test. */
export function openExamples(): Examples {
  let pawl: Pawl;
  let outDir: string;
  beforeEach(async () => {
    outDir = await mkdtemp(join(tmpdir(), 'pawl-examples-'));
    pawl = await openPawl({ workflows: collectWorkflows({ ...workflows }), dataDir: ':memory:' });
  });
  afterEach(async () => {
    await pawl.close();
    await rm(outDir, { recursive: true });
  });
  return {
    get pawl() {
      return pawl;
    },
    get outDir() {
      return outDir;
    },
    history: async (id) => (await pawl.getHistory(id, { limit: 1_000 })).items,
  };
}
