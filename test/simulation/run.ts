/** Long runs: `npm run simulate -- --seeds 10000 --from 0 [--mode faults] [--without-backstops] [--verbose]`. */
import { parseArgs } from 'node:util';
import type { Finding } from './mutant.ts';
import { runSchedule, type ScheduleOptions } from './schedule.ts';
import { type Mode, modes } from './traits.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '0' },
    mode: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    'without-backstops': { type: 'boolean', default: false },
    /** Stops at the first violation, or after so many seconds, and says what it found as one line of JSON. */
    seconds: { type: 'string' },
  },
});

const from = Number(values.from);
const mode = modes.find((known): known is Mode => known === values.mode);
const options: ScheduleOptions = { ...(mode && { mode }), backstops: !values['without-backstops'] };
let seed = from;
let failed = 0;
let effects = 0;

if (values.seconds === undefined) await runAll();
else await runToFirst(performance.now() + Number(values.seconds) * 1_000);

async function runAll(): Promise<void> {
  for (; seed < from + Number(values.seeds); seed += 1) {
    const result = await runSchedule(seed, options);
    effects += result.effects;
    if (values.verbose) console.log(JSON.stringify({ ...result, violations: result.violations.length }));
    if (result.violations.length === 0) continue;
    failed += 1;
    console.log(`seed ${seed} (${result.mode})\n  ${result.violations.join('\n  ')}`);
  }
  console.log(`${values.seeds} schedules from seed ${from}, ${effects} effects, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

/** A kernel without one of its guards may do anything: throw, or never come to rest, which the caller has to watch. */
async function runToFirst(endsAt: number): Promise<void> {
  process.on('unhandledRejection', (error) => finish({ violation: `threw ${String(error)}` }));
  for (; seed < from + Number(values.seeds) && performance.now() < endsAt; seed += 1) {
    const { violations } = await runSchedule(seed, options).catch((error: unknown) => ({
      violations: [`threw ${String(error)}`],
    }));
    const [violation] = violations;
    if (violation !== undefined) return finish({ violation });
  }
  finish({});
}

function finish({ violation }: { violation?: string }): never {
  const schedules = seed - from + (violation === undefined ? 0 : 1);
  const at = options.mode ?? (modes[seed % modes.length] as Mode);
  const finding: Finding = { schedules, ...(violation !== undefined && { found: { seed, mode: at, violation } }) };
  console.log(JSON.stringify(finding));
  process.exit(0);
}
