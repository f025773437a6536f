import { readdirSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { createFileBlobs } from '../../lib/adapters/files/blobs.ts';
import { createMemoryBlobs } from '../../lib/adapters/memory/blobs.ts';
import { blobsSuite } from '../conformance/blobs-suite.ts';
import { createDataDir } from './data-dir.ts';

blobsSuite('memory', () => ({ blobs: createMemoryBlobs(), dispose: () => {} }), {
  idleOwners: 'they go with the process',
});
blobsSuite('a data directory', () => {
  const { dataDir, remove } = createDataDir();
  return { blobs: createFileBlobs({ dataDir }), dispose: remove };
});

test('an owner is idle in a data directory from its latest blob on', async () => {
  const { dataDir, remove } = createDataDir();
  const blobs = createFileBlobs({ dataDir });
  const before = Date.now() - 60_000;
  for (const key of ['a/n/1', 'b/n/1']) await blobs.put(key, 'text');
  for (const name of ['a%2fn', 'b%2fn']) utimesSync(join(dataDir, 'blobs', name), 0, before / 1_000 - 1);
  await blobs.put('b/n/2', 'text');
  expect(await blobs.idleOwners(before)).toEqual(['a/n']);
  remove();
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
