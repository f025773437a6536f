import { inFlight } from './plain.ts';
import { median, mediansByTurns, quantile, rateOf, timeOf } from './statistics.ts';
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

    function measureTogether() {
      const { put, askStore } = subject;
      const runs = runsTogether;
      return mediansByTurns(rounds, {
        stepsPerSecond64: async () => stepsPerRun * (await rateOf(runs, inFlight, runChain)),
        ...(put && { putsPerSecond64: () => rateOf(stepsPerRun * runs, inFlight, put) }),
        ...(askStore && {
          storeStepsPerSecond64: async () => stepsPerRun * (await rateOf(runs, inFlight, () => askStore(stepsPerRun))),
        }),
      });
    }

    function measureFanOut(width: number, fan: keyof Speed, floor: keyof Speed) {
      const { put } = subject;
      return mediansByTurns(fanRounds, {
        [fan]: () => timeOf(() => runFanOut(subject, width)),
        ...(put && { [floor]: () => timeOf(() => Promise.all(Array.from({ length: width }, put))) }),
      });
    }
  } finally {
    await subject.close();
  }
}

async function runFanOut(subject: Subject, width: number): Promise<unknown> {
  return (await subject.start(fanOut, width))();
}
