/** What runs cost on AWS, counted on its stand-ins. The page docs/cost.md has every line and path; here are those with a target. */
import { assumptions } from '../lib/cost/assumptions.ts';
import { billOf } from '../lib/cost/bill.ts';
import { measureRun } from '../lib/cost/measure-run.ts';
import { startMeteredAws } from '../lib/cost/metered-aws.ts';
import { billChains } from '../lib/cost/reference/chains.ts';
import { floorUsd, millionTasksUsd } from '../lib/cost/reference/tables.ts';
import { workflow } from '../lib/workflow/index.ts';

export interface CostFigures {
  /** Runs of steps one after the other, in $ per million steps. */
  chains: { title: string; usd: number; mostUsd: number }[];
  /** One durable write of 1 KB a step and a function's time for it, in the same. */
  floorUsd: number;
  chain10Units: number;
  /** Of a run of a hundred steps that begin together. */
  parallel100Units: number;
}

const parallel = workflow({ name: 'parallel', timeout: '1h', retention: '14d' }, async (ctx) => {
  await Promise.all(Array.from({ length: 100 }, (_, i) => ctx.step(`step-${i}`, () => i)));
});

export async function measureCosts(): Promise<CostFigures> {
  const bills = await billChains(assumptions);
  const [tenSteps] = bills;
  return {
    chains: bills.map((chain) => ({ title: chain.title, usd: millionTasksUsd(chain), mostUsd: chain.mostUsd })),
    floorUsd: floorUsd(assumptions),
    chain10Units: tenSteps?.bill.totals.writeUnits ?? Number.NaN,
    parallel100Units: await unitsOfParallel(),
  };
}

async function unitsOfParallel(): Promise<number> {
  const metered = await startMeteredAws({ workflows: { parallel } });
  try {
    const { uses } = await measureRun(metered, { workflow: parallel.name, signals: [] });
    return billOf(uses, assumptions).totals.writeUnits ?? Number.NaN;
  } finally {
    await metered.close();
  }
}
