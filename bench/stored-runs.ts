/** A data directory with many runs in it, and how long it takes to find one's way there. */
import { join } from 'node:path';
import { openPawl, type Pawl } from 'pawl';
import { createLmdbStore } from '../lib/adapters/lmdb/store.ts';
import { systemClock } from '../lib/adapters/system/clock.ts';
import { systemIds } from '../lib/adapters/system/ids.ts';
import type { Chunk, JournalEvent } from '../lib/kernel/events.ts';
import type { Head, HeadState } from '../lib/kernel/head.ts';
import { newRunId } from '../lib/kernel/run-id.ts';
import type { Store } from '../lib/ports/store.ts';
import { sweep } from '../lib/service/sweep.ts';
import { createPorts } from './engine.ts';
import { openPlain } from './plain.ts';
import { median, quantile } from './statistics.ts';
import { chain } from './workflows.ts';

const inFlight = 256;
const stepsPerRun = 10;
const dayMs = 86_400_000;
/** Of each hundred runs so many wait, for something that comes much later; the rest have completed. */
const waitingOfHundred = 10;

/** Writes runs as they lie there once they have ended or wait; through the store, as driving them would take too long. */
export async function fillStore(dataDir: string, runs: number): Promise<string[]> {
  const store = createLmdbStore({ dataDir, clock: systemClock, fsync: 'never' });
  const ids: string[] = [];
  let next = 0;
  const writer = async () => {
    while (next < runs) {
      next += 1;
      ids.push(await writeRun(store, next));
    }
  };
  await Promise.all(Array.from({ length: inFlight }, writer));
  await store.close();
  return ids;
}

async function writeRun(store: Store, number: number): Promise<string> {
  const at = Date.now();
  const id = newRunId(systemIds, at);
  const nonce = systemIds.random();
  const driver = `${systemIds.random().slice(0, 12)}.${systemIds.random()}`;
  const waits = number % 100 < waitingOfHundred;
  const steps = Array.from(
    { length: stepsPerRun },
    (_, step): JournalEvent => ({
      type: 'task_completed',
      at,
      key: `step-${step}`,
      kind: 'step',
      attempt: 1,
      startedAt: at,
      result: String(step),
    }),
  );
  const end: JournalEvent = waits
    ? { type: 'run_suspended', at, wakeAt: at + 7 * dayMs, awaiting: [{ kind: 'signal', key: 'go', name: 'go' }] }
    : { type: 'run_completed', at };
  const chunk: Chunk = {
    format: 1,
    nonce,
    position: 1,
    id: `${driver}.1`,
    at,
    driver: { id: driver, leaseUntil: at },
    events: [...steps, end],
  };
  const state: HeadState = waits
    ? { status: 'waiting', wakeAt: at + 7 * dayMs }
    : { status: 'completed', closedAt: at };
  const head: Head = {
    birth: {
      format: 1,
      id,
      nonce,
      workflow: chain.name,
      version: 1,
      input: '10',
      createdAt: at,
      deadline: at + 7 * dayMs,
      retention: 30 * dayMs,
    },
    position: 1,
    state,
    expiresAt: at + 50 * dayMs,
  };
  await store.create(head);
  await store.append(id, chunk);
  return id;
}

/** Times in ms. */
export interface StoredRuns {
  /** A page of 50, by each way of asking in turn. */
  listP50: number;
  listP99: number;
  showP50: number;
  showP99: number;
  startP50: number;
  /** A plain write alone, in between. */
  putP50: number;
  /** A tick of the sweeper with nothing due. */
  sweepP50: number;
  /** From the opening of the data directory to the end of a first run. */
  openMs: number;
}

const looks = 1_000;
const firstLooks = 100;
const starts = 100;
const ticks = 20;

export async function measureStoredRuns(
  dataDir: string,
  plainFile: string,
  ids: readonly string[],
): Promise<StoredRuns> {
  const began = performance.now();
  const pawl = await openPawl({ workflows: [chain], dataDir });
  await (await pawl.start(chain, 1)).result();
  const openMs = performance.now() - began;
  const lists = await measureLists(pawl);
  const shows = await times(looks, async (look) => pawl.getRun(ids[(look * 7_919) % ids.length] as string));
  const plain = openPlain(plainFile);
  const puts: number[] = [];
  const begun: (() => Promise<unknown>)[] = [];
  const started = await times(
    starts,
    async () => {
      const run = await pawl.start(chain, 1);
      begun.push(() => run.result());
    },
    async () => {
      await begun.at(-1)?.();
      puts.push(await plain.inGroups([1]));
    },
  );
  await pawl.close();
  await plain.close();
  const sweeps = await measureSweeps(dataDir);
  return {
    listP50: median(lists),
    listP99: quantile(lists, 0.99),
    showP50: median(shows),
    showP99: quantile(shows, 0.99),
    startP50: median(started),
    putP50: median(puts),
    sweepP50: median(sweeps),
    openMs,
  };
}

async function measureLists(pawl: Pawl): Promise<number[]> {
  const first = await pawl.listRuns();
  const queries: Parameters<Pawl['listRuns']>[0][] = [
    {},
    { workflow: chain.name },
    { status: 'completed' },
    { status: 'waiting' },
    ...(first.cursor === undefined ? [] : [{ cursor: first.cursor }]),
  ];
  const list = (look: number) => pawl.listRuns(queries[look % queries.length]);
  // Code that has never run takes longer, whatever it does.
  await times(firstLooks, list);
  return times(looks, list);
}

/** Each by itself; `between` is not timed. */
async function times(
  count: number,
  work: (index: number) => Promise<unknown>,
  between: () => Promise<unknown> | undefined = () => undefined,
): Promise<number[]> {
  const taken: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const began = performance.now();
    await work(index);
    taken.push(performance.now() - began);
    await between();
  }
  return taken;
}

async function measureSweeps(dataDir: string): Promise<number[]> {
  const store = createLmdbStore({ dataDir, clock: systemClock });
  const ports = createPorts({ store, clock: systemClock, workflows: [] });
  const taken = await times(ticks, () => sweep(ports));
  await ports.queue.close();
  await store.close();
  return taken;
}

export async function measureStored(folder: string, runs: number): Promise<StoredRuns> {
  const dataDir = join(folder, 'data');
  return measureStoredRuns(dataDir, join(folder, 'plain.mdb'), await fillStore(dataDir, runs));
}
