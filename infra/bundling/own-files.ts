import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of this package, as it lies in the repository and in the installed package. */
interface OwnFile {
  source: string;
  built: string;
}

/** What workflows import, by specifier. */
const entries: Record<string, OwnFile> = {
  pawl: { source: 'lib/index.ts', built: 'dist/index.mjs' },
  'pawl/client': { source: 'lib/client/index.ts', built: 'dist/client.mjs' },
  'pawl/testing': { source: 'lib/testing/index.ts', built: 'dist/testing.mjs' },
};

const here = fileURLToPath(import.meta.url);
export const runsFromSources: boolean = here.endsWith('.ts');
const packageRoot: string = findRoot(dirname(here));

/** Folders whose files are Pawl's own and import only for bindings, never for what an import does. */
export const ownFolders: readonly string[] = ['lib', 'functions', 'dist'].map((folder) => join(packageRoot, folder));

export const ownEntries: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(entries).map(([specifier, file]) => [specifier, locate(file)]),
);

export function handlerModule(name: string): string {
  return locate({ source: `functions/${name}.ts`, built: `dist/functions/${name}.mjs` });
}

/** The program that bundles; see `bundleFunctions`. */
export const bundlerProgram: string = locate({ source: 'infra/bundling/program.ts', built: 'dist/cdk-bundler.mjs' });

export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version;
}

function locate({ source, built }: OwnFile): string {
  return join(packageRoot, runsFromSources ? source : built);
}

/** This file runs from infra/bundling/, from dist/ or from a chunk below dist/. */
function findRoot(directory: string): string {
  const manifest = join(directory, 'package.json');
  if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'pawl') return directory;
  const parent = dirname(directory);
  if (parent === directory) throw new Error('pawl cannot find its own package.json');
  return findRoot(parent);
}
