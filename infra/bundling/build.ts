/**
 * Makes one module of a handler, the user's workflows and all that both import; what they import only when it is needed
 * stays in files beside it.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildOptions, build, type Message, type Metafile, type Plugin } from 'esbuild';
import { handlerModule, packageVersion } from './own-files.ts';
import { credentialsOfLambda, englishOnly, onePawl } from './plugins.ts';
import { type BundleAnswer, type BundleRequest, type FunctionName, functionNames } from './request.ts';

const creators: Record<FunctionName, { creator: string; takesWorkflows: boolean }> = {
  api: { creator: 'createApiHandler', takesWorkflows: true },
  driver: { creator: 'createDriverHandler', takesWorkflows: true },
  sweeper: { creator: 'createSweeperHandler', takesWorkflows: false },
  trigger: { creator: 'createTriggerHandler', takesWorkflows: true },
};

/** Builds functions side by side, each into a folder of its name. Never throws for what is wrong with the workflows. */
export async function buildFunctions(
  request: BundleRequest,
  names: readonly FunctionName[] = functionNames,
): Promise<BundleAnswer> {
  const plugins = await loadPlugins(request.options.plugins);
  const answers = await Promise.all(names.map((name) => buildFunction(name, request, plugins)));
  // What is wrong with the workflows is wrong in each bundle.
  const distinct = (of: keyof BundleAnswer) => [...new Set(answers.flatMap((answer) => answer[of]))];
  return { errors: distinct('errors'), warnings: distinct('warnings') };
}

async function buildFunction(name: FunctionName, request: BundleRequest, plugins: Plugin[]): Promise<BundleAnswer> {
  const outDir = join(request.outDir, name);
  try {
    const { warnings, metafile } = await build(buildOptions(name, request, plugins));
    await removeUnreached(metafile.outputs);
    await writeManifest(outDir);
    return { errors: [], warnings: warnings.map(describe) };
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    return { errors: error.errors.map(describe), warnings: error.warnings.map(describe) };
  }
}

function buildOptions(name: FunctionName, request: BundleRequest, plugins: Plugin[]) {
  const { external, loader, define, minify = true, sourceMap = false } = request.options;
  return {
    stdin: {
      contents: entryOf(name, request.workflows),
      sourcefile: `${name}.entry.mjs`,
      resolveDir: dirname(request.workflows),
      loader: 'js',
    },
    outdir: join(request.outDir, name),
    entryNames: 'index',
    // What is imported later is not paid for by every cold start.
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    mainFields: ['module', 'main'],
    minify,
    // Node shows the line in which an error was thrown.
    lineLimit: 200,
    treeShaking: true,
    // Retry rules and journals see the names of errors and functions.
    keepNames: true,
    charset: 'utf8',
    legalComments: 'none',
    sourcemap: sourceMap ? 'linked' : false,
    sourcesContent: false,
    banner: { js: requireForCommonJs },
    plugins: [onePawl, englishOnly, credentialsOfLambda, ...plugins],
    logLevel: 'silent',
    metafile: true,
    ...(external && { external: [...external] }),
    ...(loader && { loader }),
    ...(define && { define }),
  } satisfies BuildOptions;
}

/** esbuild also writes what only dropped code would have imported. */
async function removeUnreached(outputs: Metafile['outputs']): Promise<void> {
  const entry = Object.keys(outputs).find((path) => outputs[path]?.entryPoint !== undefined && isEntry(path));
  const reached = new Set<string>();
  const follow = (path: string) => {
    if (reached.has(path)) return;
    reached.add(path).add(`${path}.map`);
    for (const { path: imported } of outputs[path]?.imports ?? []) if (imported in outputs) follow(imported);
  };
  if (entry !== undefined) follow(entry);
  await Promise.all(Object.keys(outputs).map((path) => (reached.has(path) ? undefined : rm(path))));
}

const isEntry = (path: string) => basename(path) === 'index.mjs';

/** What CommonJS packages in the bundle call; in an ES module there is none. */
const requireForCommonJs =
  "import { createRequire as __pawlCreateRequire } from 'node:module'; const require = __pawlCreateRequire(import.meta.url);";

function entryOf(name: FunctionName, workflows: string): string {
  const { creator, takesWorkflows } = creators[name];
  return [
    ...(takesWorkflows ? [`import * as workflows from ${JSON.stringify(workflows)};`] : []),
    `import { ${creator} } from ${JSON.stringify(handlerModule(name))};`,
    `export const handler = ${creator}(${takesWorkflows ? '{ workflows }' : ''});`,
  ].join('\n');
}

/** Pawl asks its package for its version; in the bundle this is what is left of the package. */
async function writeManifest(outDir: string): Promise<void> {
  const directory = join(outDir, 'node_modules', 'pawl');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'package.json'), JSON.stringify({ name: 'pawl', version: packageVersion() }));
}

async function loadPlugins(path: string | undefined): Promise<Plugin[]> {
  if (path === undefined) return [];
  const exported = (await import(pathToFileURL(resolve(path)).href)) as Record<string, unknown>;
  return Object.values(exported)
    .flat()
    .map((plugin) => {
      if (isPlugin(plugin)) return plugin;
      throw new Error(`${path}: expected each export to be an esbuild plugin, { name, setup }, or a list of them`);
    });
}

function isPlugin(value: unknown): value is Plugin {
  return typeof value === 'object' && value !== null && 'name' in value && 'setup' in value;
}

function isBuildFailure(error: unknown): error is { errors: Message[]; warnings: Message[] } {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

function describe({ text, location }: Message): string {
  if (location === null) return text;
  return `${location.file}:${location.line}:${location.column + 1}: ${text}`;
}
