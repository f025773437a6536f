import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

test('the client is for browsers too: it carries no package and nothing of Node, and stays small', async () => {
  const root = join(import.meta.dirname, '../..');
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['lib/client/index.ts'],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
  });
  const outside = Object.keys(metafile.inputs).filter((path) => !path.startsWith('lib/'));
  expect(outside).toEqual([]);
  expect(outputFiles[0]?.contents.byteLength).toBeLessThan(16 * 1024);
});
