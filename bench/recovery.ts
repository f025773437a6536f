import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openPawl } from 'pawl';
import { medianOf } from './statistics.ts';
import { interrupted } from './workflows.ts';

const victim = fileURLToPath(new URL('recovery-victim.mjs', import.meta.url));
const times = 3;

/** Kills a process in the middle of runs, and measures from the opening of the data directory until another has finished them all, in ms. */
export async function measureRecovery(folder: string, runs: number): Promise<number> {
  let count = 0;
  return medianOf(times, () => {
    count += 1;
    return recoverOnce(join(folder, `recovery-${count}`), runs);
  });
}

async function recoverOnce(dataDir: string, runs: number): Promise<number> {
  const child = fork(victim, [dataDir, String(runs)]);
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
