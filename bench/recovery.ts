import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openPawl } from 'pawl';
import { openPlain } from './plain.ts';
import { mediansByTurns } from './statistics.ts';
import { interrupted, stepsLeft } from './workflows.ts';

const victim = fileURLToPath(new URL('recovery-victim.mjs', import.meta.url));
const times = 3;

/** In ms. */
export interface Recovery {
  /** From the opening of the data directory until another process has finished all runs. */
  runs: number;
  /** Plain writes: one for each step that was left, those of all runs together. */
  plain: number;
}

/** Kills a process in the middle of runs, and lets another finish them. */
export async function measureRecovery(folder: string, runs: number): Promise<Recovery> {
  let count = 0;
  const plain = openPlain(join(folder, 'plain.mdb'));
  const recovery = await mediansByTurns(times, {
    runs() {
      count += 1;
      return recoverOnce(join(folder, `recovery-${count}`), runs);
    },
    plain: () => plain.inGroups(Array.from({ length: stepsLeft }, () => runs)),
  });
  await plain.close();
  return recovery;
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
