import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { createFileBlobs } from '../../lib/adapters/files/blobs.ts';
import { createMemoryBlobs } from '../../lib/adapters/memory/blobs.ts';
import { blobsSuite } from '../conformance/blobs-suite.ts';
import { createDataDir } from './data-dir.ts';

blobsSuite('memory', () => ({ blobs: createMemoryBlobs(), dispose: () => {} }));
blobsSuite('a data directory', () => {
  const { dataDir, remove } = createDataDir();
  return { blobs: createFileBlobs({ dataDir }), dispose: remove };
});

test('no name of a blob leads out of the data directory, and no draft stays behind', async () => {
  const { dataDir, remove } = createDataDir();
  const blobs = createFileBlobs({ dataDir });
  for (const key of ['../../escaped', '..\\..\\escaped', '/etc/escaped', '..', '../..', 'run/\u0000']) {
    await blobs.put(key, 'text').catch((error) => expect(error).toMatchObject({ code: 'invalid_input' }));
  }
  expect(readdirSync(dirname(dataDir))).toEqual(['data']);
  expect(readdirSync(dataDir)).toEqual(['blobs']);
  const runs = readdirSync(join(dataDir, 'blobs'));
  expect(runs.flatMap((run) => readdirSync(join(dataDir, 'blobs', run))).join()).not.toContain('draft');
  expect(statSync(join(dataDir, 'blobs', runs[0] ?? '')).mode & 0o777).toBe(0o700);
  remove();
});
