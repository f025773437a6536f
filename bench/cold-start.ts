/**
 * What a function's cold start waits for: how large its bundle is and how long Node takes to import it, the whole of it and each
 * of the packages in it alone. Times are medians of fresh processes.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { buildFunctions } from '../infra/bundling/build.ts';
import { functionNames } from '../infra/bundling/request.ts';
import { variableNames } from '../lib/wiring/aws/names.ts';
import { median } from './statistics.ts';

const packages = [
  '@aws-sdk/client-dynamodb',
  '@aws-sdk/lib-dynamodb',
  '@aws-sdk/client-sqs',
  '@aws-sdk/client-s3',
  '@aws-lambda-powertools/logger',
  '@aws-lambda-powertools/metrics',
  '@aws-lambda-powertools/batch',
  'zod',
  'hono',
  'jsonata',
  'yaml',
];
const processes = 7;
/** With `--driver` only the driver is measured, and printed as JSON for `npm run bench`. */
const onlyDriver = process.argv.includes('--driver');

/** What the infrastructure sets: a function reads it while it is imported. */
const environment = {
  ...process.env,
  [variableNames.table]: 'table',
  [variableNames.queueUrl]: 'https://sqs.us-east-1.amazonaws.com/0/queue',
  [variableNames.deadLetterQueueUrl]: 'https://sqs.us-east-1.amazonaws.com/0/dead',
  [variableNames.bucket]: 'bucket',
  [variableNames.deployment]: 'deployment',
  [variableNames.driverTimeoutMs]: '120000',
  [variableNames.indexShards]: '4',
  AWS_REGION: 'us-east-1',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
};

mkdirSync('.pawl', { recursive: true });
const folder = mkdtempSync(join('.pawl', 'cold-start-'));
try {
  const workflows = resolve(folder, 'workflows.mjs');
  writeFileSync(workflows, 'export {};\n');
  const names = onlyDriver ? (['driver'] as const) : functionNames;
  const { errors } = await buildFunctions({ workflows, outDir: resolve(folder), options: {} }, names);
  if (errors.length > 0) throw new Error(errors.join('\n'));
  if (onlyDriver) {
    const { bytes, importMs } = coldStartOf(join(folder, 'driver', 'index.mjs'));
    const { importMs: emptyMs } = coldStartOf(workflows);
    console.log(JSON.stringify({ driverKb: bytes / 1_000, driverMs: importMs, emptyMs }));
  } else {
    console.log(
      'function or package              bundle      import  (a function’s bundle: what is read before the first event)',
    );
    for (const name of functionNames) print(name, join(folder, name, 'index.mjs'));
    for (const name of packages) print(name, await bundleAlone(name));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function bundleAlone(name: string): Promise<string> {
  const outfile = join(folder, `${name.replace(/\W+/g, '-')}.mjs`);
  await build({
    stdin: { contents: `import * as all from '${name}'; globalThis.all = all;`, resolveDir: process.cwd() },
    outfile,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    mainFields: ['module', 'main'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  return outfile;
}

function print(name: string, file: string): void {
  const { bytes, importMs } = coldStartOf(file);
  const kilobytes = `${Math.round(bytes / 1_000)} KB`;
  console.log(`${name.padEnd(32)} ${kilobytes.padStart(6)} ${`${importMs.toFixed(0)} ms`.padStart(11)}`);
}

function coldStartOf(file: string): { bytes: number; importMs: number } {
  const times = Array.from({ length: processes }, () => importOnce(file));
  return { bytes: coldBytes(resolve(file)), importMs: median(times) };
}

/** Of a module and all that it imports at once. */
function coldBytes(file: string, read = new Set<string>()): number {
  if (read.has(file)) return 0;
  read.add(file);
  const code = readFileSync(file, 'utf8');
  const imports = [...code.matchAll(/\b(?:from|import) ?"(\.[^"]+)"/g)];
  const deeper = imports.map(([, specifier = '']) => coldBytes(join(dirname(file), specifier), read));
  return deeper.reduce((sum, bytes) => sum + bytes, Buffer.byteLength(code));
}

function importOnce(file: string): number {
  const code = `const begun = performance.now(); await import('${pathToFileURL(resolve(file)).href}'); console.log(performance.now() - begun);`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    env: environment,
  });
  const ms = Number(stdout.trim());
  if (stdout.trim() === '' || Number.isNaN(ms)) throw new Error(`${file} cannot be imported: ${stderr}`);
  return ms;
}
