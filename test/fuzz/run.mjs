// npm run fuzz -- --seconds 60 [files]: each property goes on for so long, from a seed that differs each time, a file of them
// on each core. --seed and --path, as a failure prints them, try one input again.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    path: { type: 'string' },
  },
});
const files = positionals.length > 0 ? positionals.map((name) => `test/fuzz/${name}`) : ['test/fuzz'];
const { status } = spawnSync('npx', ['vitest', 'run', ...files], {
  stdio: 'inherit',
  env: {
    ...process.env,
    FUZZ_SECONDS: values.seconds,
    ...(values.seed !== undefined && { FUZZ_SEED: values.seed }),
    ...(values.path !== undefined && { FUZZ_PATH: values.path }),
  },
});
process.exitCode = status ?? 1;
