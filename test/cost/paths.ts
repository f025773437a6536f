/**
 * What each path costs, as data: the test holds the counts, and the documentation shows them. A path that gains a write
 * fails here first; then either the write goes, or this table and docs/cost.md say what it buys.
 */
import { measureRun } from '../../lib/cost/measure-run.ts';
import type { MeteredAws } from '../../lib/cost/metered-aws.ts';
import type { Use } from '../../lib/cost/uses.ts';
import type { SqsFaults } from '../../lib/dev/sqs/faults.ts';
import type { RunView } from '../../lib/service/api.ts';
import { newGate } from './workflows.ts';

/** What goes wrong in the queue on purpose; each path leaves it as it found it. */
export const queueFaults: SqsFaults = {};

/** How often, and how many write units, read units or requests that are in all. */
type Count = [times: number, units: number];

export interface Path {
  path: string;
  /** What the units are for. */
  why: string;
  uses(metered: MeteredAws): Promise<readonly Use[]>;
  writes?: Record<string, Count>;
  reads?: Record<string, Count>;
  /** Requests to the queue, in all. */
  queue: number;
  /** Requests to the bucket. */
  blobs?: Record<string, Count>;
  invocations: Partial<Record<'api' | 'driver', number>>;
}

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

export const paths: Path[] = [
  {
    path: 'ten short steps',
    why: 'Created with two index entries; ten events, the last with the end of the run; a settled head leaves the index of open runs (delete) and enters that of settled ones (put).',
    uses: runOf('ten-steps'),
    writes: { create: [1, 3], append: [10, 10], settle: [1, 3] },
    reads: { 'read of the run': [2, 2] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'no step at all',
    why: 'What every run pays.',
    uses: runOf('no-step'),
    writes: { create: [1, 3], append: [1, 1], settle: [1, 3] },
    reads: { 'read of the run': [2, 2] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: '100 steps in parallel',
    why: 'They end together, and one item holds all their results, compressed: it is paid by size.',
    uses: runOf('parallel'),
    writes: { create: [1, 3], append: [1, 1], settle: [1, 3] },
    reads: { 'read of the run': [2, 2] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'a step with a result of 2 KB',
    why: 'An event of 2 KB and something takes three units.',
    uses: runOf('large', 2_000),
    writes: { create: [1, 3], append: [1, 3], settle: [1, 3] },
    reads: { 'read of the run': [2, 2] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'a step with a result of 200 KB',
    why: 'What is longer than 64 KB goes to the bucket; the event keeps a reference.',
    uses: runOf('large', 200_000),
    writes: { create: [1, 3], append: [1, 1], settle: [1, 3] },
    reads: { 'read of the run': [2, 2] },
    queue: 3,
    blobs: { 'payload written': [1, 1] },
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'an input of 2 KB',
    why: 'It has an item of its own, so that the updates of the head do not pay for it again.',
    uses: runOf('one-step', 'x'.repeat(2_000)),
    writes: { create: [1, 3], 'long input': [1, 3], append: [1, 1], settle: [1, 3] },
    reads: { 'read of the run': [2, 2] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'a correlation id',
    why: 'One more index entry, which never changes.',
    async uses(metered) {
      const body = { workflow: 'no-step', correlationId: 'order 7' };
      return usesOf(metered, () => metered.request('POST', '/v1/runs', body));
    },
    writes: { create: [1, 4], append: [1, 1], settle: [1, 3] },
    reads: { 'read of the run': [2, 2] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'a step that fails once',
    why: 'The failed attempt is an event of its own; its error, with stack, takes more than 1 KB.',
    uses: runOf('retried'),
    writes: { create: [1, 3], append: [2, 3], settle: [1, 3] },
    reads: { 'read of the run': [2, 2] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'a sleep of ten minutes',
    why: 'Suspending is an event and a move in the index (delete, put). A message with a delay ends it.',
    uses: runOf('sleeping', '10m'),
    writes: { create: [1, 3], append: [2, 2], 'move of the wake time': [1, 3], settle: [1, 3] },
    reads: { 'read of the run': [4, 4] },
    queue: 6,
    invocations: { api: 1, driver: 2 },
  },
  {
    path: 'a sleep of an hour',
    why: 'Longer than a message can wait: the sweeper moves the head once more, and wakes.',
    uses: runOf('sleeping', '1h'),
    writes: { create: [1, 3], append: [2, 2], 'move of the wake time': [2, 6], settle: [1, 3] },
    reads: { 'read of the run': [4, 4], 'read of the head': [1, 1] },
    queue: 6,
    invocations: { api: 1, driver: 2 },
  },
  {
    path: 'a sleep of an hour, and a step after it',
    why: 'Whoever is woken by the sweeper cannot know whether a driver died, and marks the first step as started.',
    uses: runOf('sleep-and-step', '1h'),
    writes: { create: [1, 3], append: [4, 4], 'move of the wake time': [2, 6], settle: [1, 3] },
    reads: { 'read of the run': [4, 4], 'read of the head': [1, 1] },
    queue: 6,
    invocations: { api: 1, driver: 2 },
  },
  {
    path: 'waiting for six days',
    why: 'Nothing at all: an item that lies there, in an index that the sweeper asks for others.',
    async uses(metered) {
      await start(metered, 'signalled');
      return usesOf(metered, async () => {
        metered.clock.skip(6 * dayMs);
        await metered.aws.sweep();
      });
    },
    queue: 0,
    invocations: {},
  },
  {
    path: 'suspending, to wait for a signal',
    why: 'With the start: the suspend is an event, and the head moves to when somebody has to look at the latest.',
    uses: (metered) => usesOf(metered, () => start(metered, 'signalled')),
    writes: { create: [1, 3], append: [1, 1], 'move of the wake time': [1, 3] },
    reads: { 'read of the run': [3, 3] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'a signal, with which the run ends',
    why: 'It is stored first, as mail. The waiting run becomes due before it goes on, so that it is found if this driver dies.',
    async uses(metered) {
      const { id } = await start(metered, 'signalled');
      return usesOf(metered, () => signal(metered, id, 'go'));
    },
    writes: { mail: [1, 1], 'move of the wake time': [1, 3], append: [1, 1], settle: [1, 3] },
    reads: { 'read of the head': [1, 1], 'read of the run': [1, 1] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'a signal, after which the run waits on',
    why: 'The same, and a move back in place of the end.',
    async uses(metered) {
      const { id } = await start(metered, 'twice-signalled');
      return usesOf(metered, () => signal(metered, id, 'first'));
    },
    writes: { mail: [1, 1], 'move of the wake time': [2, 6], append: [1, 1] },
    reads: { 'read of the head': [1, 1], 'read of the run': [2, 2] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'a child',
    why: 'A run of its own. Its end is mail for the parent, as a signal is.',
    uses: runOf('parent'),
    writes: {
      create: [2, 6],
      append: [3, 3],
      settle: [2, 6],
      'move of the wake time': [2, 6],
      mail: [1, 1],
    },
    reads: { 'read of the run': [5, 5] },
    queue: 9,
    invocations: { api: 1, driver: 3 },
  },
  {
    path: 'a step of a minute',
    why: 'It is shown as started after a second, says each half lease that it is alive, and looks for news every 5 s.',
    async uses(metered) {
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
    writes: { create: [1, 3], append: [6, 6], 'move of the wake time': [4, 12], settle: [1, 3] },
    reads: { 'read of the run': [14, 14] },
    queue: 3,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'a start message that is lost',
    why: 'After 30 s the sweeper finds the run overdue, moves it on and wakes it.',
    async uses(metered) {
      queueFaults.arrival = () => ({ copies: 0 });
      return usesOf(metered, async () => {
        await start(metered, 'no-step');
        queueFaults.arrival = () => undefined;
        metered.clock.skip(31_000);
        await metered.aws.sweep();
      });
    },
    writes: { create: [1, 3], 'move of the wake time': [1, 3], append: [1, 1], settle: [1, 3] },
    reads: { 'read of the head': [1, 1], 'read of the run': [2, 2] },
    queue: 4,
    invocations: { api: 1, driver: 1 },
  },
  {
    path: 'a message that arrives twice, at two drivers at once',
    why: 'Both do the step. One of them loses the position: a failed condition is paid like a write, and the winner is read.',
    async uses(metered) {
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
    writes: { create: [1, 3], append: [1, 1], 'lost condition': [1, 1], settle: [1, 3] },
    reads: { 'read of the run': [3, 3], 'read of an event': [1, 1] },
    queue: 5,
    invocations: { api: 1, driver: 2 },
  },
  {
    path: 'the same start once more, with its key',
    why: 'The condition of the create fails, and the run that stands is read and shown.',
    async uses(metered) {
      await start(metered, 'no-step', undefined, 'once');
      return usesOf(metered, () => start(metered, 'no-step', undefined, 'once'));
    },
    writes: { 'lost condition': [1, 1] },
    reads: { 'read of the head': [1, 1], 'read of the run': [1, 1] },
    queue: 0,
    invocations: { api: 1 },
  },
  {
    path: 'a look at a run',
    why: 'One query reads head and journal: a unit for each 4 KB begun.',
    async uses(metered) {
      const { id } = await start(metered, 'no-step');
      return usesOf(metered, () => metered.request('GET', `/v1/runs/${id}`));
    },
    reads: { 'read of the run': [1, 1] },
    queue: 0,
    invocations: { api: 1 },
  },
];
