/** Stored records that something has damaged. They are called so, or are absent; they are never given out as data. */
import { join } from 'node:path';
import fc from 'fast-check';
import { open } from 'lmdb';
import { afterAll, describe, expect, test } from 'vitest';
import {
  birthFromRecord,
  birthToRecord,
  chunkFromRecord,
  chunkToRecord,
  documentFromRecord,
  documentToRecord,
  mailFromRecord,
  mailToRecord,
  stateFromRecord,
  stateToRecord,
} from '../../lib/adapters/lmdb/records.ts';
import { createLmdbStore } from '../../lib/adapters/lmdb/store.ts';
import { createVirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';
import { isFault } from '../../lib/kernel/faults.ts';
import type { Store } from '../../lib/ports/store.ts';
import { createDataDir } from '../adapters/data-dir.ts';
import { aChunk, aHead, aSignal, everyEvent, T0 } from '../conformance/samples.ts';
import { fuzz, fuzzTimeoutMs } from './budget.ts';

/** Bytes that are not the same as before. */
const damage = fc.oneof(
  fc.record({ do: fc.constant('flip' as const), at: fc.nat(), bit: fc.nat(7) }),
  fc.record({ do: fc.constant('cut' as const), at: fc.nat() }),
  fc.record({ do: fc.constant('put' as const), at: fc.nat(), bytes: fc.uint8Array({ minLength: 1, maxLength: 20 }) }),
  fc.record({ do: fc.constant('become' as const), bytes: fc.uint8Array({ maxLength: 200 }) }),
  fc.record({ do: fc.constant('zero' as const), at: fc.nat() }),
);
type Damage = typeof damage extends fc.Arbitrary<infer D> ? D : never;

function damagedBytes(record: Uint8Array, how: Damage): Uint8Array {
  const bytes = Buffer.from(record);
  if (how.do === 'become') return how.bytes;
  const at = bytes.length === 0 ? 0 : how.at % bytes.length;
  if (how.do === 'cut') return bytes.subarray(0, at);
  if (how.do === 'put') return Buffer.concat([bytes.subarray(0, at), how.bytes, bytes.subarray(at)]);
  if (how.do === 'zero') return bytes.fill(0, at);
  if (bytes.length > 0) bytes[at] = (bytes[at] as number) ^ (1 << how.bit);
  return bytes;
}

const key = Buffer.from('a key');
const { birth, ...projection } = aHead({ birth: { input: '{"a":[1,2,3]}', correlationId: 'c' } });
const records: Record<string, [record: Buffer, read: (bytes: Uint8Array) => unknown]> = {
  birth: [birthToRecord(birth, key), (bytes) => birthFromRecord(bytes, key, 'run-1', 'nonce-1')],
  head: [
    stateToRecord({ ...projection, nonce: 'n', createdAt: T0 }, key),
    (bytes) => stateFromRecord(bytes, key, 'run-1'),
  ],
  chunk: [
    chunkToRecord(aChunk(1, { events: everyEvent }), key),
    (bytes) => chunkFromRecord(bytes, key, 'run-1', 'nonce-1', 1),
  ],
  mail: [mailToRecord({ mail: aSignal('s'), order: 1 }, key), (bytes) => mailFromRecord(bytes, key, 'run-1')],
  document: [
    documentToRecord({ revision: 1, text: '{"a":1}' }, key),
    (bytes) => documentFromRecord(bytes, key, 'c', 'k'),
  ],
};

function outcomeOf(read: () => unknown): unknown {
  try {
    return { read: read() };
  } catch (error) {
    return isFault(error) ? error.code : error;
  }
}

describe('records of a data directory', () => {
  test.each(Object.entries(records))(
    'a %s whose bytes have changed is damaged, whatever they are now',
    { timeout: fuzzTimeoutMs },
    async (_name, [record, read]) => {
      const whole = outcomeOf(() => read(record));
      expect(whole).toMatchObject({ read: expect.anything() });
      await fuzz(damage, 1_000, (how) => {
        const bytes = damagedBytes(record, how);
        expect(outcomeOf(() => read(bytes))).toEqual(Buffer.compare(bytes, record) === 0 ? whole : 'corrupt');
      });
    },
  );
});

describe('a data directory with damage in it', () => {
  const { dataDir, remove } = createDataDir();
  afterAll(remove);
  const runs = ['run-1', 'run-2'];

  function openStore(): Store {
    return createLmdbStore({ dataDir, clock: createVirtualClock({ start: T0 }) });
  }

  test('answers with what was written, or with a fault that names the record, and the other runs stay as they were', {
    timeout: fuzzTimeoutMs,
  }, async () => {
    const store = openStore();
    for (const id of runs) {
      await store.create(aHead({ birth: { id, input: '1', correlationId: 'c' } }));
      await store.append(id, aChunk(1, { events: everyEvent }));
      await store.append(id, aChunk(2));
      await store.putMail(id, 'nonce-1', aSignal('s'));
    }
    const whole = new Map(await Promise.all(runs.map(async (id) => [id, await store.read(id)] as const)));
    await store.close();
    const raw = open<Uint8Array, Uint8Array>({
      path: join(dataDir, 'store.mdb'),
      encoding: 'binary',
      keyEncoding: 'binary',
    });
    const before = [...raw.getRange()].map(({ key, value }) => [Buffer.from(key), Buffer.from(value)] as const);
    const own = before.filter(([key, value]) => key.includes('run-1') && value.length > 0);
    expect(own.length).toBe(5);
    await raw.close();

    await fuzz(fc.tuple(fc.nat(), damage), 60, async ([index, how]) => {
      const [key, value] = own[index % own.length] as (typeof own)[number];
      const write = async (bytes: Uint8Array) => {
        const env = open<Uint8Array, Uint8Array>({
          path: join(dataDir, 'store.mdb'),
          encoding: 'binary',
          keyEncoding: 'binary',
        });
        await env.put(key, Buffer.from(bytes));
        await env.close();
      };
      await write(damagedBytes(value, how));
      const damagedStore = openStore();
      try {
        const calls: Promise<unknown>[] = [
          damagedStore.read('run-1'),
          damagedStore.readHead('run-1'),
          damagedStore.list({}, { limit: 10 }),
          damagedStore.append('run-1', aChunk(1, { id: 'another' })),
          damagedStore.updateHead('run-1', { position: 0 }, { nonce: 'nonce-1' }),
        ];
        for (const settled of await Promise.allSettled(calls)) {
          if (settled.status === 'rejected') expect(settled.reason).toMatchObject({ code: 'corrupt' });
        }
        const [read] = await Promise.allSettled([damagedStore.read('run-1')]);
        if (read?.status === 'fulfilled') expect(read.value).toEqual(whole.get('run-1'));
        expect(await damagedStore.read('run-2')).toEqual(whole.get('run-2'));
        expect((await damagedStore.listDue(T0 + 30_000, { limit: 9 })).items.map(({ id }) => id).sort()).toEqual(runs);
      } finally {
        await damagedStore.close();
        await write(value);
      }
    });
  });
});
