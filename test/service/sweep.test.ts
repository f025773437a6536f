import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openPawl } from 'pawl';
import { describe, expect, test } from 'vitest';
import { createFileBlobs } from '../../lib/adapters/files/blobs.ts';
import { createVirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';
import { systemIds } from '../../lib/adapters/system/ids.ts';
import type { Birth, BlobRef } from '../../lib/kernel/events.ts';
import { Fault } from '../../lib/kernel/faults.ts';
import type { Ports } from '../../lib/kernel/ports.ts';
import type { Blobs } from '../../lib/ports/blobs.ts';
import type { Message } from '../../lib/ports/queue.ts';
import { startRun } from '../../lib/service/start-run.ts';
import { purge, purgeBlobs, recover, sweep, wakeBlocked } from '../../lib/service/sweep.ts';
import { workflow } from '../../lib/workflow/index.ts';
import { createDataDir } from '../adapters/data-dir.ts';
import { createWorld, type Process, startIn, type World } from '../kernel/harness.ts';

const graceMs = 30_000;
const day = 86_400_000;
const waiting = workflow({ name: 'waiting' }, (ctx) => ctx.signal('go'));

function setUp() {
  const world = createWorld();
  return { world, one: world.process('one', [waiting]) };
}

/** Runs whose start messages got lost. */
async function lostRuns(world: World, one: Process, count: number): Promise<string[]> {
  const runs: string[] = [];
  for (let i = 0; i < count; i += 1) runs.push(await startIn(one, waiting));
  world.messages.length = 0;
  return runs;
}

function woken(world: World): string[] {
  return world.messages.map(({ message }) => message.run);
}

describe('a sweep', () => {
  test('wakes all that is due, however many, each once', async () => {
    const { world, one } = setUp();
    const runs = await lostRuns(world, one, 205);
    await world.advance(graceMs);
    expect(await sweep(one.ports)).toBe(205);
    expect(woken(world).sort()).toEqual(runs.sort());
    expect(await sweep(one.ports)).toBe(0);
  });

  test('leaves what is not due', async () => {
    const { world, one } = setUp();
    await lostRuns(world, one, 1);
    await world.advance(graceMs - 1);
    expect(await sweep(one.ports)).toBe(0);
  });

  test('leaves alone the runs that this process is at, heads and all', async () => {
    const { world, one } = setUp();
    const [mine, other] = (await lostRuns(world, one, 2)) as [string, string];
    await world.advance(graceMs);
    const before = await world.head(mine);
    expect(await sweep(one.ports, { skip: (id) => id === mine })).toBe(1);
    expect(woken(world)).toEqual([other]);
    expect(await world.head(mine)).toEqual(before);
  });

  test('does not wake what has ended or gone since the index was read', async () => {
    const { world, one } = setUp();
    const [ended, gone] = (await lostRuns(world, one, 2)) as [string, string];
    await world.advance(graceMs);
    one.trouble(({ method }) => (method === 'readHead' ? { do: 'stall', when: 'before' } : undefined));
    const sweeping = sweep(one.ports);
    await world.settle();
    const nonceOf = async (run: string) => (await world.head(run)).birth.nonce;
    const state = { status: 'completed', closedAt: world.clock.now() } as const;
    await world.store.updateHead(ended, { state }, { nonce: await nonceOf(ended) });
    await world.store.deleteRun(gone, await nonceOf(gone));
    one.thaw();
    expect(await world.until(sweeping)).toBe(0);
    expect(world.messages).toEqual([]);
  });

  test('says who wakes, and which life of the run is meant', async () => {
    const { world, one } = setUp();
    const [run] = (await lostRuns(world, one, 1)) as [string];
    await world.advance(graceMs);
    await sweep(one.ports);
    const { nonce } = (await world.head(run)).birth;
    expect(world.messages.map(({ message }) => message)).toEqual<Message[]>([
      { kind: 'wake', run, nonce, from: 'sweeper' },
    ]);
  });
});

describe('a recovery', () => {
  test('looks at runs whose lease or grace ends soon, and leaves their heads as they are', async () => {
    const { world, one } = setUp();
    const [near, far] = (await lostRuns(world, one, 2)) as [string, string];
    const { birth } = await world.head(far);
    const state = { status: 'waiting', wakeAt: world.clock.now() + day } as const;
    await world.store.updateHead(far, { state }, { nonce: birth.nonce });
    const before = await world.head(near);
    expect(await recover(one.ports, 300_000)).toBe(1);
    expect(world.messages.map(({ message }) => message)).toEqual([{ kind: 'wake', run: near, from: 'sweeper' }]);
    expect(await world.head(near)).toEqual(before);
  });

  test('leaves out what this process is at, and is not stopped by one bad run', async () => {
    const { world, one } = setUp();
    const [mine, bad, good] = (await lostRuns(world, one, 3)) as [string, string, string];
    one.trouble(({ method, args }) =>
      method === 'send' && (args[0] as Message).run === bad ? { do: 'refuse' } : undefined,
    );
    expect(await recover(one.ports, 300_000, { skip: (id) => id === mine })).toBe(1);
    expect(woken(world)).toEqual([good]);
    expect(world.troubles).toEqual(['The sweeper could not wake the run: Fault: The store is unavailable (test)']);
  });
});

describe('blocked runs', () => {
  test.each(['opening', 'deployment'] as const)('are all woken at an %s, and no others', async (from) => {
    const { world, one } = setUp();
    const runs = await lostRuns(world, one, 150);
    await lostRuns(world, one, 1);
    for (const run of runs) {
      const { birth } = await world.head(run);
      const state = { status: 'blocked', wakeAt: birth.deadline, reason: 'No such code' } as const;
      await world.store.updateHead(run, { state }, { nonce: birth.nonce });
    }
    await wakeBlocked(one.ports, from);
    expect(woken(world).sort()).toEqual(runs.sort());
    for (const { message } of world.messages) expect(message).toMatchObject({ kind: 'wake', from });
  });
});

describe('a purge', () => {
  const kept = workflow({ name: 'kept', retention: '1d' }, async (_ctx, input: string) => input.length);

  /** A run that has ended, with an input so large that the blob store has it. */
  async function endedRun(world: World, one: Process): Promise<{ run: string; blob: string }> {
    const run = await startIn(one, kept, 'x'.repeat(100_000));
    await world.until(one.drive(world.take('start')));
    const { input } = (await world.head(run)).birth;
    if (typeof input !== 'object') throw new Error('The input is not in the blob store');
    return { run, blob: input.blob };
  }

  test('removes what has expired, with its blobs, and nothing else', async () => {
    const world = createWorld();
    const one = world.process('one', [kept]);
    const expired = await endedRun(world, one);
    await world.advance(day / 2);
    const young = await endedRun(world, one);
    expect(await purge(one.ports)).toBe(0);
    await world.advance(day / 2);
    expect(await purge(one.ports)).toBe(1);
    expect(await world.store.read(expired.run)).toBeUndefined();
    expect(await world.blobs.get(expired.blob)).toBeUndefined();
    expect(await world.store.read(young.run)).toBeDefined();
    expect(await world.blobs.get(young.blob)).toBeDefined();
  });

  test('removes so many at a time', async () => {
    const world = createWorld();
    const one = world.process('one', [kept]);
    for (let i = 0; i < 3; i += 1) await endedRun(world, one);
    await world.advance(day);
    expect([await purge(one.ports, 2), await purge(one.ports, 2), await purge(one.ports, 2)]).toEqual([2, 1, 0]);
  });

  test('blobs that cannot be removed do not keep those of other runs', async () => {
    const world = createWorld();
    const one = world.process('one', [kept]);
    const blobs = [(await endedRun(world, one)).blob, (await endedRun(world, one)).blob];
    await world.advance(day);
    one.trouble(({ method, nth }) => (method === 'deleteAll' && nth === 1 ? { do: 'refuse' } : undefined));
    expect(await purge(one.ports)).toBe(2);
    const left = (await Promise.all(blobs.map((blob) => world.blobs.get(blob)))).filter((text) => text !== undefined);
    expect(left).toHaveLength(1);
    expect(world.troubles).toHaveLength(1);
  });
});

describe('a purge of blobs', () => {
  const kept = workflow({ name: 'kept', retention: '1d' }, async (_ctx, input: string) => input.length);
  const request = { workflow: 'kept', key: 'k', input: 'x'.repeat(100_000) };

  /** All that was ever put is idle, a day later. */
  function setUp() {
    const world = createWorld();
    const owners = new Set<string>();
    const asked: number[] = [];
    const one = world.process('one', [kept]);
    const blobs: Blobs = {
      ...one.ports.blobs,
      async put(key, text) {
        owners.add(key.slice(0, key.lastIndexOf('/')));
        await one.ports.blobs.put(key, text);
      },
      async idleOwners(before) {
        asked.push(before);
        return [...owners];
      },
    };
    const ports: Ports = { ...one.ports, blobs };
    return { world, one, ports, asked, textOf: (birth: Birth) => world.blobs.get((birth.input as BlobRef).blob) };
  }

  test('removes those that no run has, and leaves those of runs and of workflows', async () => {
    const { world, one, ports, asked, textOf } = setUp();
    const expired = (await startRun(ports, request)).head.birth;
    await world.until(one.drive(world.take('start')));
    await world.advance(2 * day);
    // It takes the place of one that has expired, and the blobs of that one have nobody left who knows them.
    const { head, created } = await startRun(ports, request);
    expect({ id: head.birth.id, created }).toEqual({ id: expired.id, created: true });
    await ports.blobs.put('workflows/flow', 'text');
    expect(await purgeBlobs(ports)).toBe(1);
    expect(asked).toEqual([world.clock.now() - day]);
    expect(await textOf(expired)).toBeUndefined();
    expect(await textOf(head.birth)).toBeDefined();
    expect(await world.blobs.get('workflows/flow')).toBeDefined();
  });

  test('removes the input of a start whose head was never put', async () => {
    const { world, one, ports } = setUp();
    one.trouble(({ method }) => (method === 'create' ? { do: 'refuse' } : undefined));
    await expect(world.until(startRun(ports, request))).rejects.toMatchObject({ code: 'unavailable' });
    one.trouble(undefined);
    expect(await purgeBlobs(ports)).toBe(1);
  });

  test('leaves what a damaged run may have', async () => {
    const { ports, textOf } = setUp();
    const { birth } = (await startRun(ports, request)).head;
    const readHead = async () => {
      throw new Fault('corrupt', 'damaged');
    };
    expect(await purgeBlobs({ ...ports, store: { ...ports.store, readHead } })).toBe(0);
    expect(await textOf(birth)).toBeDefined();
  });
});

test('a process on a data directory purges its blobs by the hour', async () => {
  const { dataDir, remove } = createDataDir();
  const blobs = createFileBlobs({ dataDir });
  const clock = createVirtualClock();
  const pawl = await openPawl({ workflows: [waiting], dataDir, fsync: 'never', clock });
  const run = await pawl.start(waiting, 'x'.repeat(100_000));
  const [own] = readdirSync(join(dataDir, 'blobs'));
  await blobs.put(`${run.id}/${systemIds.digest('another nonce')}/input`, 'text');
  expect(readdirSync(join(dataDir, 'blobs'))).toHaveLength(2);
  for (let minutes = 0; minutes < 120 && readdirSync(join(dataDir, 'blobs')).length > 1; minutes += 1) {
    await clock.advance(60_000);
  }
  expect(readdirSync(join(dataDir, 'blobs'))).toEqual([own]);
  await pawl.close();
  remove();
});
