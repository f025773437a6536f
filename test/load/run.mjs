// npm run load: what is loaded is what users get, the built package; see main.ts for the options.
import { spawnSync } from 'node:child_process';
import { build } from 'esbuild';

if (!process.argv.includes('--built')) {
  spawnSync('node', ['scripts/build.mjs'], { stdio: ['ignore', 'ignore', 'inherit'] });
}
await build({
  entryPoints: ['main', 'client', 'in-process', 'stand-ins', 'functions'].map((name) => `test/load/${name}.ts`),
  outdir: '.pawl/load',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // Without its paths, which lead to the sources.
  tsconfigRaw: '{}',
  logLevel: 'error',
});
const options = process.argv.slice(2).filter((word) => word !== '--built');
const { status } = spawnSync('node', ['.pawl/load/main.mjs', ...options], { stdio: 'inherit' });
process.exitCode = status ?? 1;
