/**
 * What is bundled and run in a process of its own: schedules for whoever asks (`simulate.ts`, over the process's channel),
 * schedules up to the first violation (`mutate.ts`), or the story of one seed.
 */
import { parseArgs } from 'node:util';
import { caseOf } from './case.ts';
import type { Finding } from './mutant.ts';
import { type Result, runSchedule, runSeed } from './schedule.ts';
import { shrink } from './shrink.ts';
import { createStory } from './story.ts';
import { type Mode, modes } from './traits.ts';

/** Part of the work: seeds from `from`, so many. */
export interface Portion {
  from: number;
  count: number;
}

export type Report =
  | { type: 'ready' }
  /** `violations` are those of one schedule; without any it stands for all schedules of a portion that are done. */
  | { type: 'failed'; seed: number; mode: Mode; violations: string[] }
  | { type: 'done'; schedules: number; runs: number; effects: number; sweeps: number; longestWait: number };

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '0' },
    mode: { type: 'string' },
    example: { type: 'string' },
    'without-backstops': { type: 'boolean', default: false },
    /** Takes portions over the channel. */
    serve: { type: 'boolean', default: false },
    /** Tells of one seed what happens in it; `--whole`: without leaving out what does not matter. */
    story: { type: 'boolean', default: false },
    whole: { type: 'boolean', default: false },
    /** Stops at the first violation, or after so many seconds, and says what it found as one line of JSON. */
    seconds: { type: 'string', default: '60' },
  },
});

const from = Number(values.from);
const options = {
  mode: modes.find((known): known is Mode => known === values.mode),
  backstops: !values['without-backstops'],
  example: values.example,
};
const endsAt = performance.now() + Number(values.seconds) * 1_000;

if (values.serve) serve();
else if (values.story) await tellStory();
else await runToFirst();

// --- for simulate.ts -------------------------------------------------------------------------------------------------

function serve(): void {
  const report = (what: Report) => process.send?.(what);
  // Nobody waits for it: it belongs to the schedule that is under way.
  process.on('unhandledRejection', (error) => {
    const violations = [`threw ${error instanceof Error ? error.stack : String(error)}`];
    report({ type: 'failed', seed: current, mode: caseOf(current, options).mode, violations });
  });
  let current = from;
  process.on('message', async ({ from: first, count }: Portion) => {
    const sums = { schedules: 0, runs: 0, effects: 0, sweeps: 0, longestWait: 0 };
    for (let seed = first; seed < first + count; seed += 1) {
      current = seed;
      const { mode, violations, runs, effects, sweeps, longestWait } = await safely(seed);
      sums.schedules += 1;
      sums.runs += runs;
      sums.effects += effects;
      sums.sweeps += sweeps;
      sums.longestWait = Math.max(sums.longestWait, longestWait);
      if (violations.length > 0) report({ type: 'failed', seed, mode, violations });
    }
    report({ type: 'done', ...sums });
  });
  // Whoever asked is gone.
  process.on('disconnect', () => process.exit(0));
  report({ type: 'ready' });
}

async function safely(seed: number): Promise<Result> {
  try {
    return await runSeed(seed, options);
  } catch (error) {
    const { mode } = caseOf(seed, options);
    const violations = [`threw ${error instanceof Error ? error.stack : String(error)}`];
    return { seed, mode, violations, runs: 0, effects: 0, sweeps: 0, longestWait: 0, struck: [] };
  }
}

// --- for mutate.ts ---------------------------------------------------------------------------------------------------

/** A kernel without one of its guards may do anything: throw, or never come to rest, which the caller has to watch. */
async function runToFirst(): Promise<void> {
  let seed = from;
  process.on('unhandledRejection', (error) => finish(seed, `threw ${String(error)}`));
  for (; seed < from + Number(values.seeds) && performance.now() < endsAt; seed += 1) {
    const { violations } = await safely(seed);
    if (violations[0] !== undefined) finish(seed, violations[0]);
  }
  finish(seed);
}

function finish(seed: number, violation?: string): never {
  const schedules = seed - from + (violation === undefined ? 0 : 1);
  const { mode } = caseOf(seed, options);
  const finding: Finding = { schedules, ...(violation !== undefined && { found: { seed, mode, violation } }) };
  console.log(JSON.stringify(finding));
  process.exit(0);
}

// --- a story ---------------------------------------------------------------------------------------------------------

async function tellStory(): Promise<void> {
  const whole = caseOf(from, options);
  // A rejection that nobody handles is what some broken kernels do; what is asked here is what the oracle says.
  process.on('unhandledRejection', () => {});
  const shrunk = values.whole ? undefined : await shrink(whole, { endsAt, now: () => performance.now() });
  const told = shrunk?.case ?? whole;
  const story = createStory();
  const { violations } = await runSchedule(told, story);
  const left = { work: told.work, traits: told.traits, ...(told.only && { faults: told.only }) };
  console.log(`seed ${from} (${told.mode})${shrunk ? `, made smaller in ${shrunk.tried} schedules` : ''}`);
  console.log(JSON.stringify(left));
  console.log(story.lines.join('\n'));
  console.log(violations.length === 0 ? 'nothing is violated' : `violated:\n  ${violations.join('\n  ')}`);
  process.exit(violations.length === 0 ? 0 : 1);
}
