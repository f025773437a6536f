import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildFunctions } from '../../infra/bundling/build.ts';
import { bundleFunctions } from '../../infra/bundling/bundle-functions.ts';
import { type BundlingOptions, type FunctionName, functionNames } from '../../infra/bundling/request.ts';
import { type LocalServices, startLocalServices } from '../../lib/dev/services.ts';
import { packageVersion } from '../../lib/wiring/package-version.ts';
import { systemClock } from '../../lib/wiring/system.ts';

const root = resolve(import.meta.dirname, '../..');
const execute = promisify(execFile);

let project: string;

beforeEach(async () => {
  project = await realpath(await mkdtemp(join(tmpdir(), 'pawl-functions-')));
  await symlink(join(root, 'node_modules'), join(project, 'node_modules'));
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

/** Bundles one function of the project and answers with its folder. */
async function build(name: FunctionName, options: BundlingOptions = {}): Promise<string> {
  const outDir = join(project, 'out');
  const { errors, warnings } = await buildFunctions({ workflows: join(project, 'flows.ts'), outDir, options }, [name]);
  expect([errors, warnings]).toEqual([[], []]);
  return join(outDir, name);
}

async function errorsOf(options: BundlingOptions = {}): Promise<string[]> {
  const request = { workflows: join(project, 'flows.ts'), outDir: join(project, 'out'), options };
  return (await buildFunctions(request, ['driver'])).errors;
}

/** A table, since the API asks for the workflows that are data. */
let services: LocalServices;
beforeAll(async () => {
  services = await startLocalServices({ clock: systemClock, visibilityMs: 60_000 });
});
afterAll(() => services.close());

const deployed = () => ({
  ...table(),
  PAWL_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/1/queue',
  PAWL_DEAD_LETTER_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/1/dead',
  PAWL_BUCKET: 'bucket',
  PAWL_DEPLOYMENT: 'test',
  PAWL_DRIVER_TIMEOUT_MS: '120000',
  PAWL_INDEX_SHARDS: '4',
  AWS_REGION: 'eu-central-1',
  PATH: process.env.PATH,
});

function table(): Record<string, string> {
  return {
    PAWL_TABLE: services.environment.table,
    AWS_ENDPOINT_URL_DYNAMODB: services.endpoints.dynamodb,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
}

/** Every module of a bundle by its path in it. */
async function modulesOf(bundle: string): Promise<Record<string, string>> {
  const paths = (await readdir(bundle, { recursive: true })).filter((path) => path.endsWith('.mjs')).sort();
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path, await readFile(join(bundle, path), 'utf8')])),
  ) as Record<string, string>;
}

async function codeOf(bundle: string): Promise<string> {
  return Object.values(await modulesOf(bundle)).join('\n');
}

/** Bytes of what Node reads before the first event: the entry, and whatever that imports at once. */
async function coldBytes(bundle: string): Promise<number> {
  const modules = await modulesOf(bundle);
  const read = new Set<string>();
  const follow = (path: string) => {
    if (read.has(path)) return;
    read.add(path);
    const imports = modules[path]?.matchAll(/\b(?:from|import) ?"(\.[^"]+)"/g) ?? [];
    for (const [, specifier = ''] of imports) follow(posix.join(posix.dirname(path), specifier));
  };
  follow('index.mjs');
  return [...read].reduce((sum, path) => sum + Buffer.byteLength(modules[path] ?? ''), 0);
}

/** What a script makes of the bundle's `handler` where there is nothing but the bundle, as on Lambda. */
async function runAlone(bundle: string, script: string): Promise<unknown> {
  const alone = await mkdtemp(join(tmpdir(), 'pawl-alone-'));
  try {
    await cp(bundle, alone, { recursive: true });
    await writeFile(
      join(alone, 'script.mjs'),
      `import { handler } from './index.mjs';
       const answer = await (${script})(handler);
       process.stdout.write(JSON.stringify(answer));
       process.exit(0);`,
    );
    const { stdout } = await execute(process.execPath, ['script.mjs'], { cwd: alone, env: deployed() });
    return JSON.parse(stdout);
  } finally {
    await rm(alone, { recursive: true, force: true });
  }
}

const ask = (path: string) => `async (handler) => {
  const answer = await handler({
    version: '2.0', routeKey: 'ANY /{proxy+}', rawPath: '${path}', rawQueryString: '', headers: { host: 'x' }, isBase64Encoded: false,
    requestContext: { http: { method: 'GET', path: '${path}', protocol: 'HTTP/1.1', sourceIp: '1.2.3.4', userAgent: 't' }, domainName: 'x', stage: '$default' },
  });
  return JSON.parse(answer.body);
}`;

const greet = `import { workflow } from 'pawl';
  export const greet = workflow({ name: 'greet' }, async (ctx, name: string) => ctx.step('hello', () => 'Hello, ' + name));`;

describe('a bundle', () => {
  const budgetsKb: Record<FunctionName, number> = { api: 640, driver: 610, sweeper: 560, trigger: 560 };

  test('has little to read before the first event, whichever function it is of', { timeout: 30_000 }, async () => {
    await write({ 'flows.ts': 'export {};' });
    const outDir = join(project, 'out');
    await buildFunctions({ workflows: join(project, 'flows.ts'), outDir, options: {} });
    const sizes = await Promise.all(
      functionNames.map(async (name) => ({ name, bytes: await coldBytes(join(outDir, name)) })),
    );
    expect(sizes.filter(({ name, bytes }) => bytes > 1_000 * budgetsKb[name])).toEqual([]);
    // Less than this would mean that something is missing.
    expect(Math.min(...sizes.map(({ bytes }) => bytes))).toBeGreaterThan(200_000);
  });

  test('needs nothing beside it, and pawl is in it once: the API knows the workflows', async () => {
    await write({ 'flows.ts': greet });
    const answer = await runAlone(await build('api'), ask('/v1/workflows'));
    expect(answer).toMatchObject({ items: [{ name: 'greet' }] });
  });

  test('knows the version of the package that it is made of', async () => {
    await write({ 'flows.ts': greet });
    const manifest = join(await build('sweeper'), 'node_modules/pawl/package.json');
    expect(JSON.parse(await readFile(manifest, 'utf8'))).toEqual({ name: 'pawl', version: packageVersion });
  });

  test.each<FunctionName>(['driver', 'sweeper', 'trigger'])('of the %s runs alone, too', async (name) => {
    await write({ 'flows.ts': greet });
    expect(await runAlone(await build(name), 'async (handler) => typeof handler')).toBe('function');
  });

  test('is the same wherever the sources lie, and another one when they change', async () => {
    const flow = (path: string) => ({
      workflows: join(project, path),
      outDir: join(project, path, '..', 'out'),
      options: {},
    });
    const text = async (path: string) => {
      await buildFunctions(flow(path), ['driver']);
      return codeOf(join(project, path, '..', 'out/driver'));
    };
    await write({
      'flows.ts': greet,
      'deeper/flows.ts': greet,
      'changed/flows.ts': greet.replace('Hello', 'Good day'),
    });
    const here = await text('flows.ts');
    expect(await text('deeper/flows.ts')).toBe(here);
    expect(await text('changed/flows.ts')).not.toBe(here);
  });

  test('refuses an event that no trigger has made before it asks anybody', async () => {
    await write({ 'flows.ts': greet });
    const script = 'async (handler) => handler({ detail: {} }).catch((error) => error.code)';
    expect(await runAlone(await build('trigger'), script)).toBe('invalid_input');
  });

  test('keeps the names of errors and functions', async () => {
    await write({
      'flows.ts': `import { workflow } from 'pawl';
        class PaymentDeclined extends Error {}
        function chargeCard() {}
        export const one = workflow({ name: new PaymentDeclined().constructor.name + '-' + chargeCard.name }, async () => 1);`,
    });
    const answer = await runAlone(await build('api'), ask('/v1/workflows'));
    expect(answer).toMatchObject({ items: [{ name: 'PaymentDeclined-chargeCard' }] });
  });

  test('holds the embedded store, the bundler and the locales of zod no more than logins of the SDK', async () => {
    await write({
      'flows.ts': `import * as everything from 'pawl';\nimport { z } from 'zod';\n${greet}\nexport const schema = z.string();`,
    });
    const text = await codeOf(await build('driver', { minify: false }));
    expect(text).toContain('createDriverHandler');
    expect(text).toContain('Invalid input');
    for (const absent of ['lmdb', 'esbuild', 'Ungültige', 'sso-oidc']) expect(text).not.toContain(absent);
  });

  test('has another locale of zod, or another source of credentials, where a workflow asks for it', async () => {
    await write({
      'flows.ts': `import { workflow } from 'pawl';
        import { z } from 'zod';
        import { de } from 'zod/locales';
        import { fromIni } from '@aws-sdk/credential-providers';
        z.config(de());
        const { error } = z.string().safeParse(1);
        export const one = workflow({ name: error.issues[0].message.slice(0, 3) + typeof fromIni({}) }, async () => 1);`,
    });
    const answer = await runAlone(await build('api'), ask('/v1/workflows'));
    expect(answer).toMatchObject({ items: [{ name: 'Ungfunction' }] });
  });

  test.each([true, false])(
    'lets CommonJS packages and sources require what Node provides (minify: %j)',
    async (minify) => {
      await write({
        'flows.ts': `import { workflow } from 'pawl';
        import { createRequire } from 'node:module';
        import { separator } from './old.cjs';
        const require = createRequire(import.meta.url);
        const same = separator === require('node:path').sep;
        const here = new URL('.', import.meta.url).protocol;
        export const one = workflow({ name: 'one-' + same + here.length }, async () => 1);`,
        'old.cjs': "exports.separator = require('path').sep;",
      });
      const answer = await runAlone(await build('api', { minify }), ask('/v1/workflows'));
      expect(answer).toMatchObject({ items: [{ name: 'one-true5' }] });
    },
  );
});

describe('options', () => {
  test('loaders, definitions and plugins shape what is bundled', async () => {
    await write({
      'flows.ts': `import { workflow } from 'pawl';
        import query from './query.sql';
        import { stage } from 'virtual:stage';
        declare const REGION: string;
        export const one = workflow({ name: [query.trim(), REGION, stage].join('-') }, async () => 1);`,
      'query.sql': 'select\n',
      'plugins.mjs': `export const stage = { name: 'stage', setup(build) {
        build.onResolve({ filter: /^virtual:stage$/ }, ({ path }) => ({ path, namespace: 'stage' }));
        build.onLoad({ filter: /./, namespace: 'stage' }, () => ({ contents: "export const stage = 'test'" }));
      } };`,
    });
    const bundle = await build('api', {
      loader: { '.sql': 'text' },
      define: { REGION: '"eu"' },
      plugins: join(project, 'plugins.mjs'),
    });
    expect(await runAlone(bundle, ask('/v1/workflows'))).toMatchObject({ items: [{ name: 'select-eu-test' }] });
  });

  test('a plugin module that exports something else is refused by name', async () => {
    await write({ 'flows.ts': greet, 'plugins.mjs': 'export const version = 1;' });
    const plugins = join(project, 'plugins.mjs');
    await expect(errorsOf({ plugins })).rejects.toThrow(/plugins\.mjs: expected each export to be an esbuild plugin/);
  });

  test('what is external stays an import', async () => {
    await write({ 'flows.ts': `import sharp from 'sharp';\n${greet}\nexport const image = () => sharp();` });
    expect(await errorsOf()).toEqual([expect.stringMatching(/flows\.ts:1:19: Could not resolve "sharp"$/)]);
    const text = await codeOf(await build('driver', { external: ['sharp'] }));
    expect(text).toMatch(/from ?"sharp"/);
  });

  test('a source map lies beside the code if it is asked for', async () => {
    await write({ 'flows.ts': greet });
    const files = (bundle: string) => readdir(bundle, { recursive: true });
    expect((await files(await build('driver'))).filter((file) => file.endsWith('.map'))).toEqual([]);
    const bundle = await build('driver', { sourceMap: true });
    const maps = (await files(bundle)).filter((file) => file.endsWith('.mjs.map'));
    expect(maps).toContain('index.mjs.map');
    expect(maps.length).toBeGreaterThan(1);
    expect(await readFile(join(bundle, 'index.mjs'), 'utf8')).toMatch(/\n\/\/# sourceMappingURL=index\.mjs\.map\s*$/);
  });
});

describe('what does not bundle', () => {
  test('is named with file, line and column', async () => {
    await write({
      'flows.ts': `import { total } from './totals.ts';\n${greet}\nexport const sum = total;`,
      'totals.ts': 'export const total =\n  (1 + ;',
    });
    expect(await errorsOf()).toEqual([expect.stringMatching(/totals\.ts:2:8: Unexpected ";"$/)]);
  });

  test('may be an entry that pawl does not have', async () => {
    await write({ 'flows.ts': "import { x } from 'pawl/kernel';\nexport const y = x;" });
    expect(await errorsOf()).toEqual([
      expect.stringMatching(
        /flows\.ts:1:19: "pawl\/kernel" is no entry of pawl; there are pawl, pawl\/client, pawl\/testing$/,
      ),
    ]);
  });
});

describe('bundleFunctions, from a constructor', { timeout: 30_000 }, () => {
  const bundleProject = (options: BundlingOptions = {}) =>
    bundleFunctions({ workflows: join(project, 'flows.ts'), options });

  test('gives each function’s files, and a hash of them', async () => {
    await write({ 'flows.ts': greet });
    const { functions, warnings } = bundleProject();
    expect(warnings).toEqual([]);
    for (const name of functionNames) {
      const files = [...functions[name].files.keys()].filter((file) => !file.startsWith('chunks/'));
      expect(files).toEqual(['index.mjs', 'node_modules/pawl/package.json']);
    }
    expect(new Set(functionNames.map((name) => functions[name].hash)).size).toBe(4);
    const given = [...functions.driver.files].filter(([path]) => path.endsWith('.mjs'));
    expect(Object.fromEntries(given.map(([path, code]) => [path, Buffer.from(code).toString()]))).toEqual(
      await modulesOf(await build('driver')),
    );
  });

  test('throws what does not bundle, once', async () => {
    await write({ 'flows.ts': "import './none.ts';" });
    expect(() => bundleProject()).toThrow(
      /^The workflows do not bundle:\n[^\n]*flows\.ts:1:8: Could not resolve ".\/none\.ts"$/,
    );
  });

  test('says so when the bundler itself fails', async () => {
    await write({ 'flows.ts': greet, 'plugins.mjs': 'process.exit(3);' });
    expect(() => bundleProject({ plugins: join(project, 'plugins.mjs') })).toThrow(
      'The bundler did not answer: it ended with code 3',
    );
  });
});
