/**
 * How time grows with size: of one run, of a map, of what is stored. The first two without fsync, which takes the same for
 * each write and would hide the rest; the speed of a disk is in the table.
 */
import { join } from 'node:path';
import { type OpenPawlOptions, openPawl, workflow } from 'pawl';
import type { Series } from './plot.ts';
import { median, medianOf, timeOf } from './statistics.ts';
import { fillStore, measureStoredRuns } from './stored-runs.ts';
import { show } from './table.ts';

export type Growth = Series[];

export interface GrowthOptions {
  folder: string;
  /** Sizes beyond are left out. */
  upTo: number;
}

const sizesOf = (sizes: readonly number[], { upTo }: GrowthOptions) => sizes.filter((size) => size <= upTo);

function tell(what: string, size: number, figures: Record<string, number>): void {
  const texts = Object.entries(figures).map(([name, value]) => `${name} ${show(value)}`);
  process.stderr.write(`\n  ${what} ${size.toLocaleString('en-US')}: ${texts.join(', ')} ms`);
}

/** One line through what `measure` gives for each size. */
async function seriesOf(
  what: string,
  sizes: readonly number[],
  measure: (size: number) => Promise<Record<string, number>>,
): Promise<Growth> {
  const series = new Map<string, [number, number][]>();
  for (const size of sizes) {
    const figures = await measure(size);
    tell(what, size, figures);
    for (const [name, value] of Object.entries(figures)) series.set(name, [...(series.get(name) ?? []), [size, value]]);
  }
  return [...series].map(([name, points]) => ({ name, points }));
}

/** The large ones take long enough for a machine's whims to even out. */
function roundsFor(size: number): number {
  return size < 1_000 ? 9 : size > 10_000 ? 1 : 3;
}

const runSizes = [10, 100, 1_000, 10_000, 100_000];

const waitingChain = workflow({ name: 'waiting-chain' }, async (ctx, steps: number) => {
  for (let i = 0; i < steps; i += 1) await ctx.step(`step-${i}`, () => i);
  await ctx.signal('go');
});

/** Steps one after the other; then the run waits, and goes on where nobody has it in memory. */
export async function measureRunGrowth(options: GrowthOptions): Promise<Growth> {
  const dataDir = join(options.folder, 'runs');
  let told: ((run: string) => void) | undefined;
  const opened: OpenPawlOptions = {
    workflows: [waitingChain],
    dataDir,
    fsync: 'never',
    observer: {
      recorded: (run, { events }) => {
        if (events.at(-1)?.type === 'run_suspended') told?.(run);
      },
    },
  };
  /** Starts a run and answers with its id once it waits. */
  async function untilItWaits(steps: number): Promise<{ id: string; tookMs: number }> {
    const pawl = await openPawl(opened);
    const suspended = new Promise<string>((resolve) => {
      told = resolve;
    });
    const tookMs = await timeOf(async () => {
      await pawl.start(waitingChain, steps);
      await suspended;
    });
    await pawl.close();
    return { id: await suspended, tookMs };
  }
  await untilItWaits(1_000);
  return seriesOf('steps', sizesOf(runSizes, options), async (steps) => {
    const times = { run: [] as number[], resume: [] as number[], look: [] as number[] };
    for (let round = 0; round < roundsFor(steps); round += 1) {
      const { id, tookMs } = await untilItWaits(steps);
      times.run.push(tookMs);
      const pawl = await openPawl(opened);
      times.look.push(await timeOf(() => pawl.getRun(id)));
      times.resume.push(
        await timeOf(async () => {
          await pawl.run(id).signal('go');
          await pawl.run(id).result();
        }),
      );
      await pawl.close();
    }
    return {
      'all steps of the run': median(times.run),
      'from a signal to the end of the run, replayed': median(times.resume),
      'a look at the run': median(times.look),
    };
  });
}

const mapSizes = [1_000, 10_000, 100_000, 1_000_000];
const itemsPerChild = 1_000;
/** A child for each item is two events for each item: twice as many would not fit a journal. */
const mostChildren = 100_000;
const childrenAtOnce = 100;

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

const item = workflow({ name: 'item' }, async (ctx, number: number) => {
  await ctx.step('do', () => number);
});

const chunk = workflow({ name: 'chunk' }, async (ctx, count: number) => {
  await ctx.map('items', range(count), (number, branch) => branch.step('do', () => number));
});

const mapOfItems = workflow({ name: 'map-of-items' }, async (ctx, count: number) => {
  await ctx.map('items', range(count), (number, branch) => branch.child(item, number), { concurrency: childrenAtOnce });
});

const mapOfChunks = workflow({ name: 'map-of-chunks' }, async (ctx, count: number) => {
  const chunks = range(Math.ceil(count / itemsPerChild));
  await ctx.map('chunks', chunks, (_, branch) => branch.child(chunk, itemsPerChild), { concurrency: childrenAtOnce });
});

/** Each item a child, and a thousand items a child. */
export async function measureMapGrowth(options: GrowthOptions): Promise<Growth> {
  const workflows: OpenPawlOptions['workflows'] = [item, chunk, mapOfItems, mapOfChunks];
  let count = 0;
  const timeOnce = async (flow: typeof mapOfItems, size: number) => {
    count += 1;
    const pawl = await openPawl({ workflows, dataDir: join(options.folder, `map-${count}`), fsync: 'never' });
    const tookMs = await timeOf(async () => (await pawl.start(flow, size)).result());
    await pawl.close();
    return tookMs;
  };
  const timed = (flow: typeof mapOfItems, size: number) => medianOf(roundsFor(size), () => timeOnce(flow, size));
  await timeOnce(mapOfChunks, itemsPerChild);
  return seriesOf('items', sizesOf(mapSizes, options), async (size) => ({
    'a child for each thousand items': await timed(mapOfChunks, size),
    ...(size <= mostChildren && { 'a child for each item': await timed(mapOfItems, size) }),
  }));
}

const storedSizes = [1_000, 10_000, 100_000, 1_000_000];

export async function measureStoredGrowth(options: GrowthOptions): Promise<Growth> {
  const dataDir = join(options.folder, 'stored');
  const ids: string[] = [];
  return seriesOf('runs stored', sizesOf(storedSizes, options), async (size) => {
    for (const id of await fillStore(dataDir, size - ids.length)) ids.push(id);
    const stored = await measureStoredRuns(dataDir, join(options.folder, 'plain.mdb'), ids);
    return {
      'the data directory opened, and a first run ended': stored.openMs,
      'a list of 50 runs': stored.listP50,
      'a look at a run': stored.showP50,
      'the start of a run': stored.startP50,
      'a tick of the sweeper': stored.sweepP50,
    };
  });
}
