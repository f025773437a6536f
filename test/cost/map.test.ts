import { afterAll, beforeAll, expect, test } from 'vitest';
import { measureRun } from '../../lib/cost/measure-run.ts';
import { type MeteredAws, startMeteredAws } from '../../lib/cost/metered-aws.ts';
import { allWriteUnits } from '../../lib/cost/uses.ts';
import { mapped, oneStep } from './workflows.ts';

let metered: MeteredAws;
beforeAll(async () => {
  metered = await startMeteredAws({ workflows: { mapped, oneStep } });
});
afterAll(() => metered.close());

async function writeUnitsOf(children: number): Promise<number> {
  const { run, uses } = await measureRun(metered, { workflow: 'mapped', input: children, signals: [] });
  expect(run).toMatchObject({ status: 'completed', output: children });
  return uses.reduce((sum, use) => sum + (use.service === 'dynamodb' ? allWriteUnits(use) : 0), 0);
}

test('the writes of a map in children grow with their number and not faster', { timeout: 25_000 }, async () => {
  const [few, many] = [await writeUnitsOf(5), await writeUnitsOf(40)];
  // A child of one step pays 6 as a run, and one as mail of its end; the rest is its share of the parent.
  expect(many / 40).toBeGreaterThanOrEqual(7);
  expect(many / 40).toBeLessThanOrEqual(10);
  expect(many / 40).toBeLessThanOrEqual(few / 5);
});
