/**
 * Turns a user's module (the workflows' entry, pawl.config.ts) into one file that this process can import.
 *
 * Owns: what is bundled and what stays outside, the build files and their pruning.
 * Does not own: what the module means, nor when it is built again.
 *
 * Invariants:
 * 1. `pawl` exists once in the process: the bundle imports the very files that this process runs from.
 * 2. The file does not depend on where it lies: what stays outside is imported by absolute URL, so the data directory may
 *    be anywhere.
 * 3. A build file is complete or absent, and is named by its content.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { basename, dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Loader, Message, OnResolveResult, Plugin } from 'esbuild';
import { Fault } from '../kernel/faults.ts';

export interface BundleRequest {
  /** The module to bundle: an absolute path, or one from the working directory. */
  entry: string;
  /** Where builds are kept. Created with mode 0700. */
  outDir: string;
  /** Tells the builds of different modules in one directory apart; each keeps its own last ten. */
  name: string;
}

export interface Bundle {
  /** Absolute path of the built file. */
  file: string;
  hash: string;
  /** Absolute paths of the user's sources in the bundle; a change in one of them calls for a new build. */
  watchFiles: string[];
}

/** A module that does not bundle. The message has a line `file:line:column: text` for each error. */
export class BundleError extends Fault {
  /** What was read until then, so that a watcher sees the repair. */
  readonly watchFiles: string[];

  constructor(message: string, watchFiles: string[]) {
    super('invalid_input', message);
    this.watchFiles = watchFiles;
  }
}

const buildsKept = 10;

/** Throws `BundleError`. */
export async function bundleModule({ entry, outDir, name }: BundleRequest): Promise<Bundle> {
  // Most commands never bundle, and should not pay for loading esbuild.
  const { build } = await import('esbuild');
  const source = resolve(entry);
  const directory = resolve(outDir);
  const read = new Set([source]);
  const fail = (message: string) => new BundleError(message, [...read].sort());
  if (!existsSync(source)) throw fail(`${relative(process.cwd(), source)}: there is no such file`);

  const result = await build({
    entryPoints: [source],
    outfile: join(directory, `${name}.mjs`),
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // Without esbuild's own `module` condition, which leads to files that only bundlers can load.
    conditions: [],
    mainFields: ['main'],
    // Retry rules and journals see the names of errors and functions.
    keepNames: true,
    sourcemap: 'inline',
    charset: 'utf8',
    logLevel: 'silent',
    define: Object.fromEntries(ownLocation.map(({ expression, variable }) => [expression, variable])),
    banner: { js: requireForCommonJs },
    plugins: [keepLocation(read), importByUrl],
  }).catch((error: unknown) => {
    if (isBuildFailure(error)) throw fail(error.errors.map(describe).join('\n'));
    throw error;
  });

  const code = result.outputFiles[0]?.contents;
  if (code === undefined) throw fail(`${entry}: esbuild gave no output`);
  const hash = createHash('sha256').update(code).digest('hex').slice(0, 16);
  const file = join(directory, `${name}-${hash}.mjs`);
  await writeWhole(file, code);
  await prune(directory, name, file);
  return { file, hash, watchFiles: [...read].sort() };
}

/** Imports a built file. The same content is the same file, hence the same module: its state is kept. */
export async function loadModule(file: string): Promise<Record<string, unknown>> {
  process.setSourceMapsEnabled(true);
  return (await import(/* @vite-ignore */ pathToFileURL(resolve(file)).href)) as Record<string, unknown>;
}

// --- what stays outside --------------------------------------------------------------------------------------------

const resolvedByEsbuild = Symbol('resolved by esbuild');

/**
 * What node_modules holds stays outside and is imported by URL; everything else that can be reached is the user's source and
 * goes in, also by tsconfig paths and through a workspace's links.
 */
const importByUrl: Plugin = {
  name: 'import-by-url',
  setup(build) {
    build.onResolve({ filter: /^[^.]/ }, async (found): Promise<OnResolveResult | undefined> => {
      if (found.kind === 'entry-point' || found.pluginData === resolvedByEsbuild) return undefined;
      if (isAbsolute(found.path) || /^(data|https?):/.test(found.path)) return undefined;
      if (isBuiltin(found.path)) return { path: found.path, external: true };
      if (found.path === 'pawl' || found.path.startsWith('pawl/')) return ownModule(found.path);

      const { kind, importer, namespace, resolveDir, with: attributes } = found;
      const target = await build.resolve(found.path, {
        kind,
        importer,
        namespace,
        resolveDir,
        with: attributes,
        pluginData: resolvedByEsbuild,
      });
      if (target.errors.length > 0) {
        return {
          errors: [{ text: `Cannot find the module "${found.path}". Is it installed (npm install ${found.path})?` }],
        };
      }
      const outside = target.path.split(sep).includes('node_modules') && runnable.has(extname(target.path));
      if (!outside || target.external) return target;
      const isRequire = kind === 'require-call' || kind === 'require-resolve';
      return { path: isRequire ? target.path : pathToFileURL(target.path).href, external: true };
    });
  },
};

const runnable = new Set(['.js', '.mjs', '.cjs']);

/** esbuild turns `require` in the user's CommonJS sources into this one; in an ES module there is none. */
const requireForCommonJs =
  "import { createRequire as __pawlCreateRequire } from 'node:module'; const require = __pawlCreateRequire(import.meta.url);";

const ownModules: Record<string, { built: string; source: string }> = {
  pawl: { built: 'dist/index.mjs', source: 'lib/index.ts' },
  'pawl/client': { built: 'dist/client.mjs', source: 'lib/client/index.ts' },
  'pawl/testing': { built: 'dist/testing.mjs', source: 'lib/testing/index.ts' },
};

function ownModule(specifier: string): OnResolveResult {
  const module = ownModules[specifier];
  if (module === undefined) {
    return {
      errors: [{ text: `"${specifier}" is no entry of pawl; there are ${Object.keys(ownModules).join(', ')}` }],
    };
  }
  const running = fileURLToPath(import.meta.url);
  const path = join(packageRoot(dirname(running)), running.endsWith('.ts') ? module.source : module.built);
  return { path: pathToFileURL(path).href, external: true };
}

/** This file runs from lib/wiring/, from dist/ or from a chunk below dist/. */
function packageRoot(directory: string): string {
  const manifest = join(directory, 'package.json');
  if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'pawl') return directory;
  const parent = dirname(directory);
  if (parent === directory) throw new Error('pawl cannot find its own package.json');
  return packageRoot(parent);
}

// --- where a source lies -------------------------------------------------------------------------------------------

/** In the bundle these would tell where the build lies; a workflow that reads a file beside itself means its source. */
const ownLocation = [
  { expression: 'import.meta.url', variable: '__pawlSourceUrl', value: (path: string) => pathToFileURL(path).href },
  { expression: 'import.meta.filename', variable: '__pawlSourceFile', value: (path: string) => path },
  { expression: 'import.meta.dirname', variable: '__pawlSourceDirectory', value: (path: string) => dirname(path) },
  { expression: '__filename', variable: '__pawlSourceFile', value: (path: string) => path },
  { expression: '__dirname', variable: '__pawlSourceDirectory', value: (path: string) => dirname(path) },
];

const loaders: Record<string, Loader> = {
  '.ts': 'ts',
  '.mts': 'ts',
  '.cts': 'ts',
  '.tsx': 'tsx',
  '.js': 'js',
  '.mjs': 'js',
  '.cjs': 'js',
  '.jsx': 'jsx',
};

/** Gives each source that asks for its location the answer, and notes every source that is read. */
function keepLocation(read: Set<string>): Plugin {
  return {
    name: 'keep-location',
    setup(build) {
      build.onLoad({ filter: /./, namespace: 'file' }, async ({ path }) => {
        read.add(path);
        const loader = loaders[extname(path)];
        if (loader === undefined) return undefined;
        const text = await readFile(path, 'utf8');
        const asked = ownLocation.filter(({ expression }) => text.includes(expression));
        if (asked.length === 0) return undefined;
        const answers = new Map(asked.map(({ variable, value }) => [variable, JSON.stringify(value(path))]));
        const line = [...answers].map(([variable, value]) => `var ${variable} = ${value};`).join(' ');
        // On the first line, or after a hashbang: line numbers stay what they are.
        const contents = text.startsWith('#!') ? text.replace('\n', () => `\n${line} `) : `${line} ${text}`;
        return { contents, loader };
      });
    },
  };
}

// --- build files ---------------------------------------------------------------------------------------------------

async function writeWhole(file: string, content: Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const part = `${file}.${randomBytes(6).toString('hex')}.part`;
  try {
    await writeFile(part, content);
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** Another process may prune the same directory at the same time, so a file that is gone is no error. */
async function prune(directory: string, name: string, current: string): Promise<void> {
  const build = new RegExp(`^${name.replace(/[^\w-]/g, '\\$&')}-[0-9a-f]{16}\\.mjs$`);
  const names = (await readdir(directory)).filter((file) => build.test(file) && file !== basename(current));
  const builds = await Promise.all(
    names.map(async (file) => {
      const path = join(directory, file);
      const modifiedMs = await stat(path).then(
        (found) => found.mtimeMs,
        () => 0,
      );
      return { path, modifiedMs };
    }),
  );
  builds.sort((a, b) => b.modifiedMs - a.modifiedMs);
  await Promise.all(builds.slice(buildsKept - 1).map(({ path }) => rm(path, { force: true })));
}

// --- errors --------------------------------------------------------------------------------------------------------

function isBuildFailure(error: unknown): error is { errors: Message[] } {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

function describe({ text, location }: Message): string {
  if (location === null) return text;
  return `${location.file}:${location.line}:${location.column + 1}: ${text}`;
}
