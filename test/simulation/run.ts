/** Long runs: `npm run simulate -- --seeds 10000 --from 0 [--mode faults] [--verbose]`. */
import { parseArgs } from 'node:util';
import { type Mode, modes, runSchedule } from './schedule.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '0' },
    mode: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});

const from = Number(values.from);
const mode = modes.find((known): known is Mode => known === values.mode);
let failed = 0;
let effects = 0;

for (let seed = from; seed < from + Number(values.seeds); seed += 1) {
  const result = await runSchedule(seed, mode ? { mode } : {});
  effects += result.effects;
  if (values.verbose) console.log(JSON.stringify({ ...result, violations: result.violations.length }));
  if (result.violations.length === 0) continue;
  failed += 1;
  console.log(`seed ${seed} (${result.mode})\n  ${result.violations.join('\n  ')}`);
}
console.log(`${values.seeds} schedules from seed ${from}, ${effects} effects, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
