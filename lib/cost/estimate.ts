/** What a workflow costs on AWS: one run, measured here, and the month in which nothing runs. */
import type { Observer } from '../kernel/ports.ts';
import type { PawlApi, RunView } from '../service/api.ts';
import type { Assumptions } from './assumptions.ts';
import { type Bill, billOf } from './bill.ts';
import { type IdleMonth, idleMonthOf } from './idle-month.ts';
import { type GivenSignal, measureRun, measureTick } from './measure-run.ts';
import { startMeteredAws } from './metered-aws.ts';
import { billChains, type ChainBill } from './reference/chains.ts';

export interface EstimateRequest {
  /** The exports of the workflows' module. */
  workflows: Readonly<Record<string, unknown>>;
  /** Without one, what Pawl's own runs cost: those that are compared. */
  run?: { workflow: string; input?: unknown; signals: readonly GivenSignal[] };
  assumed: Assumptions;
  observer: Observer;
  /** Told why the run was not accepted, with a way to see which workflows there are. Its error is thrown. */
  refused(error: unknown, api: PawlApi, workflow: string): Promise<never>;
}

export interface Estimate {
  assumed: Assumptions;
  idleMonth: IdleMonth;
  run?: EstimatedRun;
  chains?: ChainBill[];
}

export interface EstimatedRun {
  run: RunView;
  waitsFor: string[];
  /** Its tasks, with those of its children. */
  tasks: number;
  skippedMs: number;
  bill: Bill;
}

export async function estimate({ workflows, run, assumed, observer, refused }: EstimateRequest): Promise<Estimate> {
  const metered = await startMeteredAws({ workflows, observer });
  try {
    const idleMonth = idleMonthOf(await measureTick(metered), assumed);
    if (run === undefined) return { assumed, idleMonth, chains: await billChains(assumed) };
    const { uses, ...measured } = await measureRun(metered, run).catch((error: unknown) =>
      refused(error, metered.api, run.workflow),
    );
    return { assumed, idleMonth, run: { ...measured, bill: billOf(uses, assumed) } };
  } finally {
    await metered.close();
  }
}
