/**
 * What a map costs whose items are children, by their number: `npx tsx bench/map-cost.ts 100 1000 10000`. Slow, some ten
 * children a second: each request goes through the real clients to stand-ins on this machine.
 */
import * as z from 'zod';
import { assumptions } from '../lib/cost/assumptions.ts';
import { billOf } from '../lib/cost/bill.ts';
import { measureRun } from '../lib/cost/measure-run.ts';
import { startMeteredAws } from '../lib/cost/metered-aws.ts';
import { workflow } from '../lib/index.ts';

const one = workflow({ name: 'one', input: z.number() }, (ctx, item) => ctx.step('work', () => item));
const mapped = workflow({ name: 'mapped', input: z.number() }, async (ctx, count) => {
  const items = Array.from({ length: count }, (_, index) => index);
  return (await ctx.map('each', items, (item, branch) => branch.child(one, item))).length;
});

const counts = process.argv.slice(2).map(Number);
const metered = await startMeteredAws({ workflows: { one, mapped } });
try {
  console.log(
    '| children | write units a child | read units a child | queue requests a child | invocations a child | $ a million children |',
  );
  console.log('| ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const count of counts.length > 0 ? counts : [10, 100, 1_000]) {
    const { run, uses } = await measureRun(metered, { workflow: 'mapped', input: count, signals: [] });
    if (run.status !== 'completed') throw new Error(`The map of ${count} is ${run.status}`);
    const { totals, usd } = billOf(uses, assumptions);
    const each = (units = 0) => (units / count).toFixed(1);
    const cells = [totals.writeUnits, totals.readUnits, totals.queueRequests, totals.invocations].map(each);
    console.log(`| ${[count.toLocaleString('en-US'), ...cells, each(usd * 1e6)].join(' | ')} |`);
  }
} finally {
  await metered.close();
}
