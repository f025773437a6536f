import { openPawl, workflow } from 'pawl';
import { mkdtempSync, statSync } from 'node:fs';
const chain = workflow({ name: 'chain' }, async (ctx, steps: number) => { for (let i = 0; i < steps; i += 1) await ctx.step(`step-${i}`, () => i); });
const dataDir = mkdtempSync('/tmp/perf/size-');
const pawl = await openPawl({ workflows: [chain], dataDir });
const f = dataDir + '/store.mdb';
async function batch(count: number) { let next = 0; await Promise.all(Array.from({ length: 64 }, async () => { while (next < count) { next += 1; await (await pawl.start(chain, 10)).result(); } })); }
await batch(1000); const a = statSync(f).size; await batch(5000); console.log('bytes/run', (statSync(f).size - a) / 5000);
await pawl.close();
