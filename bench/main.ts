import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Calibration, calibrate, scaleOf } from './calibration.ts';
import { type Figures, measure, measureRecovery } from './cases.ts';
import { type GraphFigures, graphRows, measureGraphs } from './graphs.ts';
import { medianOf } from './statistics.ts';

/**
 * `npm run bench`: calibrates, measures the memory and the embedded store each in a process of its own, and compares
 * with the floors. Exit code 1: below a floor.
 */

const [part, dir] = process.argv.slice(2);
const recoveries = 3;

if (part === undefined) await bench();
else process.send?.(await runPart(part, dir as string));

async function runPart(name: string, folder: string): Promise<unknown> {
  switch (name) {
    case 'calibrate':
      return calibrate(folder);
    case 'memory':
      return measure(':memory:');
    case 'lmdb':
      return measure(join(folder, 'data'));
    case 'graphs in memory':
      return measureGraphs(':memory:');
    case 'graphs on lmdb':
      return measureGraphs(join(folder, 'graphs'));
    default: {
      let count = 0;
      return medianOf(recoveries, () => {
        count += 1;
        return measureRecovery(join(folder, `recovery-${count}`));
      });
    }
  }
}

async function inProcess<T>(name: string, folder: string): Promise<T> {
  process.stderr.write(`measuring: ${name} …\n`);
  const child = fork(fileURLToPath(import.meta.url), [name, folder]);
  const [result] = (await once(child, 'message')) as [T];
  child.kill();
  return result;
}

async function bench(): Promise<void> {
  // The system's temporary folder may be in memory, where an fsync costs nothing.
  mkdirSync('.pawl', { recursive: true });
  const folder = mkdtempSync(join('.pawl', 'bench-'));
  try {
    const calibration = await inProcess<Calibration>('calibrate', folder);
    const memory = await inProcess<Figures>('memory', folder);
    const lmdb = await inProcess<Figures>('lmdb', folder);
    const recover100 = await inProcess<number>('recovery', folder);
    const graphs = {
      memory: await inProcess<GraphFigures>('graphs in memory', folder),
      lmdb: await inProcess<GraphFigures>('graphs on lmdb', folder),
    };
    report(calibration, memory, { ...lmdb, recover100 });
    reportGraphs(calibration, graphs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Row {
  what: string;
  unit: string;
  pick(figures: Figures): number | undefined;
  /** For LMDB. */
  floor: { atMost: number } | { atLeast: number };
}

function report(calibration: Calibration, memory: Figures, lmdb: Figures): void {
  const scale = scaleOf(calibration);
  const rows: Row[] = [
    { what: 'a step alone, p50', unit: 'ms', pick: (f) => f.stepP50, floor: { atMost: 2 * calibration.putMs } },
    { what: 'a step alone, p99', unit: 'ms', pick: (f) => f.stepP99, floor: { atMost: Number.POSITIVE_INFINITY } },
    {
      what: 'steps, 64 runs in flight',
      unit: '/s',
      pick: (f) => f.stepsPerSecond64,
      floor: { atLeast: 20_000 * scale },
    },
    { what: '100 parallel steps', unit: 'ms', pick: (f) => f.fanOut100, floor: { atMost: Number.POSITIVE_INFINITY } },
    { what: '2,000 parallel steps', unit: 'ms', pick: (f) => f.fanOut2000, floor: { atMost: 300 / scale } },
    { what: 'recovery of 100 runs', unit: 'ms', pick: (f) => f.recover100, floor: { atMost: 1_000 / scale } },
    { what: 'peak memory', unit: 'MB', pick: (f) => f.peakMb, floor: { atMost: 200 } },
  ];
  const model = cpus()[0]?.model ?? 'unknown';
  console.log(`${availableParallelism()} cores, ${model}, Node ${process.version}`);
  console.log(
    `bare awaited LMDB put: ${show(calibration.putMs)} ms alone (${show(calibration.putsPerSecond)}/s), ` +
      `${show(calibration.putsPerSecond64)}/s with 64 in flight; floors scaled by ${show(scale)}`,
  );
  console.log(line('', 'memory', 'LMDB', 'floor', ''));
  let missed = 0;
  for (const { what, unit, pick, floor } of rows) {
    const value = pick(lmdb);
    const holds = 'atMost' in floor ? (value ?? 0) <= floor.atMost : (value ?? 0) >= floor.atLeast;
    if (!holds) missed += 1;
    const bound = 'atMost' in floor ? floor.atMost : floor.atLeast;
    const sign = 'atMost' in floor ? '≤' : '≥';
    const floorText = Number.isFinite(bound) ? `${sign} ${show(bound)}` : '';
    console.log(line(`${what} (${unit})`, show(pick(memory)), show(value), floorText, holds ? '' : 'MISSED'));
  }
  process.exitCode = missed === 0 ? 0 : 1;
}

function reportGraphs(calibration: Calibration, { memory, lmdb }: { memory: GraphFigures; lmdb: GraphFigures }): void {
  for (const { what, pick, atMost } of graphRows) {
    const floor = atMost / scaleOf(calibration);
    const holds = [memory, lmdb].every((figures) => (pick(figures) ?? 0) <= floor);
    if (!holds) process.exitCode = 1;
    const floorText = Number.isFinite(floor) ? `≤ ${show(floor)}` : '';
    console.log(line(`${what} (ms)`, show(pick(memory)), show(pick(lmdb)), floorText, holds ? '' : 'MISSED'));
  }
}

function show(value: number | undefined): string {
  if (value === undefined) return '–';
  if (value >= 1_000) return Math.round(value).toLocaleString('en');
  return value.toFixed(value < 10 ? 2 : 0);
}

function line(...[first = '', ...rest]: string[]): string {
  return first.padEnd(36) + rest.map((cell) => cell.padStart(12)).join('');
}
