/**
 * The embedded store. Owns: that a run's records and index entries change together, and what a reader sees of them.
 * Several processes read and write one data directory side by side: each decision is taken inside a transaction or by a
 * condition that lmdb checks itself, and each read starts from the latest commit, whoever made it.
 */
import type { Birth, Chunk } from '../../kernel/events.ts';
import { Fault, isFault } from '../../kernel/faults.ts';
import { type Head, isOpen } from '../../kernel/head.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Page, Store, UnreadableRun } from '../../ports/store.ts';
import {
  assertNoHole,
  assertNoLoss,
  changed,
  fits,
  fromCursor,
  guardHolds,
  isAbsent,
  type Place,
  readForList,
  toCursor,
  withUnreadable,
} from '../store-rules.ts';
import { createCreatedRuns } from './created-runs.ts';
import { indexFor, lastingEntries, movingEntries } from './entries.ts';
import { toFault } from './faults.ts';
import {
  after,
  birthKey,
  chunkKey,
  chunksAfter,
  entriesBetween,
  entryKey,
  indexes,
  type KeyRange,
  mailKey,
  mailOf,
  placeOf,
  positionOf,
  recordsAfter,
  stateKey,
} from './keys.ts';
import { type Environment, type Fsync, openEnvironment } from './open.ts';
import { readLatest } from './read-latest.ts';
import {
  birthFromRecord,
  birthToRecord,
  chunkFromRecord,
  chunkToRecord,
  fingerprintOf,
  mailFromRecord,
  mailToRecord,
  type StoredMail,
  type StoredState,
  stateFromRecord,
  stateToRecord,
} from './records.ts';
import { createSpace } from './space.ts';

/** What one look at the disk, or one transaction, does at most before others get their turn. */
const ENTRIES_AT_ONCE = 1_000;
/** Opening takes some milliseconds; whoever died of it must not keep the others for long. */
const LONGEST_HOLD_MS = 500;
const ifAbsent = { noOverwrite: true } as const;
const noContent = Buffer.alloc(0);

export interface LmdbStoreOptions {
  dataDir: string;
  clock: Clock;
  fsync?: Fsync;
  /** Bytes of address space to begin with; grows by itself. */
  mapSize?: number;
  /** Called when lmdb has the file open, before anything waits for those who write. */
  onFileOpened?: () => void;
}

export interface LmdbStore extends Store {
  /** Keeps all processes from writing: calls `held`, and lets them go on when `isOpened`. Blocks until then. */
  holdWrites(held: () => void, isOpened: () => boolean): void;
}

export function createLmdbStore({
  dataDir,
  clock,
  fsync = 'batch',
  mapSize,
  onFileOpened,
}: LmdbStoreOptions): LmdbStore {
  const env: Environment = openEnvironment({ dataDir, fsync, mapSize, onFileOpened });
  const space = createSpace(dataDir);
  let closing: Promise<void> | undefined;
  let lastOrder = 0;
  const created = createCreatedRuns();

  async function guarded<T>(work: () => T | Promise<T>): Promise<T> {
    if (closing !== undefined) throw closed();
    try {
      return await work();
    } catch (error) {
      throw await toFault(error);
    }
  }

  function stateOf(id: string): StoredState | undefined {
    const key = stateKey(id);
    const record = env.getBinary(key);
    return record && (created.stateIn(id, record) ?? stateFromRecord(record, key, id));
  }

  function livingState(id: string): StoredState | undefined {
    const state = stateOf(id);
    return state === undefined || isAbsent(state, clock.now()) ? undefined : state;
  }

  function birthOf(id: string, nonce: string): Birth {
    const known = created.birthOf(id, nonce);
    if (known !== undefined) return known;
    const key = birthKey(id);
    const record = env.getBinary(key);
    if (record === undefined) throw new Fault('corrupt', `The stored record "birth of run ${id}" is missing.`);
    return birthFromRecord(record, key, id, nonce);
  }

  function headOf(id: string, { nonce, position, state, expiresAt }: StoredState): Head {
    return { birth: birthOf(id, nonce), position, state, expiresAt };
  }

  function livingHead(id: string): Head | undefined {
    const state = stateOf(id);
    if (state !== undefined) return isAbsent(state, clock.now()) ? undefined : headOf(id, state);
    // Both come and go in one transaction.
    if (env.doesExist(birthKey(id))) throw new Fault('corrupt', `The stored record "head of run ${id}" is missing.`);
    return undefined;
  }

  /** Moves the index entries of a run's state, too. Inside a transaction or under a condition only. */
  function replaceState(id: string, before: StoredState, after: StoredState | undefined): void {
    const old = movingEntries(id, before);
    const next = after === undefined ? [] : movingEntries(id, after);
    const key = stateKey(id);
    // All is made before the first write: what stands behind a condition is written as far as it came.
    const record = after && stateToRecord(after, key);
    for (const entry of old) if (!next.some((kept) => kept.equals(entry))) void env.remove(entry);
    for (const entry of next) if (!old.some((kept) => kept.equals(entry))) void env.put(entry, noContent);
    if (record === undefined) void env.remove(key);
    else void env.put(key, record);
  }

  /** Inside a transaction only. False: there is more. */
  function removeSome(range: KeyRange): boolean {
    const keys = [...env.getKeys({ ...range, limit: ENTRIES_AT_ONCE })];
    for (const key of keys) env.removeSync(key);
    return keys.length < ENTRIES_AT_ONCE;
  }

  /** Inside a transaction only. */
  function removeHead(id: string, state: StoredState): void {
    replaceState(id, state, undefined);
    try {
      for (const entry of lastingEntries(birthOf(id, state.nonce))) env.removeSync(entry);
    } catch (fault) {
      // A damaged birth cannot say where its entries are. Readers of an index skip those that lead nowhere.
      if (!isFault(fault, 'corrupt')) throw fault;
    }
    env.removeSync(birthKey(id));
  }

  /** A long journal goes in several transactions, the head in the last. */
  async function removeRun(
    id: string,
    nonce: string,
    mayRemoveHead: (state: StoredState) => boolean,
  ): Promise<boolean> {
    for (;;) {
      const removed = await env.transaction(() => {
        if (!removeSome(mailOf(id, nonce)) || !removeSome(chunksAfter(id, nonce, 0))) return undefined;
        const state = stateOf(id);
        const isItsOwn = state !== undefined && state.nonce === nonce && mayRemoveHead(state);
        if (isItsOwn) removeHead(id, state);
        return isItsOwn;
      });
      if (removed !== undefined) return removed;
    }
  }

  /** Always later than before, in this process and after a restart. */
  function nextOrder(): number {
    lastOrder = Math.max(lastOrder + 1, Math.round((performance.timeOrigin + performance.now()) * 1_000));
    return lastOrder;
  }

  /** Collects a page's items along an index. `take` answers `undefined` for an entry that is not wanted. */
  async function collect<T>(
    walk: { index: Buffer; range: KeyRange; reverse: boolean },
    limit: number,
    take: (place: Place) => T | undefined,
  ): Promise<Page<T>> {
    const found: { item: T; place: Place }[] = [];
    let { start, end } = walk.range;
    let batch = Math.min(limit + 1, ENTRIES_AT_ONCE);
    for (;;) {
      const entries = readLatest(env, () => {
        const order = walk.reverse
          ? { start: end, end: start, reverse: true, exclusiveStart: true, inclusiveEnd: true }
          : { start, end };
        const keys = [...env.getKeys({ ...order, limit: batch })];
        for (const key of keys) {
          if (found.length > limit) break;
          const place = placeOf(walk.index, key);
          const item = place && take(place);
          if (place !== undefined && item !== undefined) found.push({ item, place });
        }
        return keys;
      });
      const items = found.slice(0, limit).map(({ item }) => item);
      const last = found[limit - 1];
      if (found.length > limit && last !== undefined) return { items, cursor: toCursor(last.place) };
      const lastKey = entries.at(-1);
      if (entries.length < batch || lastKey === undefined) return { items };
      if (walk.reverse) end = Buffer.from(lastKey);
      else start = after(lastKey);
      batch = Math.min(4 * batch, ENTRIES_AT_ONCE);
      await clock.macrotask();
    }
  }

  /** Those of an index's runs up to now that have expired by then. */
  async function expiredIn(index: Buffer, now: number, limit: number): Promise<{ id: string; nonce: string }[]> {
    const range = entriesBetween(index, 0, now + 1);
    const expired = await collect({ index, range, reverse: false }, limit, ({ id }) => {
      try {
        const state = stateOf(id);
        return state !== undefined && isAbsent(state, now) ? { id, nonce: state.nonce } : undefined;
      } catch (fault) {
        if (isFault(fault, 'corrupt')) return undefined;
        throw fault;
      }
    });
    return expired.items;
  }

  return {
    create: (head) =>
      guarded(async () => {
        space.assertRoom('start');
        const { id } = head.birth;
        const state = toState(head);
        const key = stateKey(id);
        const record = stateToRecord(state, key);
        const birth = birthToRecord(head.birth, birthKey(id));
        const entries = [...lastingEntries(head.birth), ...movingEntries(id, state)];
        for (;;) {
          // A condition costs no turn of this thread, as a transaction does; an id is nearly always new.
          const isNew = await env.ifNoExists(key, () => {
            void env.put(key, record);
            void env.put(birthKey(id), birth);
            for (const entry of entries) void env.put(entry, noContent);
          });
          if (isNew) {
            created.remember({ birth: head.birth, state, record });
            return { created: true, head };
          }
          const standing = readLatest(env, () => {
            const old = stateOf(id);
            return old && (isAbsent(old, clock.now()) ? { expired: old } : { head: headOf(id, old) });
          });
          if (standing?.head !== undefined) return { created: false, head: standing.head };
          if (standing) await removeRun(id, standing.expired.nonce, (old) => isAbsent(old, clock.now()));
        }
      }),

    read: (id, after = 0) =>
      guarded(() =>
        readLatest(env, () => {
          const head = livingHead(id);
          if (head === undefined) return undefined;
          const { nonce } = head.birth;
          const chunks: Chunk[] = [];
          const mails: StoredMail[] = [];
          const { start, end, kindOf } = recordsAfter(id, nonce, after);
          for (const { key, value } of env.getRange({ start, end })) {
            const kind = kindOf(key);
            if (kind === 'mail') mails.push(mailFromRecord(value, key, id));
            if (kind !== 'chunk') continue;
            const position = positionOf(key);
            assertNoHole(id, after + 1 + chunks.length, position);
            chunks.push(chunkFromRecord(value, key, id, nonce, position));
          }
          assertNoLoss(id, after + chunks.length, head.position);
          mails.sort((a, b) => a.mail.event.at - b.mail.event.at || a.order - b.order);
          return { head, chunks, mail: mails.map(({ mail }) => mail) };
        }),
      ),

    readHead: (id) => guarded(() => readLatest(env, () => livingHead(id))),

    readEnd: (id) =>
      guarded(() =>
        readLatest(env, () => {
          const head = livingState(id);
          if (head === undefined) return undefined;
          const { nonce, position, state } = head;
          const { start, end } = chunksAfter(id, nonce, position);
          const backwards = { start: end, end: start, reverse: true, exclusiveStart: true, inclusiveEnd: true };
          const [last] = env.getRange({ ...backwards, limit: 1 });
          if (last === undefined) return { nonce, position, state };
          return {
            nonce,
            position,
            state,
            last: chunkFromRecord(last.value, last.key, id, nonce, positionOf(last.key)),
          };
        }),
      ),

    // Every step of every run goes through here: one promise, and no closure that is not needed.
    async append(id, chunk, { absorbed } = {}) {
      if (closing !== undefined) throw closed();
      space.assertRoom('step');
      try {
        const key = chunkKey(id, chunk.nonce, chunk.position);
        const record = chunkToRecord(chunk, key);
        for (;;) {
          const isAppended =
            absorbed === undefined || absorbed.length === 0
              ? await env.put(key, record, ifAbsent)
              : await env.ifNoExists(key, () => {
                  void env.put(key, record);
                  for (const mail of absorbed) void env.remove(mailKey(id, chunk.nonce, mail));
                });
          if (isAppended) return { appended: true };
          const found = readLatest(env, () => env.getBinary(key));
          // Between the two the whole run may have been deleted.
          if (found) return { appended: false, found: chunkFromRecord(found, key, id, chunk.nonce, chunk.position) };
        }
      } catch (error) {
        throw await toFault(error);
      }
    },

    updateHead: (id, change, guard) =>
      guarded(async () => {
        if (change.state?.status !== 'deleting') space.assertRoom('step');
        const key = stateKey(id);
        // First as this process wrote it, if it did; whether that still stands says the condition.
        for (let known = created.take(id); ; known = undefined) {
          const record = known?.record ?? readLatest(env, () => env.getBinary(key));
          if (record === undefined) return false;
          const state = known?.state ?? stateFromRecord(record, key, id);
          if (isAbsent(state, clock.now()) || !guardHolds(state.nonce, state, guard)) {
            if (known !== undefined) continue;
            return false;
          }
          const next = changed(state, change);
          // A condition costs no turn of this thread, as a transaction does; the record is nearly always still the same.
          if (await env.ifVersion(key, fingerprintOf(record), () => replaceState(id, state, next))) return true;
        }
      }),

    putMail: (id, nonce, mail) =>
      guarded(async () => {
        space.assertRoom('step');
        const key = mailKey(id, nonce, mail.id);
        const record = mailToRecord({ mail, order: nextOrder() }, key);
        await env.ifNoExists(key, () => void env.put(key, record));
      }),

    list: (filter, { limit, cursor }) =>
      guarded(() => {
        const index = indexFor(filter);
        const range = entriesBetween(index, filter.createdFrom ?? 0, filter.createdBefore ?? Number.POSITIVE_INFINITY);
        if (cursor !== undefined) range.end = entryKey(index, fromCursor(cursor));
        const unreadable: UnreadableRun[] = [];
        const page = collect({ index, range, reverse: true }, limit, ({ id }) => {
          const head = readForList(id, unreadable, () => livingHead(id));
          return head !== undefined && fits(head, filter) ? head : undefined;
        });
        return page.then((found) => withUnreadable(found, unreadable));
      }),

    listDue: (until, { limit, cursor }) =>
      guarded(() => {
        const index = indexes.due();
        const range = entriesBetween(index, 0, until + 1);
        if (cursor !== undefined) range.start = after(entryKey(index, fromCursor(cursor)));
        return collect({ index, range, reverse: false }, limit, ({ at, id }) => {
          if (at > until) return undefined;
          try {
            const state = livingState(id)?.state;
            return state !== undefined && isOpen(state) ? { id, wakeAt: state.wakeAt } : undefined;
          } catch (fault) {
            // It is due all the same: whoever wakes it meets the damage, and the other runs are not held up by it.
            if (isFault(fault, 'corrupt')) return { id, wakeAt: at };
            throw fault;
          }
        });
      }),

    deleteRun: (id, nonce) =>
      guarded(async () => {
        await removeRun(id, nonce, () => true);
      }),

    purgeExpired: (now, limit) =>
      guarded(async () => {
        const ended = await expiredIn(indexes.expiry(), now, limit);
        const due = ended.length < limit ? await expiredIn(indexes.due(), now, limit - ended.length) : [];
        const purge = (run: { id: string; nonce: string }) =>
          removeRun(run.id, run.nonce, (state) => isAbsent(state, now)).then((isGone) => (isGone ? [run] : []));
        return (await Promise.all([...ended, ...due].map(purge))).flat();
      }),

    holdWrites(held, isOpened) {
      if (closing !== undefined) return;
      // A transaction that may wait would take in what others of this process write meanwhile, and answer before it is durable.
      env.transactionSync(() => {
        held();
        const until = performance.now() + LONGEST_HOLD_MS;
        while (!isOpened() && performance.now() < until) sleep(1);
      });
    },

    close() {
      space.close();
      closing ??= env.close();
      return closing;
    },
  };
}

const nobodyWakes = new Int32Array(new SharedArrayBuffer(4));

function sleep(ms: number): void {
  Atomics.wait(nobodyWakes, 0, 0, ms);
}

function closed(): Fault {
  return new Fault('closed', 'The store is closed.');
}

function toState({ birth: { nonce, createdAt }, position, state, expiresAt }: Head): StoredState {
  return { nonce, createdAt, position, state, expiresAt };
}
