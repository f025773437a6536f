/** Runs of short steps one after the other, in the sizes and durabilities that are compared, and what each may cost at most. */
import { createShiftedClock, type ShiftedClock } from '../../dev/shifted-clock.ts';
import type { Durability } from '../../kernel/definition.ts';
import { type Workflow, workflow } from '../../workflow/workflow.ts';
import type { Assumptions } from '../assumptions.ts';
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

const chainTerms = { timeout: '1h', retention: '14d' } as const;

export interface ChainBill extends Chain {
  bill: Bill;
}

/** One after the other, in time that passes only in steps: how many outcomes share a write does not depend on the machine. */
export async function billChains(assumed: Assumptions): Promise<ChainBill[]> {
  const clock = createShiftedClock({ stands: true });
  const taskMs = assumed.stepMs + assumed.requestMs;
  const workflows = Object.fromEntries(chains.map((chain) => [nameOf(chain), chainWorkflow(chain, clock, taskMs)]));
  const metered = await startMeteredAws({ workflows, clock });
  try {
    const bills: ChainBill[] = [];
    for (const chain of chains) {
      // A task takes as long whether its outcome is written at once or with others later.
      const { uses } = await measureRun(metered, { workflow: nameOf(chain), signals: [] });
      bills.push({
        ...chain,
        bill: billOf(uses, { ...assumed, stepMs: chain.durability === 'each' ? assumed.stepMs : taskMs }),
      });
    }
    return bills;
  } finally {
    await metered.close();
  }
}

const nameOf = ({ steps, durability }: Chain) => `chain-of-${steps}-${durability}`;

function chainWorkflow(chain: Chain, clock: ShiftedClock, taskMs: number): Workflow {
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
