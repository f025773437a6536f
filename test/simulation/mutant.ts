/**
 * The simulation of a kernel that lacks one of its guards: patched as it is bundled, and run in a process of its own.
 *
 * Owns: that a patch fits the source exactly once, and that a kernel gone wild is stopped.
 * Does not own: which guards there are (mutations.ts).
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** A change of the source. `find` has to occur exactly once in the file. */
export interface Patch {
  file: string;
  find: string;
  replace: string;
}

export interface Finding {
  /** How many were run, the one that found something included. */
  schedules: number;
  found?: { seed: number; mode: string; violation: string };
}

export interface Search {
  seeds: number;
  seconds: number;
  from?: number;
  mode?: string;
  /** Without what would repair the harm later: redundant guards hide each other. */
  withoutBackstops?: boolean;
}

const root = resolve(import.meta.dirname, '../..');
const graceSeconds = 60;

/** Bundles the simulation with the patches. Throws if one does not fit. Answers with the bundle's path. */
export async function bundleMutant(name: string, patches: Patch[]): Promise<string> {
  const outfile = join(root, '.pawl/simulation', `${name}.mjs`);
  await build({
    entryPoints: [join(root, 'test/simulation/run.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
    alias: { pawl: join(root, 'test/simulation/authoring.ts') },
    // For what is written for `require`, inside of the bundle.
    banner: { js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);" },
    plugins: [patching(patches)],
  });
  return outfile;
}

function patching(patches: Patch[]): Plugin {
  return {
    name: 'patch',
    setup(build) {
      const left = new Set(patches);
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const file = relative(root, path).replaceAll('\\', '/');
        let contents = await readFile(path, 'utf8');
        for (const patch of patches) {
          if (patch.file !== file) continue;
          contents = patched(contents, patch);
          left.delete(patch);
        }
        return { contents, loader: 'ts' };
      });
      build.onEnd(() => {
        const errors = [...left].map(({ file }) => ({ text: `The simulation does not load ${file}` }));
        return { errors };
      });
    },
  };
}

export function patched(source: string, { file, find, replace }: Patch): string {
  const count = source.split(find).length - 1;
  if (count !== 1) throw new Error(`In ${file} this occurs ${count} times, not once: ${find}`);
  return source.replace(find, () => replace);
}

/** Runs schedules until the first violation or to the end of the budget. */
export function searchMutant(bundle: string, search: Search): Promise<Finding> {
  const { seeds, seconds, from = 0, mode, withoutBackstops } = search;
  const args = [bundle, '--seeds', `${seeds}`, '--seconds', `${seconds}`, '--from', `${from}`];
  if (mode !== undefined) args.push('--mode', mode);
  if (withoutBackstops) args.push('--without-backstops');
  return new Promise((resolve) => {
    const timeout = (seconds + graceSeconds) * 1_000;
    execFile(process.execPath, args, { cwd: root, timeout, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      const line = stdout.trim().split('\n').at(-1) ?? '';
      if (line.startsWith('{')) return resolve(JSON.parse(line) as Finding);
      const violation = error?.killed ? 'never comes to rest' : `broke off: ${stderr.trim().split('\n').at(-1)}`;
      resolve({ schedules: 0, found: { seed: -1, mode: 'unknown', violation } });
    });
  });
}

/** What `--story` says of one seed, without what does not matter: a line for each thing that happens. */
export function storyOf(bundle: string, seed: number, { seconds }: { seconds: number }): Promise<string[]> {
  const args = [bundle, '--story', '--seconds', `${seconds}`, '--from', `${seed}`];
  const timeout = (seconds + graceSeconds) * 1_000;
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root, timeout, killSignal: 'SIGKILL' }, (_error, stdout) => {
      resolve(stdout.trim().split('\n'));
    });
  });
}
