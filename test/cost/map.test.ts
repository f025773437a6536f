import { afterAll, beforeAll, expect, test } from 'vitest';
import { assumptions } from '../../lib/cost/assumptions.ts';
import { billOf } from '../../lib/cost/bill.ts';
import { measureRun } from '../../lib/cost/measure-run.ts';
import { type MeteredAws, startMeteredAws } from '../../lib/cost/metered-aws.ts';
import { mapReasons, maps } from '../../lib/cost/reference/maps.ts';
import { mapped, oneStep } from './workflows.ts';

let metered: MeteredAws;
beforeAll(async () => {
  metered = await startMeteredAws({ workflows: { mapped, oneStep } });
});
afterAll(() => metered.close());

/** Write units by what they are for. */
async function writesOf(children: number): Promise<Record<string, number>> {
  const { run, uses } = await measureRun(metered, { workflow: 'mapped', input: children, signals: [] });
  expect(run).toMatchObject({ status: 'completed', output: children });
  const { lines } = billOf(uses, assumptions);
  const writes = lines.flatMap(({ item, amounts }): [string, number][] =>
    amounts.writeUnits === undefined ? [] : [[item, amounts.writeUnits]],
  );
  return Object.fromEntries(writes);
}

const sum = (writes: Record<string, number>) => Object.values(writes).reduce((all, units) => all + units, 0);

test('a child of a map pays for its run and for the mail of its end; the rest is its share of the parent', {
  timeout: 25_000,
}, async () => {
  const [few, many] = [await writesOf(5), await writesOf(40)];
  for (const [writes, children] of [
    [few, 5],
    [many, 40],
  ] as const) {
    expect(writes).toMatchObject({ create: 3 * (children + 1), settle: 2 * (children + 1), mail: children });
    expect(Object.keys(mapReasons)).toEqual(expect.arrayContaining(Object.keys(writes)));
  }
  expect(many.append).toBeGreaterThanOrEqual(40 + 2);
  expect(sum(many) / 40).toBeLessThanOrEqual(10);
  expect(sum(many) / 40).toBeLessThanOrEqual(sum(few) / 5);
});

test('the counted maps are of what a child pays, and grow with their number and not faster', () => {
  expect(maps.map(({ children }) => children)).toEqual([10, 100, 1_000, 10_000]);
  for (const { children, writes } of maps) {
    expect(writes).toMatchObject({ create: 3 * (children + 1), settle: 2 * (children + 1), mail: children });
    expect(sum(writes) / children).toBeLessThanOrEqual(10);
  }
});
