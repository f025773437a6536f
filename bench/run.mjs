import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { build } from 'esbuild';

// Measured is what users get: the built package. (A loader that compiles on the fly makes closures slow.)
spawnSync('node', ['scripts/build.mjs'], { stdio: ['ignore', 'ignore', 'inherit'] });
rmSync('.pawl/bench', { recursive: true, force: true });
await build({
  entryPoints: ['bench/main.ts', 'bench/part-process.ts', 'bench/recovery-victim.ts', 'bench/dynalite-server.ts'],
  outdir: '.pawl/bench',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  format: 'esm',
  logLevel: 'error',
});
const { status } = spawnSync('node', ['.pawl/bench/main.mjs', ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = status ?? 1;
