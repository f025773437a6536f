/**
 * How long it takes from the death of a process to the next step of each run that it was at:
 * `npm run soak:recovery -- --runs 1000`. By a process that is opened at that moment, and by one that was there.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { bundleFixture } from './processes.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '1000' }, times: { type: 'string', default: '3' } },
});
const runs = Number(values.runs);
/** What the machine has at rest; in ms. */
const bound = 2_000;

type Way = 'opened' | 'present';

const dir = mkdtempSync(join(tmpdir(), 'pawl-recovery-'));
const program = await bundleFixture(dir, 'recovery-worker');
const worst: number[] = [];
for (const way of ['opened', 'present'] as const) {
  for (let time = 0; time < Number(values.times); time += 1) {
    const dataDir = join(dir, `${way}-${time}`);
    const { delays, cpuMs } = await recover(dataDir, way);
    delays.sort((a, b) => a - b);
    const at = (share: number) => delays[Math.min(delays.length - 1, Math.floor(delays.length * share))] ?? Number.NaN;
    const figures = { way, runs, firstMs: at(0), p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1), cpuMs };
    worst.push(figures.maxMs);
    console.log(JSON.stringify(figures));
  }
}
rmSync(dir, { recursive: true, force: true });
const max = Math.max(...worst);
console.log(`recovery of ${runs} runs: ${max} ms at most, bound ${bound} ms`);
process.exit(max > bound ? 1 : 0);

/** From the kill to the step, for each run, in ms; and what the heir has computed until then, which no other load changes. */
async function recover(dataDir: string, way: Way): Promise<{ delays: number[]; cpuMs: number }> {
  const victim = startWorker(dataDir, 'victim');
  await victim.said('ready');
  const present = way === 'present' ? startWorker(dataDir, 'heir') : undefined;
  await present?.said('ready');
  await victim.said('started');
  const killedAt = Date.now();
  victim.process.kill('SIGKILL');
  const heir = present ?? startWorker(dataDir, 'heir');
  const started = (await heir.said('started')) as number[];
  heir.process.stdin.end();
  await once(heir.process, 'close');
  return { delays: started.map((at) => at - killedAt), cpuMs: (await heir.said('cpuMs')) as number };
}

function startWorker(dataDir: string, role: 'victim' | 'heir') {
  const child = spawn(process.execPath, [program, dataDir, role, String(runs)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const seen = new Map<string, unknown>();
  let look = () => {};
  createInterface({ input: child.stdout }).on('line', (line) => {
    for (const [field, value] of Object.entries(JSON.parse(line) as object)) seen.set(field, value);
    look();
  });
  const said = (field: string) =>
    new Promise<unknown>((resolve, reject) => {
      look = () => {
        if (seen.has(field)) resolve(seen.get(field));
      };
      child.on('close', () => reject(new Error(`the ${role} ended before it was ${field}`)));
      look();
    });
  return { process: child, said };
}
