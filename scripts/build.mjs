// Builds what package users import: bundled entries in dist/ and their declarations in dist/types/.
// One esbuild run with splitting, so that code shared by two entries (and with it every class) exists once.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const entries = {
  index: 'lib/index.ts',
  client: 'lib/client/index.ts',
  testing: 'lib/testing/index.ts',
  cli: 'lib/cli/main.ts',
  'data-inspector': 'lib/wiring/data-inspector.ts',
  cdk: 'infra/index.ts',
  'cdk-bundler': 'infra/bundling/program.ts',
  'functions/api': 'functions/api.ts',
  'functions/driver': 'functions/driver.ts',
  'functions/sweeper': 'functions/sweeper.ts',
  'functions/trigger': 'functions/trigger.ts',
};

const present = Object.entries(entries).filter(([, source]) => existsSync(join(root, source)));
for (const [name, source] of Object.entries(entries)) {
  if (!existsSync(join(root, source))) console.log(`build: ${source} does not exist yet, dist/${name}.mjs is left out`);
}
if (present.length === 0) process.exit(0);

// Built beside dist/ and swapped in: a process that starts meanwhile never meets a half-written dist/.
const staging = mkdtempSync(join(root, '.dist-'));
const replaced = `${staging}-replaced`;
try {
  await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(present),
    outdir: staging,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    logLevel: 'warning',
  });
  const cli = join(staging, 'cli.mjs');
  if (existsSync(cli)) {
    if (!readFileSync(cli, 'utf8').startsWith('#!/usr/bin/env node')) {
      throw new Error('lib/cli/main.ts must begin with the line: #!/usr/bin/env node');
    }
    chmodSync(cli, 0o755);
  }
  // Editors check graphs by it; a test holds it to the language.
  copyFileSync(join(root, 'docs/graph.schema.json'), join(staging, 'graph.schema.json'));
  declarations(join(staging, 'types'));
  chmodSync(staging, 0o755);
  const dist = join(root, 'dist');
  if (existsSync(dist)) renameSync(dist, replaced);
  renameSync(staging, dist);
} finally {
  for (const directory of [staging, replaced]) rmSync(directory, { recursive: true, force: true });
}

function declarations(outDir) {
  const typed = present.filter(([name]) => name !== 'cli').length;
  if (typed === 0) return;
  const require = createRequire(import.meta.url);
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  const ran = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', outDir], {
    cwd: root,
    stdio: 'inherit',
  });
  if (ran.status !== 0) throw new Error('the declarations did not build, see above');
}
