/** The parts of the bench, each measured in a process of its own and in a folder of its own. */
import { spawnSync } from 'node:child_process';
import type { ColdStart, Measured } from './rows.ts';

const recoveredRuns = 1_000;
const storedRuns = 100_000;

type Part = { [Name in keyof Measured]-?: (folder: string) => Promise<NonNullable<Measured[Name]>> };

const speed = () => import('./speed.ts');
const upkeep = () => import('./upkeep.ts');
const graphs = () => import('./graphs.ts');

/** In the order in which they are measured. Each loads what it needs and no more: code takes memory, too. */
export const parts: Part = {
  calibrate: async (folder) => (await import('./calibration.ts')).calibrate(folder),
  trips: measureTrips,
  costs: async () => (await import('./costs.ts')).measureCosts(),
  'speed lmdb': async (folder) => (await speed()).measureSpeed('lmdb', folder),
  'speed memory': async (folder) => (await speed()).measureSpeed('memory', folder),
  'speed dynamodb': async (folder) => (await speed()).measureSpeed('dynamodb', folder),
  recovery: async (folder) => (await import('./recovery.ts')).measureRecovery(folder, recoveredRuns),
  memory: async (folder) => (await upkeep()).measureMemory(folder),
  'cpu memory': async (folder) => (await upkeep()).measureCpu('memory', folder),
  'cpu lmdb': async (folder) => (await upkeep()).measureCpu('lmdb', folder),
  disk: async (folder) => (await upkeep()).measureDisk(folder),
  stored: async (folder) => (await import('./stored-runs.ts')).measureStored(folder, storedRuns),
  'cold start': measureColdStart,
  'graphs memory': async (folder) => (await graphs()).measureGraphs('memory', folder),
  'graphs lmdb': async (folder) => (await graphs()).measureGraphs('lmdb', folder),
};

async function measureTrips() {
  const { roundTripPaths } = await import('./round-trips.ts');
  const trips: Measured['trips'] = {};
  for (const { path, measure } of roundTripPaths) trips[path] = await measure();
  return trips;
}

/** Its bundle is made from the sources, as `cdk deploy` makes it. */
async function measureColdStart(): Promise<ColdStart> {
  const { stdout, stderr } = spawnSync('npx', ['tsx', 'bench/cold-start.ts', '--driver'], { encoding: 'utf8' });
  if (stdout.trim() === '') throw new Error(`The cold start was not measured: ${stderr}`);
  return JSON.parse(stdout) as ColdStart;
}
