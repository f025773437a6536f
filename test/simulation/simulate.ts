/**
 * Schedules by the thousand, on all cores:
 * `npm run simulate -- --seeds 1000000 [--from 0] [--mode faults] [--example order] [--without-backstops] [--workers 8] [--keep-going]`;
 * `npm run simulate -- --from 4711 --story [--whole]` tells what happens in one, without what does not matter.
 *
 * Owns: options, workers, progress, and the exit code: 1 at the first violation. Does not own: schedules.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { bundleMutant } from './mutant.ts';
import { argumentsOf, BadOption, type Options, optionsOf, replayOf } from './options.ts';
import type { Portion, Report } from './run.ts';

const perPortion = 20;
const progressMs = 2_000;

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  const bundle = await bundleMutant(`simulation-${process.pid}`, []);
  return options.story ? tellStory(bundle, options) : runAll(bundle, options);
}

function tellStory(bundle: string, options: Options): Promise<number> {
  const child = fork(bundle, [...argumentsOf(options), '--story', ...(options.whole ? ['--whole'] : [])]);
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
}

function runAll(bundle: string, options: Options): Promise<number> {
  const { seeds, from, workers, keepGoing } = options;
  const began = performance.now();
  const sums = { schedules: 0, runs: 0, effects: 0, sweeps: 0, longestWait: 0 };
  const children = new Set<ChildProcess>();
  let next = from;
  let failed = 0;

  return new Promise((resolve) => {
    const timer = setInterval(() => process.stderr.write(`${progress()}\n`), progressMs);

    function finish(code: number): void {
      clearInterval(timer);
      for (const child of children) child.kill('SIGKILL');
      const seconds = Math.round((performance.now() - began) / 1_000);
      console.log(
        `${sums.schedules} schedules from seed ${from} in ${seconds} s: ${sums.runs} runs, ${sums.effects} effects, ` +
          `${sums.sweeps} sweeps; no run that was due waited for more than ${sums.longestWait} of them; ${failed} failed`,
      );
      resolve(code);
    }

    function give(child: ChildProcess): void {
      const count = Math.min(perPortion, from + seeds - next);
      if (count > 0) {
        child.send({ from: next, count } satisfies Portion);
        next += count;
        return;
      }
      children.delete(child);
      child.kill();
      if (children.size === 0) finish(failed > 0 ? 1 : 0);
    }

    function hear(child: ChildProcess, report: Report): void {
      if (report.type === 'failed') {
        failed += 1;
        console.log(`seed ${report.seed} (${report.mode})\n  ${report.violations.join('\n  ')}`);
        console.log(`  again, told as a story: ${replayOf(options, report.seed)}`);
        if (!keepGoing) finish(1);
        return;
      }
      if (report.type === 'done') {
        sums.schedules += report.schedules;
        sums.runs += report.runs;
        sums.effects += report.effects;
        sums.sweeps += report.sweeps;
        sums.longestWait = Math.max(sums.longestWait, report.longestWait);
      }
      give(child);
    }

    for (let index = 0; index < workers; index += 1) {
      const child = fork(bundle, [...argumentsOf(options), '--serve']);
      children.add(child);
      child.on('message', (report: Report) => hear(child, report));
      child.on('exit', (code) => {
        if (!children.delete(child) || code === null) return;
        failed += 1;
        console.log(`a worker ended with code ${code}, at one of the seeds before ${next}`);
        finish(1);
      });
    }
  });

  function progress(): string {
    const seconds = (performance.now() - began) / 1_000;
    const rate = sums.schedules / seconds;
    const left = rate > 0 ? Math.ceil((seeds - sums.schedules) / rate) : Number.NaN;
    return `${sums.schedules} of ${seeds} schedules, ${rate.toFixed(1)} a second, ${sums.effects} effects, ${left} s left, ${failed} failed`;
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof BadOption ? error.message : error);
    process.exit(error instanceof BadOption ? 2 : 1);
  },
);
