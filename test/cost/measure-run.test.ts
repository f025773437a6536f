import { afterEach, beforeEach, expect, test } from 'vitest';
import { assumptions } from '../../lib/cost/assumptions.ts';
import { billOf } from '../../lib/cost/bill.ts';
import { idleMonthOf } from '../../lib/cost/idle-month.ts';
import { measureRun, measureTick } from '../../lib/cost/measure-run.ts';
import { type MeteredAws, startMeteredAws } from '../../lib/cost/metered-aws.ts';
import { workflow } from '../../lib/index.ts';
import { sleeping, tenSteps } from './workflows.ts';

const failing = workflow({ name: 'failing' }, (ctx) =>
  ctx.step(
    'fail',
    () => {
      throw new Error('no');
    },
    { retry: { attempts: 1 } },
  ),
);
const approval = workflow({ name: 'approval' }, async (ctx) => ({
  decision: await ctx.signal('decision', { timeout: '2d' }),
  reason: await ctx.signal('reason'),
}));
const delegating = workflow({ name: 'delegating' }, (ctx) => ctx.child(approval));
const counting = workflow({ name: 'counting' }, async (ctx, left: number) =>
  left > 0 ? ctx.continueAs(left - 1) : left,
);

let metered: MeteredAws;

beforeEach(async () => {
  metered = await startMeteredAws({ workflows: { tenSteps, sleeping, failing, approval, delegating, counting } });
});

afterEach(() => metered.close());

const hourMs = 3_600_000;
const itemsOf = (uses: Parameters<typeof billOf>[0]) => billOf(uses, assumptions).lines.map(({ item }) => item);

test('a run is followed to its end, and waits pass at once', async () => {
  const { run, waitsFor, skippedMs } = await measureRun(metered, { workflow: 'sleeping', input: '30h', signals: [] });
  expect(run).toMatchObject({ status: 'completed', output: 'slept' });
  expect(waitsFor).toEqual([]);
  expect(Math.round(skippedMs / hourMs)).toBe(30);
});

test('signals are sent when the run waits for them, and paid', async () => {
  const signals = [
    { name: 'reason', payload: 'because' },
    { name: 'decision', payload: true },
  ];
  const { run, uses } = await measureRun(metered, { workflow: 'approval', signals });
  expect(run.output).toEqual({ decision: true, reason: 'because' });
  expect(uses.filter(({ service, by }) => service === 'lambda' && by === 'api')).toHaveLength(3);
});

test('a signal for a child is sent to the child', async () => {
  const signals = [
    { name: 'decision', payload: true },
    { name: 'reason', payload: 'x' },
  ];
  const { run, tasks } = await measureRun(metered, { workflow: 'delegating', signals });
  expect(run).toMatchObject({ status: 'completed', output: { decision: true, reason: 'x' } });
  // A child, the two signals that it waits for, and the timeout of one.
  expect(tasks).toBe(4);
});

test('a run that nothing given brings on is left, with what it waits for', async () => {
  const { run, waitsFor, uses } = await measureRun(metered, {
    workflow: 'approval',
    signals: [{ name: 'decision', payload: true }],
  });
  expect(run.status).toBe('waiting');
  expect(waitsFor).toEqual(['the signal reason']);
  expect(itemsOf(uses)).toContain('create');
  expect(itemsOf(uses)).not.toContain('settle');
});

test('a timeout passes where no signal is given', async () => {
  const { run, skippedMs } = await measureRun(metered, { workflow: 'approval', signals: [] });
  expect(run).toMatchObject({ status: 'failed', error: { name: 'TimeoutError' } });
  expect(Math.round(skippedMs / hourMs)).toBe(48);
});

test('a run that fails has its cost, too', async () => {
  const { run, uses } = await measureRun(metered, { workflow: 'failing', signals: [] });
  expect(run.status).toBe('failed');
  expect(itemsOf(uses)).toContain('settle');
});

test('runs that go on as others are one cost', async () => {
  const { run, uses, tasks } = await measureRun(metered, { workflow: 'counting', input: 2, signals: [] });
  expect(run).toMatchObject({ status: 'completed', output: 0 });
  expect(tasks).toBe(0);
  const creates = billOf(uses, assumptions).lines.find(({ item }) => item === 'create');
  expect(creates?.times).toBe(3);
});

test('a second measurement knows nothing of the first', async () => {
  const first = await measureRun(metered, { workflow: 'ten-steps', signals: [] });
  const second = await measureRun(metered, { workflow: 'ten-steps', signals: [] });
  const unitsOf = ({ uses }: typeof first) => billOf(uses, assumptions).totals.writeUnits;
  expect([unitsOf(first), unitsOf(second)]).toEqual([15, 15]);
});

test('what the API refuses is a fault', async () => {
  await expect(measureRun(metered, { workflow: 'unknown', signals: [] })).rejects.toMatchObject({ code: 'not_found' });
});

test('a tick with nothing due reads each partition twice, the settings once, and asks for dead letters', async () => {
  const tick = await measureTick(metered);
  const month = idleMonthOf(tick, assumptions);
  const amountsOf = (item: string) => month.lines.find((line) => line.item === item)?.amounts;
  expect(amountsOf('sweeper: look for due runs')).toEqual({ readUnits: 5 * 43_200 });
  expect(amountsOf('sweeper: look for dead letters')).toEqual({ queueRequests: 43_200 });
});

test('steps that begin together take the time of one', async () => {
  const wide = workflow({ name: 'wide' }, (ctx) =>
    ctx.map('each', [1, 2, 3], (item, branch) => branch.step('s', () => item)),
  );
  metered.aws.deploy({ workflows: { wide, tenSteps }, deployment: 'next' });
  const wavesOf = async (name: string) => {
    const { uses } = await measureRun(metered, { workflow: name, signals: [] });
    return uses.flatMap((use) => (use.service === 'lambda' && use.by === 'driver' ? [use.stepWaves] : []));
  };
  expect(await wavesOf('wide')).toEqual([1]);
  expect(await wavesOf('ten-steps')).toEqual([10]);
});
