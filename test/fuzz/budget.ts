/**
 * How long a property is tried. By default a fixed number of inputs from a fixed seed; on a busy machine fewer of them
 * after some seconds, but never fewer than show something. With FUZZ_SECONDS each property goes on for so long, from a seed that differs each time; FUZZ_SEED and
 * FUZZ_PATH, as a failure prints them, try one again.
 */
import { writeSync } from 'node:fs';
import fc from 'fast-check';
import { expect } from 'vitest';

const { FUZZ_SECONDS, FUZZ_SEED, FUZZ_PATH } = process.env;
const seconds = FUZZ_SECONDS === undefined ? undefined : Number(FUZZ_SECONDS);
const shortMs = 4_000;
/** Of each property. */
export const fuzzTimeoutMs = seconds === undefined ? 20_000 : seconds * 1_000 + 60_000;

/** One input may take so long, in ms of this process's own work: others may keep the machine busy. */
const hangsAfterMs = 5_000;
/** And so long whatever the machine is busy with. */
const patienceMs = 60_000;
/** One input may take the process's peak of memory so much higher, in MB. */
const mostMb = 300;

/** Tries the property with as many inputs as the budget has. `runs`: how many that is by default. */
export async function fuzz<Input>(
  inputs: fc.Arbitrary<Input>,
  runs: number,
  property: (input: Input) => void | Promise<void>,
): Promise<void> {
  const least = Math.min(10, runs / 2);
  const began = performance.now();
  let tried = 0;
  const one = async (input: Input) => {
    if (seconds === undefined && tried > least && performance.now() - began > shortMs) return;
    tried += 1;
    await within(() => property(input));
    if (seconds !== undefined) tell();
  };
  const tell = progressOf(seconds ?? 0, () => tried);
  await fc.assert(fc.asyncProperty(inputs, one), {
    ...(seconds === undefined ? { seed: 20, numRuns: runs } : { numRuns: Number.MAX_SAFE_INTEGER }),
    ...(FUZZ_SEED !== undefined && { seed: Number(FUZZ_SEED) }),
    ...(FUZZ_PATH !== undefined && { path: FUZZ_PATH }),
    ...(seconds !== undefined && { interruptAfterTimeLimit: seconds * 1_000, markInterruptAsFailure: false }),
  });
  if (FUZZ_PATH === undefined) expect(tried, 'inputs in the time').toBeGreaterThan(least);
}

const tellEveryMs = 30_000;

/** Says on standard error, now and then, how far the property is. */
function progressOf(ofSeconds: number, tried: () => number): () => void {
  const began = performance.now();
  const name = expect.getState().currentTestName;
  let toldAt = began;
  return () => {
    const now = performance.now();
    const isOver = now - began > ofSeconds * 1_000;
    if (now - toldAt < tellEveryMs && !isOver) return;
    toldAt = now;
    const passed = Math.min(ofSeconds, Math.round((now - began) / 1_000));
    writeSync(2, `${passed} of ${ofSeconds} s, ${tried()} inputs: ${name}\n`);
  };
}

/** Work on one input: it ends in time, takes memory within the bound, and leaves what all objects have as it is. */
export async function within(work: () => void | Promise<void>): Promise<void> {
  const before = peakMb();
  await inTime(work);
  expect(peakMb() - before, 'MB that one input took').toBeLessThan(mostMb);
  assertPristine();
}

/** The most that this process has ever had in memory. */
function peakMb(): number {
  return process.resourceUsage().maxRSS / 1_024;
}

async function inTime(property: () => void | Promise<void>): Promise<void> {
  const began = performance.now();
  const cpu = process.cpuUsage();
  const workedMs = () => {
    const { user, system } = process.cpuUsage(cpu);
    return Math.min((user + system) / 1_000, performance.now() - began);
  };
  const isLate = () => workedMs() > hangsAfterMs || performance.now() - began > patienceMs;
  const tooLong = () => new Error(`It took longer than ${hangsAfterMs} ms`);
  const work = property();
  if (work !== undefined) {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setInterval(() => isLate() && reject(tooLong()), hangsAfterMs / 10);
    });
    await Promise.race([work, late]).finally(() => clearInterval(timer));
  }
  // What never lets go of the process is not interrupted by a timer.
  if (isLate()) throw tooLong();
}

const prototypes = [Object.prototype, Array.prototype, Function.prototype, String.prototype, Promise.prototype];
const describePrototypes = () =>
  prototypes.map((prototype) => Reflect.ownKeys(prototype).map(String).join()).join('\n');
const pristine = describePrototypes();

/** No input may change what all objects have. */
function assertPristine(): void {
  expect(describePrototypes()).toBe(pristine);
}
