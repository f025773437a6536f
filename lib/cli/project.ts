import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { type Config, defaultConfig } from '../wiring/config.ts';
import type { Handlers } from '../wiring/handlers.ts';
import type { Workflow } from '../workflow/workflow.ts';
import { Complaint, exitCode } from './exit-codes.ts';
import { parseJson } from './parse-json.ts';

/** A folder with workflows and their settings, as the command line finds it. */
export interface Project {
  /** The folder of the configuration; its relative paths begin here. */
  root: string;
  config: Config;
  /** Absent where there is none and all settings have their defaults. */
  configFile?: string;
  /** Absolute, or ':memory:'. */
  dataDir: string;
  /** Nobody has said where the code is. */
  hasDefaultEntry: boolean;
  /** `optional`: there need not be any code. Default: there has to be a workflow, or a handler for graphs. */
  loadWorkflows(options?: { optional?: boolean }): Promise<LoadedWorkflows>;
}

export interface LoadedWorkflows {
  workflows: Workflow[];
  /** For tasks of graphs. */
  handlers: Handlers[];
  /** A change in one of these files calls for loading them again. */
  watchFiles: string[];
  /** Equal for equal code. */
  hash: string;
}

export interface ProjectRequest {
  cwd: string;
  configFile?: string | undefined;
  /** In place of the configured one; from the working directory. */
  dataDir?: string | undefined;
}

const configNames = ['pawl.config.ts', 'pawl.config.js', 'pawl.config.mjs', 'pawl.config.json'];

export async function openProject({ cwd, configFile, dataDir }: ProjectRequest): Promise<Project> {
  const found = configFile === undefined ? findConfig(cwd) : resolve(cwd, configFile);
  if (found !== undefined && !existsSync(found)) {
    throw new Complaint(`There is no configuration file ${configFile}`, {
      advice: [`Without --config, Pawl reads ${configNames.join(', ')} here, or goes by its defaults.`],
    });
  }
  const root = found === undefined ? cwd : dirname(found);
  const buildsUntilKnown = join(dataDir === undefined ? join(root, '.pawl') : resolve(cwd, dataDir), 'build');
  const config =
    found === undefined ? defaultConfig : await readConfig(found, relative(cwd, found) || found, buildsUntilKnown);
  const directory = dataDirectory(config, root, dataDir === undefined ? undefined : resolve(cwd, dataDir));
  const builds = directory === ':memory:' ? buildsUntilKnown : join(directory, 'build');
  return {
    root,
    config,
    ...(found !== undefined && { configFile: found }),
    dataDir: directory,
    hasDefaultEntry: config.workflows === defaultConfig.workflows,
    async loadWorkflows({ optional = false } = {}) {
      const entry = resolve(root, config.workflows);
      if (optional && !existsSync(entry)) return { workflows: [], handlers: [], watchFiles: [], hash: '' };
      return loadWorkflows(entry, builds, { cwd, optional });
    },
  };
}

function findConfig(cwd: string): string | undefined {
  return configNames.map((name) => join(cwd, name)).find((file) => existsSync(file));
}

function dataDirectory(config: Config, root: string, given: string | undefined): string {
  if (given !== undefined) return given;
  return config.store === 'memory' ? ':memory:' : resolve(root, config.dataDir);
}

async function readConfig(file: string, shown: string, builds: string): Promise<Config> {
  const [{ parseConfig }, given] = await Promise.all([
    import('../wiring/parse-config.ts'),
    readSettings(file, shown, builds),
  ]);
  return parseConfig(given, shown);
}

async function readSettings(file: string, shown: string, builds: string): Promise<unknown> {
  if (file.endsWith('.json')) return parseJson(await readFile(file, 'utf8'), shown);
  const { bundleModule, loadModule } = await import('../wiring/bundle.ts');
  const bundle = await bundleModule({ entry: file, outDir: builds, name: 'config' });
  const module = await evaluated(shown, () => loadModule(bundle.file));
  if (module.default !== undefined) return module.default;
  throw new Complaint(`${shown} exports nothing as default`, {
    advice: ["Write: export default defineConfig({ workflows: 'workflows/index.ts' });"],
  });
}

async function loadWorkflows(
  entry: string,
  builds: string,
  { cwd, optional }: { cwd: string; optional: boolean },
): Promise<LoadedWorkflows> {
  const shown = relative(cwd, entry) || entry;
  if (!existsSync(entry)) throw missingEntry(shown);
  const [{ bundleModule, loadModule }, { collectWorkflows }, { handlersIn }] = await Promise.all([
    import('../wiring/bundle.ts'),
    import('../wiring/collect-workflows.ts'),
    import('../wiring/handlers.ts'),
  ]);
  const bundle = await bundleModule({ entry, outDir: builds, name: 'workflows' });
  const module = await evaluated(shown, () => loadModule(bundle.file));
  const workflows = collectWorkflows(module);
  const handlers = handlersIn(module);
  if (workflows.length === 0 && handlers.length === 0 && !optional) {
    throw new Complaint(`${shown} exports no workflow, and no handlers for graphs`, {
      advice: ['Every exported workflow counts, also in arrays. For example:', '', ...example],
    });
  }
  return { workflows, handlers, watchFiles: bundle.watchFiles, hash: bundle.hash };
}

/** A module that throws while it is loaded is the user's, and is said to be. */
async function evaluated<T>(shown: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Complaint(`${shown} cannot be loaded: ${what}`, { exit: exitCode.failed, cause: error });
  }
}

function missingEntry(shown: string): Complaint {
  return new Complaint(`There is no ${shown}, where the workflows are to be`, {
    advice: [
      `Create it, or name another file in pawl.config.ts (setting "workflows"). For example, ${shown}:`,
      '',
      ...example,
      '',
      `Then: pawl run hello --input '{"name": "world"}'`,
    ],
  });
}

const example = `import { workflow } from 'pawl';
import { z } from 'zod';

export const hello = workflow(
  { name: 'hello', input: z.object({ name: z.string() }) },
  async (ctx, { name }) => {
    const greeting = await ctx.step('greet', async () => \`Hello, \${name}!\`);
    await ctx.sleep('1s');
    return { greeting };
  },
);`
  .split('\n')
  .map((line) => `    ${line}`);
