/** What steps take beside time: memory, processor, disk. Each is measured in a process that does nothing else. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openPawl } from 'pawl';
import { inFlight, openPlain } from './plain.ts';
import { mediansByTurns, rateOf } from './statistics.ts';
import { chain } from './workflows.ts';

const stepsPerRun = 10;
const sampleEveryMs = 20;

export interface MemoryUse {
  /** The greatest resident set while 64 runs were in flight, in MB. */
  peakMb: number;
  /** Of it, pages of the data file, which the system gives away as soon as anybody needs them. */
  mapMb: number;
  /** The greatest of the rest. This is what the target is for. */
  ownMb: number;
  /** The same before the first run: Node, and the package. */
  idleMb: number;
}

export async function measureMemory(folder: string, seconds = 5): Promise<MemoryUse> {
  const pawl = await openPawl({ workflows: [chain], dataDir: join(folder, 'data') });
  const idleMb = process.memoryUsage.rss() / 1e6;
  let peakMb = 0;
  let ownMb = 0;
  let mapAtPeak = 0;
  const sample = setInterval(() => {
    const rss = process.memoryUsage.rss() / 1e6;
    const map = mapMb();
    if (rss > peakMb) {
      peakMb = rss;
      mapAtPeak = map;
    }
    ownMb = Math.max(ownMb, rss - map);
  }, sampleEveryMs);
  const until = performance.now() + seconds * 1_000;
  while (performance.now() < until) {
    await rateOf(500, inFlight, async () => (await pawl.start(chain, stepsPerRun)).result());
  }
  clearInterval(sample);
  await pawl.close();
  return { peakMb, mapMb: mapAtPeak, ownMb, idleMb };
}

/** Resident pages of the store's file, where the system tells of them; else none. */
function mapMb(): number {
  let maps: string;
  try {
    maps = readFileSync('/proc/self/smaps', 'utf8');
  } catch {
    return 0;
  }
  let kilobytes = 0;
  let isStore = false;
  for (const line of maps.split('\n')) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) isStore = line.endsWith('store.mdb');
    else if (isStore && line.startsWith('Rss:')) kilobytes += Number(/\d+/.exec(line)?.[0] ?? 0);
  }
  return (kilobytes * 1_024) / 1e6;
}

/** Of all threads of the process, in µs. */
export interface CpuUse {
  step: number;
  /** A plain write, as many in flight. Absent where a write is no more than a line of code. */
  plain?: number;
}

/** In the runs that come first the compiler has most of its work. */
export async function measureCpu(
  store: 'memory' | 'lmdb',
  folder: string,
  { warmUp, rounds, runs } = { warmUp: 12_000, rounds: 5, runs: 3_000 },
): Promise<CpuUse> {
  const isMemory = store === 'memory';
  const pawl = await openPawl({ workflows: [chain], dataDir: isMemory ? ':memory:' : join(folder, 'data') });
  const plain = isMemory ? undefined : openPlain(join(folder, 'plain.mdb'));
  const steps = runs * stepsPerRun;
  const run = (count: number) => rateOf(count, inFlight, async () => (await pawl.start(chain, stepsPerRun)).result());
  await run(warmUp);
  await plain?.many(warmUp * stepsPerRun);
  const used = await mediansByTurns(rounds, {
    step: async () => (await cpuOf(() => run(runs))) / steps,
    ...(plain && { plain: async () => (await cpuOf(() => plain.many(steps))) / steps }),
  });
  await pawl.close();
  await plain?.close();
  return used;
}

async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** What the data file has grown by for each settled run of ten steps, pages and all, and for ten plain writes, in bytes. */
export interface DiskUse {
  run: number;
  plain: number;
}

export async function measureDisk(folder: string, runs = 10_000): Promise<DiskUse> {
  const dataDir = join(folder, 'data');
  const file = join(dataDir, 'store.mdb');
  let pawl = await openPawl({ workflows: [chain], dataDir });
  await pawl.close();
  const { size: empty } = statSync(file);
  pawl = await openPawl({ workflows: [chain], dataDir });
  await rateOf(runs, inFlight, async () => (await pawl.start(chain, stepsPerRun)).result());
  await pawl.close();
  const plain = openPlain(join(folder, 'plain.mdb'));
  const emptyPlain = plain.bytes();
  await plain.many(runs * stepsPerRun);
  const plainBytes = plain.bytes() - emptyPlain;
  await plain.close();
  return { run: (statSync(file).size - empty) / runs, plain: plainBytes / runs };
}
