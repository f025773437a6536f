import { median, quantile, rateOf } from './statistics.ts';
import { openSubject, type Subject, type SubjectName } from './subjects.ts';
import { chain, fanOut, timedChain } from './workflows.ts';

/** How fast runs are, and plain writes of the same store in between. Times in ms, rates per second, medians. */
export interface Speed {
  stepP50: number;
  stepP99: number;
  startP50: number;
  /** Alone, between the runs whose steps and starts are timed. */
  putP50?: number;
  putP99?: number;
  stepsPerSecond64: number;
  putsPerSecond64?: number;
  /** Steps, where the store alone is asked for what they ask of it. */
  storeStepsPerSecond64?: number;
  fanOut100: number;
  /** As many plain writes, begun together. */
  puts100?: number;
  fanOut2000: number;
  puts2000?: number;
}

const stepsPerRun = 10;
const inFlight = 64;

interface Effort {
  /** Runs that come first: for seconds the compiler has most of its work, and takes a processor for it. */
  warmUp: number;
  rounds: number;
  /** Of which each is timed step by step. */
  runsAlone: number;
  /** In each round. */
  runsTogether: number;
  /** Rounds of steps that begin together. */
  fanRounds: number;
}

const efforts: Record<SubjectName, Effort> = {
  memory: { warmUp: 12_000, rounds: 5, runsAlone: 60, runsTogether: 5_000, fanRounds: 5 },
  lmdb: { warmUp: 12_000, rounds: 5, runsAlone: 100, runsTogether: 5_000, fanRounds: 5 },
  // A stand-in that is slower than the service by far: what counts is the ratio.
  dynamodb: { warmUp: 60, rounds: 3, runsAlone: 30, runsTogether: 60, fanRounds: 1 },
};

export async function measureSpeed(name: SubjectName, folder: string): Promise<Speed> {
  const began: number[] = [];
  const timed = timedChain((at) => began.push(at));
  const subject = await openSubject(name, folder, [chain, fanOut, timed]);
  const { warmUp, rounds, runsAlone, runsTogether, fanRounds } = efforts[name];
  try {
    const runChain = async () => (await subject.start(chain, stepsPerRun))();
    await rateOf(warmUp, inFlight, runChain);
    // As many: a write changes more pages of a deep tree than of an empty one.
    if (subject.put) await rateOf(stepsPerRun * warmUp, inFlight, subject.put);
    return {
      ...(await measureAlone()),
      ...(await measureTogether()),
      ...(await measureFanOut(100, 'fanOut100', 'puts100')),
      ...(await measureFanOut(2_000, 'fanOut2000', 'puts2000')),
    } as Speed;

    /** Steps, starts and plain writes by turns, so that whatever else the machine does meets all of them. */
    async function measureAlone() {
      const hops: number[] = [];
      const starts: number[] = [];
      const puts: number[] = [];
      for (let run = 0; run < runsAlone; run += 1) {
        began.length = 0;
        const at = performance.now();
        const end = await subject.start(timed, stepsPerRun);
        starts.push(performance.now() - at);
        await end();
        for (let i = 1; i < began.length; i += 1) hops.push((began[i] as number) - (began[i - 1] as number));
        for (let i = 1; subject.put && i < stepsPerRun; i += 1) puts.push(await timeOf(subject.put));
      }
      return {
        stepP50: median(hops),
        stepP99: quantile(hops, 0.99),
        startP50: median(starts),
        ...(subject.put && { putP50: median(puts), putP99: quantile(puts, 0.99) }),
      };
    }

    async function measureTogether() {
      const steps: number[] = [];
      const puts: number[] = [];
      const ofStore: number[] = [];
      const { put, askStore } = subject;
      for (let round = 0; round < rounds; round += 1) {
        steps.push(stepsPerRun * (await rateOf(runsTogether, inFlight, runChain)));
        if (put) puts.push(await rateOf(stepsPerRun * runsTogether, inFlight, put));
        if (askStore) ofStore.push(stepsPerRun * (await rateOf(runsTogether, inFlight, () => askStore(stepsPerRun))));
      }
      return {
        stepsPerSecond64: median(steps),
        ...(put && { putsPerSecond64: median(puts) }),
        ...(askStore && { storeStepsPerSecond64: median(ofStore) }),
      };
    }

    async function measureFanOut(width: number, fan: keyof Speed, floor: keyof Speed) {
      const fans: number[] = [];
      const puts: number[] = [];
      const { put } = subject;
      for (let round = 0; round < fanRounds; round += 1) {
        fans.push(await timeOf(() => runFanOut(subject, width)));
        if (put) puts.push(await timeOf(() => Promise.all(Array.from({ length: width }, put))));
      }
      return { [fan]: median(fans), ...(put && { [floor]: median(puts) }) };
    }
  } finally {
    await subject.close();
  }
}

async function runFanOut(subject: Subject, width: number): Promise<unknown> {
  return (await subject.start(fanOut, width))();
}

export async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
