import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A fresh directory, and its end. */
export function createDataDir(): { dataDir: string; remove: () => void } {
  const parent = mkdtempSync(join(tmpdir(), 'pawl-'));
  return { dataDir: join(parent, 'data'), remove: () => rmSync(parent, { recursive: true, force: true }) };
}
