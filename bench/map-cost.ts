/**
 * What a map costs whose items are children, by their number: `npx tsx bench/map-cost.ts 10 100 1000 10000` prints the lines of
 * lib/cost/reference/maps.ts. Each request goes through the real clients to stand-ins on this machine, all on one thread:
 * some twenty to forty children a second.
 */
import * as z from 'zod';
import { assumptions } from '../lib/cost/assumptions.ts';
import { billOf } from '../lib/cost/bill.ts';
import { measureRun } from '../lib/cost/measure-run.ts';
import { startMeteredAws } from '../lib/cost/metered-aws.ts';
import type { MapCost } from '../lib/cost/reference/maps.ts';
import { workflow } from '../lib/index.ts';

const one = workflow({ name: 'one', input: z.number() }, (ctx, item) => ctx.step('work', () => item));
const mapped = workflow({ name: 'mapped', input: z.number() }, async (ctx, count) => {
  const items = Array.from({ length: count }, (_, index) => index);
  return (await ctx.map('each', items, (item, branch) => branch.child(one, item))).length;
});

const counts = process.argv.slice(2).map(Number);
const metered = await startMeteredAws({ workflows: { one, mapped } });
try {
  for (const children of counts.length > 0 ? counts : [10, 100, 1_000]) {
    const { run, uses } = await measureRun(metered, { workflow: 'mapped', input: children, signals: [] });
    if (run.status !== 'completed') throw new Error(`The map of ${children} is ${run.status}`);
    const { lines, totals, usd } = billOf(uses, assumptions);
    const writes = Object.fromEntries(
      lines.flatMap(({ item, amounts }) => (amounts.writeUnits === undefined ? [] : [[item, amounts.writeUnits]])),
    );
    const { readUnits = 0, queueRequests = 0, invocations = 0 } = totals;
    const cost: Record<keyof MapCost, unknown> = { children, writes, readUnits, queueRequests, invocations, usd };
    console.log(`  ${JSON.stringify(cost)},`);
  }
} finally {
  await metered.close();
}
