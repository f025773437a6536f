import { openPawl } from 'pawl';
import { workflow } from 'pawl';
import { mkdtempSync, readFileSync } from 'node:fs';
const main = () => Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1000;
const chain = workflow({ name: 'chain' }, async (ctx, steps: number) => {
  for (let i = 0; i < steps; i += 1) await ctx.step(`step-${i}`, () => i);
});
const [kind = 'memory', runsText = '4000', repeat='5'] = process.argv.slice(2);
const dataDir = kind === 'memory' ? 'memory' : mkdtempSync('/tmp/perf/data-');
const pawl = await openPawl({ workflows: [chain], dataDir: kind === 'memory' ? (process.env.MEMNAME ?? ':memory:') : dataDir } as never);
const runs = Number(runsText); const STEPS = Number(process.env.STEPS ?? 10);
async function batch(count: number) {
  let next = 0;
  await Promise.all(Array.from({ length: 64 }, async () => {
    while (next < count) { next += 1; await (await pawl.start(chain, STEPS)).result(); }
  }));
}
await batch(500);
for (let k=0;k<Number(repeat);k++){
const cpu = process.cpuUsage(); const m0 = main(); const began = performance.now();
await batch(runs);
const used = process.cpuUsage(cpu); const took = performance.now() - began;
console.log(kind, 'steps/s', Math.round(runs * STEPS * 1000 / took), 'cpu us/step', ((used.user + used.system) / runs / STEPS).toFixed(1), 'main us/step', ((main() - m0) / runs / STEPS).toFixed(1), 'rss', Math.round(process.memoryUsage().rss / 1e6));
}
await pawl.close();
