import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type OpenPawlOptions, openPawl, type Pawl } from 'pawl';
import { median, medianOf, quantile, rateOf } from './statistics.ts';
import { chain, fanOut, interrupted, timedChain } from './workflows.ts';

/** What is measured of one store. Times in ms. */
export interface Figures {
  stepP50: number;
  stepP99: number;
  stepsPerSecond64: number;
  fanOut100: number;
  fanOut2000: number;
  /** 100 runs from the opening of the data directory to the end of the last; only where there is something to recover. */
  recover100?: number;
  /** At most, in MB, while 64 runs were in flight. */
  peakMb: number;
}

const times = 5;
const stepsPerRun = 10;
const inFlight = 64;

export async function measure(dataDir: string): Promise<Figures> {
  const began: number[] = [];
  const timed = timedChain((at) => began.push(at));
  const options: OpenPawlOptions = { workflows: [chain, fanOut, timed], dataDir };
  const pawl = await openPawl(options);
  const runChain = async () => (await pawl.start(chain, stepsPerRun)).result();
  await rateOf(300, inFlight, runChain);

  const hops: number[] = [];
  for (let run = 0; run < 60; run += 1) {
    began.length = 0;
    await (await pawl.start(timed, stepsPerRun)).result();
    for (let i = 1; i < began.length; i += 1) hops.push((began[i] as number) - (began[i - 1] as number));
  }

  let peak = 0;
  const watchMemory = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 20);
  const stepsPerSecond64 = await medianOf(times, async () => stepsPerRun * (await rateOf(1_000, inFlight, runChain)));
  clearInterval(watchMemory);

  const figures: Figures = {
    stepP50: median(hops),
    stepP99: quantile(hops, 0.99),
    stepsPerSecond64,
    fanOut100: await medianOf(times, () => timeFanOut(pawl, 100)),
    fanOut2000: await medianOf(times, () => timeFanOut(pawl, 2_000)),
    peakMb: peak / 1e6,
  };
  await pawl.close();
  return figures;
}

async function timeFanOut(pawl: Pawl, width: number): Promise<number> {
  const began = performance.now();
  await (await pawl.start(fanOut, width)).result();
  return performance.now() - began;
}

const victim = fileURLToPath(new URL('recovery-victim.mjs', import.meta.url));

/** Kills a process in the middle of 100 runs and measures until a new one has finished them. */
export async function measureRecovery(dataDir: string): Promise<number> {
  const child = fork(victim, [dataDir]);
  const [ids] = (await once(child, 'message')) as [string[]];
  child.kill('SIGKILL');
  await once(child, 'exit');
  const began = performance.now();
  const pawl = await openPawl({ workflows: [interrupted(false)], dataDir });
  await Promise.all(ids.map((id) => pawl.run(id).result()));
  const took = performance.now() - began;
  await pawl.close();
  return took;
}
