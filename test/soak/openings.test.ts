import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openBesideWriters } from './openings.ts';

test('nothing that was acknowledged is lost while other processes open and close the data directory, to write or to read', {
  timeout: 120_000,
}, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'pawl-openings-'));
  const { facts, ...counts } = await openBesideWriters({ dir, seconds: 5 });
  expect(facts).toEqual([]);
  expect(counts.acknowledged).toBeGreaterThan(0);
  expect(counts.openings).toBeGreaterThan(0);
  rmSync(dir, { recursive: true, force: true });
});
