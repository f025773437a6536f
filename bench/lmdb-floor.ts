/**
 * What the store's append costs over a bare awaited put of lmdb, measured side by side in one process, and what a run
 * takes on disk. `node --import tsx bench/lmdb-floor.ts`
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asBinary, open } from 'lmdb';
import { createLmdbStore } from '../lib/adapters/lmdb/store.ts';
import { systemClock } from '../lib/adapters/system/clock.ts';
import { systemIds } from '../lib/adapters/system/ids.ts';
import type { Chunk } from '../lib/kernel/events.ts';

interface LmdbFloor {
  /** Operations a second; medians. */
  putAlone: number;
  putOf64: number;
  appendAlone: number;
  appendOf64: number;
}

const VALUE = asBinary(Buffer.alloc(150, 1));

async function measureLmdbFloor({ rounds = 5, secondsEach = 0.5 } = {}): Promise<LmdbFloor> {
  const directory = mkdtempSync(join(tmpdir(), 'pawl-bench-'));
  const bare = open({ path: join(directory, 'bare.mdb'), encoding: 'binary', keyEncoding: 'binary' });
  const store = createLmdbStore({ dataDir: join(directory, 'data'), clock: systemClock });
  const rates: Record<keyof LmdbFloor, number[]> = { putAlone: [], putOf64: [], appendAlone: [], appendOf64: [] };

  const put = (run: string, position: number) => bare.put(Buffer.from(`${run}/${position}`), VALUE);
  const append = (run: string, position: number) => store.append(run, aChunk(position));
  try {
    for (let round = 0; round < rounds; round += 1) {
      rates.putAlone.push(await rate(1, secondsEach, put));
      rates.appendAlone.push(await rate(1, secondsEach, append));
      rates.putOf64.push(await rate(64, secondsEach, put));
      rates.appendOf64.push(await rate(64, secondsEach, append));
    }
  } finally {
    await store.close();
    await bare.close();
    rmSync(directory, { recursive: true });
  }
  return {
    putAlone: median(rates.putAlone),
    putOf64: median(rates.putOf64),
    appendAlone: median(rates.appendAlone),
    appendOf64: median(rates.appendOf64),
  };
}

/** The bytes that settled runs of ten steps take on disk, each. */
async function measureBytesPerRun(runs = 5_000): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'pawl-bench-'));
  const dataDir = join(directory, 'data');
  const store = createLmdbStore({ dataDir, clock: systemClock });
  let left = runs;
  const writer = async () => {
    for (; left > 0; left -= 1) await writeRun(store);
  };
  await Promise.all(Array.from({ length: 64 }, writer));
  await store.close();
  const { size } = statSync(join(dataDir, 'store.mdb'));
  rmSync(directory, { recursive: true });
  return Math.round(size / runs);
}

const nonce = systemIds.random();
const driver = `${systemIds.random().slice(0, 12)}.${systemIds.random()}`;

function aChunk(position: number): Chunk {
  const at = Date.now();
  return {
    format: 1,
    nonce,
    position,
    id: `${driver}.${position}`,
    at,
    driver: { id: driver, leaseUntil: at + 60_000 },
    events: [
      {
        type: 'task_completed',
        at,
        key: `step-${position}`,
        kind: 'step',
        attempt: 1,
        startedAt: at - 2,
        result: '{"ok":true}',
      },
    ],
  };
}

async function writeRun(store: ReturnType<typeof createLmdbStore>): Promise<void> {
  const createdAt = Date.now();
  const id = systemIds.random();
  const birth = {
    format: 1,
    id,
    nonce,
    workflow: 'order-fulfilment',
    version: 1,
    input: '{"order":"o-1","total":120}',
    inputDigest: systemIds.digest('input'),
    createdAt,
    deadline: createdAt + 604_800_000,
    retention: 2_592_000_000,
  };
  const expiresAt = createdAt + 3_000_000_000;
  await store.create({ birth, position: 0, state: { status: 'pending', wakeAt: createdAt + 5_000 }, expiresAt });
  for (let position = 1; position <= 10; position += 1) await store.append(id, aChunk(position));
  await store.updateHead(id, { position: 10, state: { status: 'completed', closedAt: Date.now() } }, { nonce });
}

async function rate(
  inFlight: number,
  seconds: number,
  write: (run: string, position: number) => Promise<unknown>,
): Promise<number> {
  const began = performance.now();
  const end = began + seconds * 1_000;
  let count = 0;
  const writer = async () => {
    const run = systemIds.random();
    for (let position = 1; performance.now() < end; position += 1) {
      await write(run, position);
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, writer));
  return Math.round((count * 1_000) / (performance.now() - began));
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

const floor = await measureLmdbFloor();
const ratio = (put: number, append: number) => (put / append).toFixed(2);
process.stdout.write(
  [
    `one at a time: put ${floor.putAlone}/s, append ${floor.appendAlone}/s, ratio ${ratio(floor.putAlone, floor.appendAlone)}`,
    `64 in flight:  put ${floor.putOf64}/s, append ${floor.appendOf64}/s, ratio ${ratio(floor.putOf64, floor.appendOf64)}`,
    `a settled run of ten steps: ${await measureBytesPerRun()} bytes of the file`,
    '',
  ].join('\n'),
);
