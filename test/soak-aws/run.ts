/**
 * Long runs: `npm run soak:aws -- --minutes 10 --seed 1 [--storm-seconds 15]`. Each round has a seed of its own.
 * `npm run soak:aws -- --recovery 1000` measures instead how long so many runs stand still when all drivers die.
 */
import { parseArgs } from 'node:util';
import { buildSandbox } from './build-sandbox.ts';
import { measureRecovery } from './recovery.ts';
import { runRound } from './round.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    'storm-seconds': { type: 'string', default: '15' },
    recovery: { type: 'string' },
    /** Also what processes complained of. */
    verbose: { type: 'boolean', default: false },
  },
});

/** A lease and a tick. */
const mostStillMs = 90_000;
if (values.recovery === undefined) await soak();
else await recover(Number(values.recovery));

async function soak(): Promise<void> {
  const endsAt = Date.now() + Number(values.minutes) * 60_000;
  const stormMs = Number(values['storm-seconds']) * 1_000;
  const totals: Record<string, number> = {};
  const { file, remove } = await buildSandbox();
  let rounds = 0;
  let failed = 0;
  for (let seed = Number(values.seed); seed === Number(values.seed) || Date.now() < endsAt; seed += 1) {
    const began = Date.now();
    const { violations, counts, troubles } = await runRound({ seed, file, stormMs, progress: console.error });
    rounds += 1;
    for (const [what, count] of Object.entries(counts)) totals[what] = (totals[what] ?? 0) + count;
    const took = Math.round((Date.now() - began) / 1_000);
    console.error(
      `seed ${seed}: ${counts.runs} runs, ${counts.kills} kills, ${took} s, ${violations.length} violations`,
    );
    if (values.verbose) console.error(JSON.stringify({ counts, troubles }, null, 2));
    if (violations.length === 0) continue;
    failed += 1;
    console.log(`seed ${seed}:\n  ${violations.join('\n  ')}`);
    console.log(`again: npm run soak:aws -- --seed ${seed} --minutes 0 --storm-seconds ${values['storm-seconds']}`);
    break;
  }
  remove();
  for (const [what, count] of Object.entries(totals).sort(([a], [b]) => a.localeCompare(b)))
    console.log(`${what}: ${count}`);
  console.log(`${rounds} rounds, ${failed} with violations`);
  process.exitCode = failed > 0 ? 1 : 0;
}

/** A fourth of the runs for each time between two ticks at which drivers may die. */
async function recover(runs: number): Promise<void> {
  const times: number[] = [];
  for (const phaseMs of [0, 15_000, 30_000, 45_000]) {
    const own = await measureRecovery({ runs: Math.ceil(runs / 4), phaseMs });
    console.error(`drivers died ${phaseMs / 1_000} s after a tick: ${described(own)}`);
    times.push(...own);
  }
  console.log(`${times.length} runs: ${described(times)}`);
  process.exitCode = Math.max(...times) <= mostStillMs ? 0 : 1;
}

function described(times: number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0) / 1_000;
  return `first ${at(0)} s, half ${at(0.5)} s, 99 % ${at(0.99)} s, last ${at(1)} s`;
}
