import { assumptions } from '../../lib/cost/assumptions.ts';
import { type Bill, billOf } from '../../lib/cost/bill.ts';
import { startMeteredAws } from '../../lib/cost/metered-aws.ts';
import type { Priced } from '../../lib/cost/prices.ts';
import type { Path } from '../../lib/cost/reference/paths.ts';
import type { Use } from '../../lib/cost/uses.ts';
import { queueFaults, ways } from './paths.ts';
import * as exported from './workflows.ts';

const { createGate: _create, newGate: _new, orderLines: _lines, ...workflows } = exported;

export interface MeasuredPath {
  uses: readonly Use[];
  bill: Bill;
  /** In the form of the path's own expectation. */
  counts: Required<Pick<Path, 'writes' | 'reads' | 'queue' | 'blobs' | 'invocations'>>;
  troubles: unknown[];
}

/** Each path begins with services that know of nothing yet. */
export async function measurePath(path: Path): Promise<MeasuredPath> {
  const troubles: unknown[] = [];
  const metered = await startMeteredAws({
    workflows,
    sqsFaults: {
      arrival: (sent) => queueFaults.arrival?.(sent),
      order: (visible) => queueFaults.order?.(visible) ?? visible,
    },
    observer: { troubled: (trouble) => troubles.push(trouble) },
  });
  try {
    const way = ways[path.path];
    if (way === undefined) throw new Error(`test/cost/paths.ts does not say how "${path.path}" comes about`);
    const uses = await way(metered);
    const bill = billOf(uses, assumptions);
    return { uses, bill, counts: countsOf(bill), troubles };
  } finally {
    await metered.close();
  }
}

function countsOf(bill: Bill): MeasuredPath['counts'] {
  const of = (...names: Priced[]) =>
    Object.fromEntries(
      bill.lines.flatMap(({ item, times, amounts }) => {
        const units = names.reduce((sum, name) => sum + (amounts[name] ?? 0), 0);
        return units > 0 ? [[item, [times, units] as [number, number]]] : [];
      }),
    );
  const invocations = bill.lines.filter(({ amounts }) => amounts.invocations !== undefined);
  return {
    writes: of('writeUnits'),
    reads: of('readUnits'),
    queue: bill.totals.queueRequests ?? 0,
    blobs: of('blobPuts', 'blobGets'),
    invocations: Object.fromEntries(invocations.map(({ by, times }) => [by, times])),
  };
}
