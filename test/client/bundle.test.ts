import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

async function bundled() {
  const { metafile, outputFiles } = await build({
    absWorkingDir: join(import.meta.dirname, '../..'),
    entryPoints: ['lib/client/index.ts'],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
  });
  return { inputs: Object.keys(metafile.inputs), code: outputFiles[0]?.contents ?? new Uint8Array() };
}

test('the client is for browsers too: it carries no package and nothing of Node, and stays small', async () => {
  const { inputs, code } = await bundled();
  expect(inputs.filter((path) => !path.startsWith('lib/'))).toEqual([]);
  expect(code.byteLength).toBeLessThan(18 * 1024);
});

test('where the packages that sign are not, a request that has to be signed says what else there is', async () => {
  const { code } = await bundled();
  const { createClient } = await import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`);
  const client = createClient({ url: 'https://abc.execute-api.eu-central-1.amazonaws.com' });
  await expect(client.listRuns()).rejects.toMatchObject({
    code: 'unauthorized',
    message: expect.stringMatching(
      /have to be signed, .* cannot be loaded here: .* pass a token, or a fetch that signs/,
    ),
  });
});
