/** Runs of short steps one after the other, in the sizes and durabilities that are compared, and what each may cost at most. */
import { createShiftedClock, type ShiftedClock } from '../../dev/shifted-clock.ts';
import type { Durability } from '../../kernel/definition.ts';
import { type Workflow, workflow } from '../../workflow/workflow.ts';
import { type Assumptions, assumptions } from '../assumptions.ts';
import { type Bill, billOf } from '../bill.ts';
import { measureRun } from '../measure-run.ts';
import { startMeteredAws } from '../metered-aws.ts';
import { orderLine } from './order-lines.ts';

export interface Chain {
  title: string;
  steps: number;
  durability: Durability;
  /** The budget: dollars for a million tasks. */
  mostUsd: number;
}

export const chains: readonly Chain[] = [
  { title: '10 steps', steps: 10, durability: 'each', mostUsd: 1.5 },
  { title: '100 steps', steps: 100, durability: 'each', mostUsd: 1 },
  { title: '10 steps, relaxed', steps: 10, durability: 'relaxed', mostUsd: 0.9 },
  { title: '100 steps, relaxed', steps: 100, durability: 'relaxed', mostUsd: 0.35 },
];

export const chainTerms = { timeout: '1h', retention: '14d' } as const;

/** Of a task on Lambda, in ms, with its share of what makes it durable. */
export const taskMs = 20;

export interface ChainBill extends Chain {
  bill: Bill;
}

/** One after the other, in time that passes only in steps. */
export async function billChains(): Promise<ChainBill[]> {
  const clock = createShiftedClock({ stands: true });
  const workflows = Object.fromEntries(chains.map((chain) => [nameOf(chain), chainWorkflow(chain, clock)]));
  const metered = await startMeteredAws({ workflows, clock });
  try {
    const bills: ChainBill[] = [];
    for (const chain of chains) {
      const { uses } = await measureRun(metered, { workflow: nameOf(chain), signals: [] });
      bills.push({ ...chain, bill: billOf(uses, chainAssumptions(chain)) });
    }
    return bills;
  } finally {
    await metered.close();
  }
}

/** A task takes as long whether its outcome is written at once or with others later. */
function chainAssumptions({ durability }: Chain): Assumptions {
  return { ...assumptions, stepMs: durability === 'each' ? taskMs - assumptions.requestMs : taskMs };
}

const nameOf = ({ steps, durability }: Chain) => `chain-of-${steps}-${durability}`;

function chainWorkflow(chain: Chain, clock: ShiftedClock): Workflow {
  const { steps, durability } = chain;
  return workflow({ name: nameOf(chain), durability, ...chainTerms }, async (ctx) => {
    for (let number = 1; number <= steps; number += 1) {
      await ctx.step(`reserve line ${number}`, () => {
        clock.skip(taskMs);
        return { ...orderLine(number) };
      });
    }
    return { reserved: steps };
  }) as Workflow;
}
