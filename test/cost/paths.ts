/**
 * What each path costs, as data: the test holds the counts, and the documentation shows them. A path that gains a write
 * fails here first; then either the write goes, or this table and docs/cost.md say what it buys.
 */
import { measureRun } from '../../lib/cost/measure-run.ts';
import type { MeteredAws } from '../../lib/cost/metered-aws.ts';
import type { Use } from '../../lib/cost/uses.ts';
import type { SqsFaults } from '../../lib/dev/sqs/faults.ts';
import type { RunView } from '../../lib/service/api.ts';
import { newGate, orderLines } from './workflows.ts';

/** What goes wrong in the queue on purpose; each path leaves it as it found it. */
export const queueFaults: SqsFaults = {};

const dayMs = 86_400_000;

const runOf =
  (workflow: string, input?: unknown, signals: { name: string; payload: unknown }[] = []) =>
  async (metered: MeteredAws) =>
    (await measureRun(metered, { workflow, input, signals })).uses;

async function start(metered: MeteredAws, workflow: string, input?: unknown, key?: string): Promise<RunView> {
  const body = { workflow, ...(input !== undefined && { input }) };
  const run = (await metered.request('POST', '/v1/runs', body, key)) as RunView;
  await metered.quiet();
  return run;
}

/** What is used from here on until nothing is under way. */
async function usesOf(metered: MeteredAws, work: () => Promise<unknown>): Promise<readonly Use[]> {
  metered.meter.reset();
  await work();
  await metered.quiet();
  return [...metered.meter.uses()];
}

const signal = (metered: MeteredAws, id: string, name: string) =>
  metered.request('POST', `/v1/runs/${id}/signals/${name}`, { payload: 1 });

/** Until the driver waits, for time or for the test. */
async function idle({ meter, clock }: MeteredAws): Promise<void> {
  for (let calm = 0; calm < 5; calm += 1) {
    if (clock.ringing || meter.unanswered > 0) calm = 0;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** By the path's name, what brings it about. */
export const ways: Record<string, (metered: MeteredAws) => Promise<readonly Use[]>> = {
  'ten short steps': runOf('ten-steps'),
  'no step at all': runOf('no-step'),
  'a run that fails': runOf('failing'),
  '100 steps in parallel': runOf('parallel'),
  'a step with a result of 2 KB': runOf('lines', 7),
  'a step with 2 KB of random characters as result': runOf('noisy', 2_000),
  'a step with a result of 200 KB': runOf('lines', 667),
  'an input of 2 KB': runOf('one-step', orderLines(7)),
  async 'a correlation id'(metered) {
    const body = { workflow: 'no-step', correlationId: 'order 7' };
    return usesOf(metered, () => metered.request('POST', '/v1/runs', body));
  },
  'a step that fails once': runOf('retried'),
  'a step that is tried again after ten minutes': runOf('retried-later'),
  'a sleep of a month': runOf('sleeping', '30d'),
  'a sleep of ten minutes': runOf('sleeping', '10m'),
  'a sleep of an hour': runOf('sleeping', '1h'),
  'a sleep of an hour, and a step after it': runOf('sleep-and-step', '1h'),
  async 'waiting for six days'(metered) {
    await start(metered, 'signalled');
    return usesOf(metered, async () => {
      metered.clock.skip(6 * dayMs);
      await metered.aws.sweep();
    });
  },
  'suspending, to wait for a signal': (metered) => usesOf(metered, () => start(metered, 'signalled')),
  async 'a signal, with which the run ends'(metered) {
    const { id } = await start(metered, 'signalled');
    return usesOf(metered, () => signal(metered, id, 'go'));
  },
  async 'a signal, after which the run waits on'(metered) {
    const { id } = await start(metered, 'twice-signalled');
    return usesOf(metered, () => signal(metered, id, 'first'));
  },
  'a child': runOf('parent'),
  async 'a step of a minute'(metered) {
    const gate = newGate();
    return usesOf(metered, async () => {
      await metered.request('POST', '/v1/runs', { workflow: 'gated' });
      await idle(metered);
      for (let seconds = 0; seconds < 60; seconds += 5) {
        metered.clock.skip(5_000);
        await idle(metered);
      }
      gate.open();
    });
  },
  async 'a start message that is lost'(metered) {
    queueFaults.arrival = () => ({ copies: 0 });
    return usesOf(metered, async () => {
      await start(metered, 'no-step');
      queueFaults.arrival = () => undefined;
      metered.clock.skip(31_000);
      await metered.aws.sweep();
    });
  },
  async 'a message that arrives twice, at two drivers at once'(metered) {
    const gate = newGate();
    queueFaults.arrival = () => ({ copies: 2 });
    queueFaults.order = (visible) => visible.slice(0, 1);
    return usesOf(metered, async () => {
      await metered.request('POST', '/v1/runs', { workflow: 'gated' });
      while (gate.begun < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      gate.open();
      await metered.quiet();
      queueFaults.arrival = () => undefined;
    });
  },
  async 'the same start once more, with its key'(metered) {
    await start(metered, 'no-step', undefined, 'once');
    return usesOf(metered, () => start(metered, 'no-step', undefined, 'once'));
  },
  async 'a look at a run'(metered) {
    const { id } = await start(metered, 'no-step');
    return usesOf(metered, () => metered.request('GET', `/v1/runs/${id}`));
  },
};
