/** What runs cost on AWS, counted on its stand-ins. The page docs/cost.md has every path; here are those with a target. */
import { type Assumptions, assumptions } from '../lib/cost/assumptions.ts';
import { type Bill, billOf } from '../lib/cost/bill.ts';
import { measureRun } from '../lib/cost/measure-run.ts';
import { startMeteredAws } from '../lib/cost/metered-aws.ts';
import { type Workflow, workflow } from '../lib/workflow/index.ts';

export interface CostFigures {
  /** $ per million steps, in runs of ten and of a hundred. */
  chain10: number;
  chain100: number;
  relaxed10: number;
  relaxed100: number;
  chain10Units: number;
  /** Of a run of a hundred steps that begin together. */
  parallel100Units: number;
}

/** Off by choice, so that they stand apart: the API's request, and the table's history. */
const optional: (keyof Bill['totals'])[] = ['httpRequests', 'recoveryGbMonths'];

/** 20 ms of Lambda a step, its call of the store included. */
const assumed: Assumptions = { ...assumptions, stepMs: 20 - assumptions.requestMs };
const outcome = 'x'.repeat(300);
const timeout = '1h';
const retention = '14d';

const chainOf = (name: string, options: object): Workflow<number, void> =>
  workflow({ name, timeout, retention, ...options }, async (ctx, steps: number) => {
    for (let i = 0; i < steps; i += 1) await ctx.step(`step-${i}`, () => outcome);
  });

const chain = chainOf('chain', {});
const relaxed = chainOf('relaxed', { durability: 'relaxed' });
const parallel = workflow({ name: 'parallel', timeout, retention }, async (ctx, steps: number) => {
  await Promise.all(Array.from({ length: steps }, (_, i) => ctx.step(`step-${i}`, () => i)));
});

export async function measureCosts(): Promise<CostFigures> {
  const chain10 = await billFor(chain, 10);
  const parallel100 = await billFor(parallel, 100);
  const usd = ({ usd: all, lines }: Bill, steps: number) => {
    const apart = lines.filter(({ amounts }) => optional.some((name) => amounts[name] !== undefined));
    return ((all - apart.reduce((sum, line) => sum + line.usd, 0)) * 1e6) / steps;
  };
  return {
    chain10: usd(chain10, 10),
    chain100: usd(await billFor(chain, 100), 100),
    relaxed10: usd(await billFor(relaxed, 10), 10),
    relaxed100: usd(await billFor(relaxed, 100), 100),
    chain10Units: chain10.totals.writeUnits ?? 0,
    parallel100Units: parallel100.totals.writeUnits ?? 0,
  };
}

async function billFor(flow: Workflow<number, void>, input: number): Promise<Bill> {
  const metered = await startMeteredAws({ workflows: { flow } });
  try {
    const { uses } = await measureRun(metered, { workflow: flow.name, input, signals: [] });
    return billOf(uses, assumed);
  } finally {
    await metered.close();
  }
}
