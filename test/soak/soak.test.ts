import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { soak } from './soak.ts';

const kills = 20;

test('three workers and a server on one data directory, killed 20 times under load, lose nothing that was accepted and record each outcome once', {
  timeout: 240_000,
}, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'pawl-soak-'));
  const { facts, ...counts } = await soak({ dir, kills, seed: 3, together: 20, longestMs: 60_000 });
  expect(facts).toEqual([]);
  expect(counts.kills).toBeGreaterThan(0);
  expect(counts.accepted).toBeGreaterThan(0);
  rmSync(dir, { recursive: true, force: true });
});
