/**
 * Random sequences of commands leave a store equal to the model, answer by answer. What a store declares as a gap is left
 * out of the sequences.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMemoryStore } from '../../lib/adapters/memory/store.ts';
import { createVirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';
import type { HeadChange, HeadGuard, HeadState } from '../../lib/kernel/head.ts';
import type { Clock } from '../../lib/ports/clock.ts';
import type { RunFilter, Store } from '../../lib/ports/store.ts';
import { aChunk, aHead, aSignal, everyEvent, T0 } from './samples.ts';
import type { StoreGaps, StoreUnderTest } from './store-suite.ts';

const everything = [
  (store: Store) => Promise.all(IDS.map((id) => store.read(id))),
  (store: Store) => Promise.all(IDS.map((id) => store.readEnd(id))),
  (store: Store) => store.list({}, { limit: 100 }),
  (store: Store) => store.listDue(T0 + 1_000, { limit: 100 }),
  (store: Store) => store.purgeExpired(T0 + 6, 100),
];

type Command = { name: string; run(store: Store): Promise<unknown> } | { name: string; pass: number };

/** Leaves out what is undefined, as the types want it. */
function given<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

const IDS = ['a', 'aa', 'a/b', 'ключ'];
const id = fc.constantFrom(...IDS);
// Mostly the same, so that most commands meet a living run.
const nonce = fc.constantFrom('n', 'n', 'n', 'n', 'nn');
const soon = fc.integer({ min: 0, max: 12 }).map((ms) => T0 + ms);
const expiry = fc.oneof({ arbitrary: soon, weight: 1 }, { arbitrary: fc.constant(T0 + 1_000_000), weight: 4 });
const workflow = fc.constantFrom('w', 'ww', 'w\u0000');
const correlationId = fc.constantFrom('c', 'cc');
const position = fc.integer({ min: 0, max: 5 });
const mailId = fc.constantFrom('m', 'mm', 'm\u0000m');
const limit = fc.integer({ min: 1, max: 4 });
/** Given in one case of `of + 1`. */
const maybe = <T>(value: fc.Arbitrary<T>, of = 1) =>
  fc.oneof({ arbitrary: value, weight: 1 }, { arbitrary: fc.constant(undefined), weight: of });

const state: fc.Arbitrary<HeadState> = fc.oneof(
  fc.record({ status: fc.constantFrom('pending', 'running', 'waiting', 'paused'), wakeAt: soon }),
  fc.record({ status: fc.constant('blocked' as const), wakeAt: soon, reason: fc.string() }),
  fc.record({ status: fc.constantFrom('completed', 'failed', 'cancelled'), closedAt: soon }),
  fc.constant({ status: 'deleting' as const }),
);
const openState = state.filter((candidate) => 'wakeAt' in candidate);
const change = fc
  .record({ position: maybe(position), state: maybe(state), expiresAt: maybe(expiry) })
  .map((fields) => given<HeadChange>(fields));

/** A head is folded from what its journal has: a position that is not there yet would be damage. */
async function foldable(store: Store, id: string, change: HeadChange): Promise<HeadChange> {
  if (change.position === undefined) return change;
  const record = await store.read(id).catch(() => undefined);
  return { ...change, position: Math.min(change.position, record?.chunks.length ?? 0) };
}

const guard = fc
  .record({
    nonce,
    positionBelow: maybe(position, 3),
    positionAtMost: maybe(position, 3),
    wakeAt: maybe(soon, 9),
  })
  .map((fields) => given<HeadGuard>(fields));
const filter = fc
  .record({
    status: maybe(fc.constantFrom('pending', 'waiting', 'blocked', 'completed', 'failed')),
    workflow: maybe(workflow),
    correlationId: maybe(correlationId),
    createdFrom: maybe(soon),
    createdBefore: maybe(soon),
  })
  .map((fields) => given<RunFilter>(fields));

/** All pages, so that cursors need not be equal. */
async function allPages<T>(read: (cursor?: string) => Promise<{ items: T[]; cursor?: string }>): Promise<T[][]> {
  const pages: T[][] = [];
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    pages.push(page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return pages;
}

const command: fc.Arbitrary<Command> = fc.oneof(
  { arbitrary: fc.integer({ min: 1, max: 3 }).map((ms) => ({ name: `pass ${ms}`, pass: ms })), weight: 1 },
  {
    arbitrary: fc
      .tuple(id, nonce, workflow, maybe(correlationId), soon, fc.oneof(openState, openState, state), expiry)
      .map(([id, nonce, workflow, correlation, createdAt, state, expiresAt]) => {
        const birth = { id, nonce, workflow, createdAt, ...(correlation && { correlationId: correlation }) };
        const head = aHead({ birth, state, expiresAt });
        return { name: `create ${JSON.stringify(head)}`, run: (store: Store) => store.create(head) };
      }),
    weight: 4,
  },
  {
    arbitrary: fc
      .tuple(id, nonce, position, fc.subarray(everyEvent, { maxLength: 3 }), fc.array(mailId, { maxLength: 2 }))
      .map(([id, nonce, at, events, absorbed]) => ({
        name: `append ${id} ${nonce} ${at} absorbing ${absorbed}`,
        run: (store: Store) => store.append(id, aChunk(at + 1, { nonce, events }), { absorbed }),
      })),
    weight: 5,
  },
  {
    arbitrary: fc.tuple(id, nonce, mailId, fc.integer({ min: 0, max: 2 })).map(([id, nonce, mail, at]) => ({
      name: `mail ${id} ${nonce} ${mail} ${at}`,
      run: (store: Store) => store.putMail(id, nonce, aSignal(mail, at)),
    })),
    weight: 3,
  },
  {
    arbitrary: fc.tuple(id, change, guard).map(([id, change, guard]) => ({
      name: `update ${id} ${JSON.stringify({ change, guard })}`,
      run: async (store: Store) => store.updateHead(id, await foldable(store, id, change), guard),
    })),
    weight: 5,
  },
  {
    arbitrary: fc
      .tuple(id, nonce)
      .map(([id, nonce]) => ({ name: `delete ${id} ${nonce}`, run: (store: Store) => store.deleteRun(id, nonce) })),
    weight: 1,
  },
  {
    arbitrary: fc.tuple(soon, limit).map(([now, limit]) => ({
      name: `purge ${now} ${limit}`,
      run: (store: Store) => store.purgeExpired(now, limit),
    })),
    weight: 1,
  },
  {
    arbitrary: fc.tuple(filter, limit).map(([filter, limit]) => ({
      name: `list ${JSON.stringify(filter)} ${limit}`,
      run: (store: Store) => allPages((cursor) => store.list(filter, given({ limit, cursor }))),
    })),
    weight: 3,
  },
  {
    arbitrary: fc.tuple(soon, limit).map(([until, limit]) => ({
      name: `due ${until} ${limit}`,
      run: (store: Store) => allPages((cursor) => store.listDue(until, given({ limit, cursor }))),
    })),
    weight: 2,
  },
  {
    arbitrary: fc
      .tuple(id, position)
      .map(([id, after]) => ({ name: `read ${id} ${after}`, run: (store: Store) => store.read(id, after) })),
    weight: 3,
  },
);

async function answer(work: Promise<unknown>): Promise<unknown> {
  try {
    return { value: await work };
  } catch (error) {
    return { error };
  }
}

/**
 * A store that is asked for nothing which a store with these gaps does not do. Where nothing is purged, what a run leaves
 * behind stays: those that follow it under its id then have other nonces, as they have in truth.
 */
function withinGaps(store: Store, gaps: StoreGaps): Store {
  const lives = new Map<string, number>();
  const lived = (id: string, nonce: string) => (gaps.purgeExpired ? `${nonce}-${lives.get(id) ?? 0}` : nonce);
  return {
    ...store,
    async create(head) {
      const { id, nonce } = head.birth;
      const stands = lives.has(id) && (await store.readHead(id)) !== undefined;
      if (!stands) lives.set(id, (lives.get(id) ?? -1) + 1);
      return store.create({ ...head, birth: { ...head.birth, nonce: lived(id, nonce) } });
    },
    append: (id, chunk, { absorbed = [], ...options } = {}) =>
      store.append(
        id,
        { ...chunk, nonce: lived(id, chunk.nonce) },
        gaps.deletesAbsorbedMail ? options : { ...options, absorbed },
      ),
    updateHead: (id, change, guard) => store.updateHead(id, change, { ...guard, nonce: lived(id, guard.nonce) }),
    putMail: (id, nonce, mail) => store.putMail(id, lived(id, nonce), mail),
    deleteRun: (id, nonce) => store.deleteRun(id, lived(id, nonce)),
    purgeExpired: async (now, limit) => (gaps.purgeExpired ? [] : store.purgeExpired(now, limit)),
  };
}

/** To be called at the top of a test file. `runs`: how many sequences. */
export function storeModelSuite(
  name: string,
  createStore: (ports: { clock: Clock }) => Promise<StoreUnderTest>,
  { runs, gaps = {} }: { runs: number; gaps?: StoreGaps },
): void {
  test(`${name} answers any sequence of commands as the memory store does`, { timeout: 600_000 }, async () => {
    const property = fc.asyncProperty(
      fc.array(command, { minLength: 1, maxLength: 60, size: 'max' }),
      async (commands) => {
        const clock = createVirtualClock({ start: T0, turns: 0 });
        const subject = await createStore({ clock });
        const store = withinGaps(subject.store, gaps);
        const model = withinGaps(createMemoryStore({ clock }), gaps);
        try {
          for (const command of commands) {
            if ('pass' in command) await clock.advance(command.pass);
            else expect(await answer(command.run(store)), command.name).toEqual(await answer(command.run(model)));
          }
          for (const read of everything) expect(await answer(read(store))).toEqual(await answer(read(model)));
        } finally {
          await subject.dispose();
        }
      },
    );
    await fc.assert(property, { numRuns: runs });
  });
}
