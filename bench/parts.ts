/** The parts of the bench, each measured in a process of its own and in a folder of its own. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { calibrate } from './calibration.ts';
import { measureCosts } from './costs.ts';
import { measureGraphs } from './graphs.ts';
import { measureRecovery } from './recovery.ts';
import { roundTripPaths } from './round-trips.ts';
import type { ColdStart, Measured } from './rows.ts';
import { measureSpeed } from './speed.ts';
import { measureStored } from './stored-runs.ts';
import { measureCpu, measureDisk, measureMemory } from './upkeep.ts';

const recoveredRuns = 1_000;
const storedRuns = 100_000;

type Part = { [Name in keyof Measured]-?: (folder: string) => Promise<NonNullable<Measured[Name]>> };

/** In the order in which they are measured. */
export const parts: Part = {
  calibrate,
  trips: measureTrips,
  costs: measureCosts,
  'speed lmdb': (folder) => measureSpeed('lmdb', folder),
  'speed memory': (folder) => measureSpeed('memory', folder),
  'speed dynamodb': (folder) => measureSpeed('dynamodb', folder),
  recovery: (folder) => measureRecovery(folder, recoveredRuns),
  memory: (folder) => measureMemory(folder),
  'cpu memory': () => measureCpu(':memory:'),
  'cpu lmdb': (folder) => measureCpu(join(folder, 'data')),
  disk: (folder) => measureDisk(folder),
  stored: (folder) => measureStored(folder, storedRuns),
  'cold start': measureColdStart,
  'graphs memory': () => measureGraphs(':memory:'),
  'graphs lmdb': (folder) => measureGraphs(join(folder, 'data')),
};

async function measureTrips() {
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
