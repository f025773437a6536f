import { expect, test } from 'vitest';
import { measurePath } from './measure-path.ts';
import { paths } from './paths.ts';

test.each(paths)('$path: so many units, and no more', async (path) => {
  const { writes = {}, reads = {}, queue, blobs = {}, invocations } = path;
  const { counts, troubles } = await measurePath(path);
  expect(troubles).toEqual([]);
  expect(counts).toEqual({ writes, reads, queue, blobs, invocations });
});
