/** What the embedded store owes beyond the port: one directory, many processes, no silent damage. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { toOpeningFault } from '../../lib/adapters/lmdb/faults.ts';
import { type KeyPlace, placeOfKey } from '../../lib/adapters/lmdb/keys.ts';
import { type Fsync, openEnvironment } from '../../lib/adapters/lmdb/open.ts';
import { createLmdbStore } from '../../lib/adapters/lmdb/store.ts';
import { createVirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';
import { systemClock } from '../../lib/adapters/system/clock.ts';
import { systemIds } from '../../lib/adapters/system/ids.ts';
import type { Store } from '../../lib/ports/store.ts';
import { aChunk, aHead, aSignal, everyEvent, T0 } from '../conformance/samples.ts';
import { startChild } from './child.ts';
import { createDataDir } from './data-dir.ts';

test('an opening that lmdb could not do because another process was closing the file is to be tried again', () => {
  expect(toOpeningFault(new Error('Invalid argument: No transaction to renew'), 'store.mdb')).toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(/store\.mdb.*Try again/),
  });
});

describe('the embedded store', () => {
  let dataDir: string;
  let endings: (() => unknown)[];

  beforeEach(() => {
    const directory = createDataDir();
    dataDir = directory.dataDir;
    endings = [directory.remove];
  });
  afterEach(async () => {
    for (const end of endings.reverse()) await end();
  });

  function openStore(fsync?: Fsync): Store {
    const clock = createVirtualClock({ start: T0 });
    const store = createLmdbStore({ dataDir, clock, ...(fsync && { fsync }) });
    endings.push(() => store.close());
    return store;
  }

  /** Flips one bit in the stored record whose key begins with that letter. */
  async function damage(kind: KeyPlace['kind'], byte: number): Promise<void> {
    const raw = open<Uint8Array, Uint8Array>({
      path: join(dataDir, 'store.mdb'),
      encoding: 'binary',
      keyEncoding: 'binary',
    });
    for (const { key, value } of [...raw.getRange()]) {
      if (placeOfKey(Buffer.from(key))?.kind !== kind) continue;
      const damaged = Buffer.from(value);
      const index = byte < 0 ? damaged.length + byte : byte;
      damaged[index] = (damaged[index] ?? 0) ^ 1;
      await raw.put(Buffer.from(key), damaged);
    }
    await raw.close();
  }

  test.each<[Fsync, Fsync]>([
    ['batch', 'batch'],
    ['never', 'never'],
    ['batch', 'never'],
    ['never', 'batch'],
  ])('written with fsync "%s", everything is there when opened with "%s"', async (before, after) => {
    const first = openStore(before);
    await first.create(aHead({ birth: { input: '1' } }));
    await first.append('run-1', aChunk(1, { events: everyEvent }));
    await first.putMail('run-1', 'nonce-1', aSignal('s'));
    await first.close();
    const second = openStore(after);
    expect(await second.read('run-1')).toEqual({
      head: aHead({ birth: { input: '1' } }),
      chunks: [aChunk(1, { events: everyEvent })],
      mail: [aSignal('s')],
    });
    expect(await second.append('run-1', aChunk(2))).toEqual({ appended: true });
  });

  test('makes its directory for the owner only, and its files too', () => {
    openStore();
    const modeOf = (...path: string[]) => statSync(join(dataDir, ...path)).mode & 0o777;
    expect(modeOf()).toBe(0o700);
    expect(modeOf('store.mdb')).toBe(0o600);
    expect(modeOf('format.json')).toBe(0o600);
  });

  describe('a damaged record', () => {
    beforeEach(async () => {
      const store = openStore();
      await store.create(aHead());
      await store.append('run-1', aChunk(1));
      await store.putMail('run-1', 'nonce-1', aSignal('s'));
      await store.close();
    });

    test.each([
      ['chunk', 'event 1 of run run-1'],
      ['birth', 'birth of run run-1'],
      ['head', 'head of run run-1'],
      ['mail', 'mail of run run-1'],
    ] as const)('of the kind "%s" is named: "%s", wherever the bit flipped', async (kind, name) => {
      for (const byte of [0, 4, 9, -1]) {
        await damage(kind, byte);
        const store = openStore();
        const fault = { code: 'corrupt', message: expect.stringContaining(name) };
        await expect(store.read('run-1')).rejects.toMatchObject(fault);
        await store.close();
        await damage(kind, byte);
      }
      expect((await openStore().read('run-1'))?.chunks).toEqual([aChunk(1)]);
    });

    test('under a taken position is not taken for a free one', async () => {
      await damage('chunk', 9);
      await expect(openStore().append('run-1', aChunk(1))).rejects.toMatchObject({ code: 'corrupt' });
    });

    test.each(['birth', 'head'] as const)(
      'of one run is passed over by a list, and named: the others are shown (%s)',
      async (kind) => {
        await damage(kind, 9);
        const store = openStore();
        await store.create(aHead({ birth: { id: 'run-2' } }));
        const { items, unreadable } = await store.list({}, { limit: 9 });
        expect(items.map(({ birth }) => birth.id)).toEqual(['run-2']);
        expect(unreadable).toEqual([{ id: 'run-1', message: expect.stringContaining(kind) }]);
      },
    );

    test('of one run does not stop the sweep of others, nor the run from being deleted', async () => {
      const store = openStore();
      await store.create(aHead({ birth: { id: 'run-2' } }));
      await damage('birth', 9);
      expect((await store.listDue(T0 + 30_000, { limit: 9 })).items).toHaveLength(2);
      await store.deleteRun('run-1', 'nonce-1');
      await store.deleteRun('run-2', 'nonce-1');
      expect((await store.list({}, { limit: 9 })).items).toEqual([]);
      expect((await store.listDue(T0 + 30_000, { limit: 9 })).items).toEqual([]);
    });
  });

  test('a run that comes back under its id shows nothing of the one before, whose records are still there', async () => {
    const [before, now] = [systemIds.random(), systemIds.random()];
    const store = openStore();
    await store.create(aHead({ birth: { nonce: before } }));
    await store.updateHead('run-1', { state: { status: 'deleting' } }, { nonce: before });
    await store.create(aHead({ birth: { nonce: now } }));
    // Whoever was at the run before writes late.
    await store.append('run-1', aChunk(1, { nonce: before }));
    await store.putMail('run-1', before, aSignal('old'));
    expect(await store.read('run-1')).toMatchObject({ chunks: [], mail: [] });
    await store.append('run-1', aChunk(1, { nonce: now }));
    await store.putMail('run-1', now, aSignal('new'));
    expect(await store.read('run-1')).toMatchObject({ chunks: [aChunk(1, { nonce: now })], mail: [aSignal('new')] });
  });

  /** Their bytes, read as a number, are none: such a record would be unlike itself. */
  test.each([0x01a0_f07f_0000, 0x01a0_ffff_ffff])(
    'changes the head of a run that was created at %s',
    async (createdAt) => {
      const store = openStore();
      await store.create(aHead({ birth: { createdAt } }));
      const state = { status: 'completed', closedAt: createdAt + 5 } as const;
      expect(await store.updateHead('run-1', { state }, { nonce: 'nonce-1' })).toBe(true);
      expect((await store.readHead('run-1'))?.state).toEqual(state);
    },
  );

  test('what lmdb has written is not linked to what it writes next', async () => {
    const env = openEnvironment({ dataDir, fsync: 'never', mapSize: undefined });
    endings.push(() => env.close());
    const firstOfEach: { next: unknown }[] = [];
    env.on('aftercommit', ({ next }) => firstOfEach.push(next));
    for (const name of ['a', 'b', 'c'])
      await Promise.all([1, 2].map((i) => env.put(Buffer.from(name + i), Buffer.of(i))));
    const last = firstOfEach.pop();
    expect(last?.next).toBeTruthy();
    expect(firstOfEach.length).toBeGreaterThan(1);
    for (const { next } of firstOfEach) expect(next).toBeNull();
  });

  test('changes of one head that come at once all take place, one after the other', async () => {
    const [store, other] = [openStore(), openStore()];
    await store.create(aHead());
    const changes = Array.from({ length: 20 }, (_, position) =>
      (position % 2 ? store : other).updateHead('run-1', { position }, { nonce: 'nonce-1', positionAtMost: position }),
    );
    expect((await Promise.all(changes)).at(-1)).toBe(true);
    expect((await store.readHead('run-1'))?.position).toBe(19);
  });

  describe('who created a run', () => {
    const nonce = 'nonce-1';
    let store: Store;
    let other: Store;

    beforeEach(async () => {
      [store, other] = [openStore(), openStore()];
      await store.create(aHead());
    });

    test('sees what another has made of its head', async () => {
      const head = await store.readHead('run-1');
      await other.updateHead('run-1', { position: 3 }, { nonce });
      expect(head).toEqual(aHead());
      expect(await store.readHead('run-1')).toEqual({ ...aHead(), position: 3 });
    });

    test('does not overwrite what another has written', async () => {
      await other.updateHead('run-1', { position: 3 }, { nonce });
      expect(await store.updateHead('run-1', { position: 2 }, { nonce, positionAtMost: 2 })).toBe(false);
      expect(await store.updateHead('run-1', { position: 4 }, { nonce, positionAtMost: 3 })).toBe(true);
    });

    test('goes by what another has written, and not by what stood there before', async () => {
      const state = { status: 'waiting', wakeAt: T0 + 99 } as const;
      await other.updateHead('run-1', { state }, { nonce });
      expect(await store.updateHead('run-1', { position: 1 }, { nonce, wakeAt: T0 + 99 })).toBe(true);
      expect(await store.readHead('run-1')).toEqual({ ...aHead(), position: 1, state });
      expect(await store.list({ status: 'waiting' }, { limit: 10 })).toMatchObject({ items: [{ position: 1 }] });
      expect(await store.list({ status: 'pending' }, { limit: 10 })).toMatchObject({ items: [] });
    });

    test('changes no head that another has deleted', async () => {
      await other.deleteRun('run-1', nonce);
      expect(await store.updateHead('run-1', { position: 1 }, { nonce })).toBe(false);
      expect(await store.readHead('run-1')).toBeUndefined();
    });
  });

  test('refuses a directory of a newer format, says what to do, and leaves it as it is', () => {
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'format.json'), '{"format":7}');
    const message = expect.stringMatching(/format 7.*up to 5.*newer Pawl.*another data directory/);
    expect(() => openStore()).toThrow(expect.objectContaining({ code: 'newer_format', message }));
    expect(readFileSync(join(dataDir, 'format.json'), 'utf8')).toBe('{"format":7}');
  });

  test('refuses a directory whose format file is damaged', () => {
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'format.json'), '{"for');
    expect(() => openStore()).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });

  test('two processes race for the positions of one journal: each is won once, and seen at once by both', async () => {
    const racers = [
      startChild('store-process.ts', [dataDir, 'race']),
      startChild('store-process.ts', [dataDir, 'race']),
    ];
    for (const racer of racers) endings.push(() => racer.kill());
    const won = await Promise.all(racers.map((racer) => racer.said<number>('won')));
    expect(won.reduce((sum, count) => sum + count, 0)).toBe(300);
    const store = createLmdbStore({ dataDir, clock: systemClock });
    endings.push(() => store.close());
    expect((await store.read('raced'))?.chunks).toHaveLength(300);
  });

  test('a process killed while it writes loses nothing that was acknowledged, and holds up nobody', async () => {
    const survivor = createLmdbStore({ dataDir, clock: systemClock });
    endings.push(() => survivor.close());
    for (let kill = 0; kill < 3; kill += 1) {
      const child = startChild('store-process.ts', [dataDir, 'storm']);
      const acknowledged = new Map<string, number>();
      child.process.stdout?.on('data', (text: Buffer) => {
        for (const [, run = '', position] of text.toString().matchAll(/"run":"([^"]+)","position":(\d+)}/g)) {
          acknowledged.set(run, Math.max(Number(position), acknowledged.get(run) ?? 0));
        }
      });
      await child.said('acknowledged');
      await new Promise((resolve) => setTimeout(resolve, 40 + 60 * kill));
      await child.kill();
      const store = createLmdbStore({ dataDir, clock: systemClock });
      expect(acknowledged.size).toBeGreaterThan(0);
      expect(await survivor.append('other', aChunk(kill + 1))).toEqual({ appended: true });
      for (const [run, position] of acknowledged) {
        expect((await store.read(run))?.chunks.length).toBeGreaterThanOrEqual(position);
      }
      await Promise.all([...acknowledged.keys()].map((run) => store.deleteRun(run, 'nonce-1')));
      await store.close();
    }
  });

  test('where nothing more fits, a write is a fault that says so, and what was written stays readable', async () => {
    const child = startChild('store-process.ts', [dataDir, 'fill'], { shell: 'ulimit -f 2048' });
    endings.push(() => child.kill());
    expect(await child.said('code')).toBe('storage_full');
    expect(await child.said('kept')).toBe(true);
    await expect(child.said('unhandled')).rejects.toThrow('ended');
  });
});
