import { mkdir, mkdtemp, readdir, readFile, realpath, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isFault } from '../../lib/kernel/faults.ts';
import { BundleError, bundleModule, loadModule } from '../../lib/wiring/bundle.ts';

let project: string;

beforeEach(async () => {
  project = await realpath(await mkdtemp(join(tmpdir(), 'pawl-bundle-')));
});

afterEach(async () => {
  await rm(project, { recursive: true, force: true });
});

async function write(files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(project, path)), { recursive: true });
    await writeFile(join(project, path), content);
  }
}

function bundle(entry = 'flow.ts', outDir = '.pawl/build') {
  return bundleModule({ entry: join(project, entry), outDir: join(project, outDir), name: 'workflows' });
}

async function load(entry?: string, outDir?: string): Promise<Record<string, unknown>> {
  return loadModule((await bundle(entry, outDir)).file);
}

async function failure(entry?: string): Promise<BundleError> {
  const error = await bundle(entry).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof BundleError)) throw new Error(`expected a BundleError, got ${String(error)}`);
  return error;
}

const manifest = (fields: object) => JSON.stringify({ version: '1.0.0', ...fields });

describe('a bundle runs', () => {
  test.each(['commonjs', 'module', undefined])('in a folder of "type": %s', async (type) => {
    await write({
      'package.json': manifest({ name: 'shop', type }),
      'flow.ts': "import { price } from './price.ts'; export const total: number = price * 2; export default total;",
      'price.ts': 'export const price: number = 21;',
    });
    expect(await load()).toMatchObject({ total: 42, default: 42 });
  });

  test('when its sources are CommonJS', async () => {
    await write({
      'flow.cjs': "const { sep } = require('node:path'); const box = require('box'); module.exports = { sep, box };",
      'node_modules/box/package.json': manifest({ name: 'box', main: 'main.js' }),
      'node_modules/box/main.js': "module.exports = 'a box';",
    });
    expect(await load('flow.cjs')).toMatchObject({ default: { sep: '/', box: 'a box' } });
  });

  test('when a source makes its own require', async () => {
    await write({
      'flow.ts': `import { createRequire } from 'node:module';
        const require = createRequire(import.meta.url);
        export const data = require('./data.json');`,
      'data.json': '{ "answer": 42 }',
    });
    expect(await load()).toMatchObject({ data: { answer: 42 } });
  });

  test('with the names of functions and errors as they were written', async () => {
    await write({
      'flow.ts': `import { Refused as Other } from './other.ts';
        export class Refused extends Error {}
        export const names = [Refused.name, Other.name];`,
      'other.ts': 'export class Refused extends Error {}',
    });
    expect(await load()).toMatchObject({ names: ['Refused', 'Refused'] });
  });

  test('and tells each source where it lies, not where the build lies', async () => {
    await write({
      'flow.ts': `import { readFileSync } from 'node:fs';
        export const text = readFileSync(new URL('./words.txt', import.meta.url), 'utf8');
        export const url = import.meta.url;
        export { folder } from './deep/folder.ts';`,
      'deep/folder.ts': 'export const folder = __dirname;',
      'words.txt': 'to be or not',
    });
    expect(await load()).toMatchObject({
      text: 'to be or not',
      url: pathToFileURL(join(project, 'flow.ts')).href,
      folder: join(project, 'deep'),
    });
  });

  test('with a map to its sources', async () => {
    await write({
      'flow.ts': 'type A = 1;\n\nexport function fail(): never {\n  throw new Error(import.meta.url);\n}\n',
    });
    const { code } = await builtText();
    const map = JSON.parse(Buffer.from(code.split('base64,').at(-1) ?? '', 'base64').toString('utf8'));
    expect(map.sources).toEqual(['../../flow.ts']);
    expect(map.mappings.length).toBeGreaterThan(0);
  });
});

describe('what stays outside', () => {
  const box = {
    'node_modules/box/package.json': manifest({
      name: 'box',
      exports: { '.': { module: './bundlers-only.js', import: './box.mjs', require: './box.cjs' } },
    }),
    'node_modules/box/box.mjs': "export const box = 'import';",
    'node_modules/box/box.cjs': "exports.box = 'require';",
    'node_modules/box/bundlers-only.js': "export const box = 'module';",
  };

  test('a package is found from the source, wherever the build lies', async () => {
    await write({ ...box, 'flow.ts': "export { box } from 'box';" });
    const elsewhere = await mkdtemp(join(tmpdir(), 'pawl-elsewhere-'));
    try {
      const { file } = await bundleModule({ entry: join(project, 'flow.ts'), outDir: elsewhere, name: 'workflows' });
      expect(await loadModule(file)).toMatchObject({ box: 'import' });
      const imported = pathToFileURL(join(project, 'node_modules/box/box.mjs')).href;
      expect(await readFile(file, 'utf8')).toContain(imported);
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  });

  test('an import and a require of one package get the file that Node would give each', async () => {
    await write({ ...box, 'flow.ts': "import { box } from 'box'; export const both = [box, require('box').box];" });
    expect(await load()).toMatchObject({ both: ['import', 'require'] });
  });

  test('the source behind a path alias goes in', async () => {
    await write({
      'tsconfig.json': '{ "compilerOptions": { "paths": { "@shop/*": ["./steps/*"] } } }',
      'flow.ts': "export { step } from '@shop/step.ts';",
      'steps/step.ts': "export const step: string = 'aliased';",
    });
    const { file, watchFiles } = await bundle();
    expect(await loadModule(file)).toMatchObject({ step: 'aliased' });
    expect(watchFiles).toEqual([join(project, 'flow.ts'), join(project, 'steps/step.ts')]);
  });

  test('pawl is the copy that runs, though the project has another', async () => {
    await write({
      'node_modules/pawl/package.json': manifest({ name: 'pawl', main: 'index.js' }),
      'node_modules/pawl/index.js': "module.exports = 'another';",
      'flow.ts': "import * as pawl from 'pawl'; import * as client from 'pawl/client'; export { pawl, client };",
    });
    const { code } = await builtText();
    for (const own of ['lib/index.ts', 'lib/client/index.ts']) {
      expect(code).toContain(pathToFileURL(join(import.meta.dirname, '../..', own)).href);
    }
    expect(code).not.toContain('node_modules/pawl');
  });
});

describe('what does not bundle says where', () => {
  test('a syntax error', async () => {
    await write({ 'flow.ts': "import './broken.ts';", 'broken.ts': 'export const a = 1;\nconst = 2;\n' });
    const error = await failure();
    expect(error.message).toMatch(/broken\.ts:2:7: Expected identifier but found "="$/);
    expect(isFault(error, 'invalid_input')).toBe(true);
  });

  test('a package that is not installed', async () => {
    await write({ 'flow.ts': "import { a } from './a.ts';\nexport { a };", 'a.ts': "\nexport { a } from 'left-pad';" });
    expect((await failure()).message).toMatch(/a\.ts:2:19: Cannot find the module "left-pad"/);
  });

  test('a file that is not there', async () => {
    await write({ 'flow.ts': "export * from './gone.ts';" });
    expect((await failure()).message).toMatch(/flow\.ts:1:15: Could not resolve ".\/gone.ts"$/);
    expect((await failure('none.ts')).message).toMatch(/none\.ts: there is no such file$/);
  });

  test('an entry of pawl that does not exist', async () => {
    await write({ 'flow.ts': "import 'pawl/kernel';" });
    expect((await failure()).message).toMatch(/flow\.ts:1:8: "pawl\/kernel" is no entry of pawl/);
  });

  test('and which files to watch for the repair', async () => {
    await write({ 'flow.ts': "import './broken.ts';", 'broken.ts': 'const = 2;' });
    expect((await failure()).watchFiles).toEqual([join(project, 'broken.ts'), join(project, 'flow.ts')]);
  });
});

describe('build files', () => {
  test('are named by their content', async () => {
    await write({ 'flow.ts': 'export const version = 1;' });
    const first = await bundle();
    const again = await bundle();
    await write({ 'flow.ts': 'export const version = 2;' });
    const changed = await bundle();
    expect(again).toEqual(first);
    expect(changed.hash).not.toBe(first.hash);
    expect(await loadModule(first.file)).toMatchObject({ version: 1 });
    expect(await loadModule(changed.file)).toMatchObject({ version: 2 });
  });

  test('are kept ten to a name, the newest, and nothing else is removed', async () => {
    await write({ 'flow.ts': 'export {};', '.pawl/build/note.txt': 'mine' });
    const old = Array.from({ length: 12 }, (_, i) => `workflows-${i.toString(16).padStart(16, '0')}.mjs`);
    const other = `config-${'0'.repeat(16)}.mjs`;
    for (const [i, name] of [...old, other].entries()) {
      await write({ [`.pawl/build/${name}`]: '' });
      await utimes(join(project, '.pawl/build', name), 1_000 + i, 1_000 + i);
    }
    const { hash } = await bundle();
    const left = await readdir(join(project, '.pawl/build'));
    expect(left.sort()).toEqual([...old.slice(3), other, 'note.txt', `workflows-${hash}.mjs`].sort());
  });

  test('may be written by many at once', async () => {
    await write({ 'flow.ts': 'export const one = 1;' });
    const files = await Promise.all(Array.from({ length: 8 }, async () => (await bundle()).file));
    expect(new Set(files).size).toBe(1);
    expect(await readdir(join(project, '.pawl/build'))).toHaveLength(1);
  });
});

async function builtText(): Promise<{ code: string }> {
  return { code: await readFile((await bundle()).file, 'utf8') };
}
