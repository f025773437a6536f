/**
 * Runs a workflow to its end, and counts what that takes. Waits pass at once: time is skipped to whatever is due next,
 * and the sweeper comes where AWS would have it come. Signals are sent when somebody waits for them.
 */
import type { RunView } from '../service/api.ts';
import type { MeteredAws } from './metered-aws.ts';
import type { Use } from './uses.ts';

export interface GivenSignal {
  name: string;
  payload: unknown;
}

export interface MeasuredRun {
  /** As it ended, or as it waits. */
  run: RunView;
  uses: readonly Use[];
  /** Its tasks, with those of its children and of the runs that it went on as. */
  tasks: number;
  /** What it waits for, if nothing given brings it on: names of signals, or why it is blocked. */
  waitsFor: string[];
  /** How much time was skipped, in ms. */
  skippedMs: number;
}

/** A run that goes on as others this often is taken to do so for ever. */
const mostSuccessors = 20;
/** A message's delay is in whole seconds, rounded up. */
const roundedMs = 1_000;
const settled = new Set(['completed', 'failed', 'cancelled']);

export async function measureRun(
  metered: MeteredAws,
  { workflow, input, signals }: { workflow: string; input?: unknown; signals: readonly GivenSignal[] },
): Promise<MeasuredRun> {
  const { meter, clock, api, aws } = metered;
  const left = [...signals];
  let skippedMs = 0;

  meter.reset();
  const body = { workflow, ...(input !== undefined && { input }) };
  const started = (await metered.request('POST', '/v1/runs', body)) as RunView;
  let id = started.id;
  let successors = 0;
  let tasks = 0;

  for (;;) {
    await metered.quiet();
    const run = await api.getRun(id);
    if (run.continuedAs !== undefined && successors < mostSuccessors) {
      tasks += await tasksOf(id);
      id = run.continuedAs;
      successors += 1;
      continue;
    }
    if (settled.has(run.status)) return end(run);
    const open = await withChildren(run);
    if (await sendOne(open)) continue;
    const due = Math.min(...open.flatMap(({ awaiting = [] }) => awaiting.flatMap((each) => times(each.due))));
    if (!Number.isFinite(due)) return end(run, reasons(open));
    const wait = Math.max(0, due + roundedMs - clock.now());
    clock.skip(wait);
    skippedMs += wait;
    await metered.quiet();
    if ((await eventsOf(open)) === sumOfEvents(open)) {
      // Not a message but the sweeper brings a wait of this length to its end.
      const { woken } = await aws.sweep();
      await metered.quiet();
      if (woken === 0 && (await eventsOf(open)) === sumOfEvents(open)) return end(run, ['what nothing here brings']);
    }
  }

  async function end(run: RunView, waitsFor: string[] = []): Promise<MeasuredRun> {
    return { run, uses: [...meter.uses()], tasks: tasks + (await tasksOf(id)), waitsFor, skippedMs };
  }

  async function tasksOf(of: string): Promise<number> {
    const own = await api.listTasks(of);
    let sum = own.length;
    for (const { kind, name } of own) if (kind === 'child' && name !== undefined) sum += await tasksOf(name);
    return sum;
  }

  /** The run and those that it waits for, as deep as it goes. */
  async function withChildren(run: RunView): Promise<RunView[]> {
    const ids = (run.awaiting ?? []).flatMap(({ kind, name }) =>
      kind === 'child' && name !== undefined ? [name] : [],
    );
    const children = await Promise.all(ids.map((child) => api.getRun(child)));
    const deeper = await Promise.all(children.filter(({ status }) => !settled.has(status)).map(withChildren));
    return [run, ...deeper.flat()];
  }

  async function sendOne(open: readonly RunView[]): Promise<boolean> {
    for (const { id: to, awaiting = [] } of open) {
      for (const { kind, name } of awaiting) {
        const index = kind === 'signal' ? left.findIndex((signal) => signal.name === name) : -1;
        const [signal] = index === -1 ? [] : left.splice(index, 1);
        if (signal === undefined) continue;
        const { payload } = signal;
        await metered.request(
          'POST',
          `/v1/runs/${to}/signals/${encodeURIComponent(signal.name)}`,
          payload === undefined ? {} : { payload },
        );
        return true;
      }
    }
    return false;
  }

  async function eventsOf(runs: readonly RunView[]): Promise<number> {
    return sumOfEvents(await Promise.all(runs.map(({ id: each }) => api.getRun(each))));
  }
}

/** What the sweeper's tick uses while nothing is due. */
export async function measureTick({ aws, meter, clock, quiet }: MeteredAws): Promise<readonly Use[]> {
  // The first one learns of the deployment, which it does once.
  await aws.sweep();
  await quiet();
  meter.reset();
  clock.skip(60_000);
  await aws.sweep();
  await quiet();
  return meter.uses().filter(({ by }) => by === 'sweeper');
}

function sumOfEvents(runs: readonly RunView[]): number {
  return runs.reduce((sum, { events }) => sum + events, 0);
}

function times(text: string | undefined): number[] {
  return text === undefined ? [] : [Date.parse(text)];
}

function reasons(open: readonly RunView[]): string[] {
  return open.flatMap(({ awaiting = [], blocked, status }) => [
    ...(blocked ? [blocked.message] : []),
    ...(status === 'paused' ? ['being resumed'] : []),
    ...awaiting.flatMap(({ kind, name }) => (kind === 'signal' && name !== undefined ? [`the signal ${name}`] : [])),
  ]);
}
