/**
 * Bundles the functions' code while a construct is being made.
 *
 * Owns: the bundling process, the hash of what comes out. Does not own: how it is bundled (`build.ts`), what becomes
 * of it (`code.ts`).
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundlerProgram, runsFromSources } from './own-files.ts';
import { answerFile, type BundleAnswer, type BundleRequest, type FunctionName, functionNames } from './request.ts';

/** A function's files by their path in its asset. The same sources give the same hash, on any machine. */
export interface FunctionBundle {
  files: ReadonlyMap<string, Uint8Array>;
  hash: string;
}

export interface Bundles {
  functions: Readonly<Record<FunctionName, FunctionBundle>>;
  warnings: string[];
}

const timeoutMs = 300_000;

/** Throws an `Error` that has a line `file:line:column: text` for each problem. */
export function bundleFunctions({ workflows, options }: Pick<BundleRequest, 'workflows' | 'options'>): Bundles {
  const outDir = mkdtempSync(join(tmpdir(), 'pawl-bundle-'));
  try {
    const { errors, warnings } = runBundler({ workflows, options, outDir });
    if (errors.length > 0) throw new Error(`The workflows do not bundle:\n${errors.join('\n')}`);
    const functions = Object.fromEntries(functionNames.map((name) => [name, readBundle(join(outDir, name))]));
    return { functions: functions as Record<FunctionName, FunctionBundle>, warnings };
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}

function runBundler(request: BundleRequest): BundleAnswer {
  const ran = spawnSync(process.execPath, [...typescriptLoader(), bundlerProgram], {
    input: JSON.stringify(request),
    // CDK reads nothing of what a plugin may print, but its users may read CDK's standard output.
    stdio: ['pipe', 2, 2],
    timeout: timeoutMs,
  });
  const answer = join(request.outDir, answerFile);
  if (existsSync(answer)) return JSON.parse(readFileSync(answer, 'utf8')) as BundleAnswer;
  const why = ran.error?.message ?? (ran.signal ? `it was ended by ${ran.signal}` : `it ended with code ${ran.status}`);
  throw new Error(`The bundler did not answer: ${why}. What it said is above.`);
}

/** The sources of Pawl are TypeScript; the installed package has no need for this. */
function typescriptLoader(): string[] {
  if (!runsFromSources) return [];
  return ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href];
}

function readBundle(directory: string): FunctionBundle {
  const paths = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
  const files = new Map(paths.map((path) => [path, readFileSync(join(directory, path)) as Uint8Array]));
  return { files, hash: hashOf(files) };
}

function hashOf(files: ReadonlyMap<string, Uint8Array>): string {
  const hash = createHash('sha256');
  for (const [path, content] of files) hash.update(`${path}\n${content.length}\n`).update(content);
  return hash.digest('hex').slice(0, 32);
}
