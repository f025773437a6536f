/** What every store owes the kernel. The titles are the specification. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createVirtualClock, type VirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';
import type { Mail } from '../../lib/kernel/events.ts';
import type { Clock } from '../../lib/ports/clock.ts';
import type { Store } from '../../lib/ports/store.ts';
import { aChunk, aHead, aSignal, everyEvent, T0 } from './samples.ts';
import { listsSuite } from './store-lists-suite.ts';
import { mailSuite } from './store-mail-suite.ts';

export interface StoreUnderTest {
  store: Store;
  /** A second store on the same data, where that is possible. */
  another?: Store;
  dispose(): Promise<void>;
}

/** What an adapter does not do, and why. */
export interface StoreGaps {
  purgeExpired?: string;
  refusesWhenClosed?: string;
  /** Mail that the journal holds may still be read beside it. */
  deletesAbsorbedMail?: string;
}

export function storeSuite(
  name: string,
  createStore: (ports: { clock: Clock }) => Promise<StoreUnderTest>,
  gaps: StoreGaps = {},
): void {
  describe(`${name} as a store`, () => {
    let clock: VirtualClock;
    let subject: StoreUnderTest;
    let store: Store;

    beforeEach(async () => {
      clock = createVirtualClock({ start: T0 });
      subject = await createStore({ clock });
      store = subject.store;
    });
    afterEach(() => subject.dispose());

    describe('readEnd', () => {
      test('says where the head stands, without its birth', async () => {
        await store.create(aHead());
        const { position, state } = aHead();
        expect(await store.readEnd('run-1')).toEqual({ nonce: 'nonce-1', position, state });
      });

      test('gives the last append, alone, where it is one that the head does not know of', async () => {
        await store.create(aHead());
        for (const position of [1, 2, 3]) await store.append('run-1', aChunk(position, { events: everyEvent }));
        await store.putMail('run-1', 'nonce-1', aSignal('s'));
        await store.updateHead('run-1', { position: 1 }, { nonce: 'nonce-1' });
        const last = aChunk(3, { events: everyEvent });
        expect(await store.readEnd('run-1')).toEqual({ nonce: 'nonce-1', position: 1, state: aHead().state, last });
        await store.updateHead('run-1', { position: 3 }, { nonce: 'nonce-1' });
        expect(await store.readEnd('run-1')).toEqual({ nonce: 'nonce-1', position: 3, state: aHead().state });
      });

      test('takes nothing for the end that another nonce has written, or another run', async () => {
        await store.create(aHead());
        await store.append('run-1', aChunk(1));
        for (const position of [1, 2, 3]) await store.append('run-1', aChunk(position, { nonce: 'nonce-0' }));
        await store.append('run-10', aChunk(5));
        expect((await store.readEnd('run-1'))?.last).toEqual(aChunk(1));
      });

      test('finds no run that never was, has expired or is being deleted', async () => {
        expect(await store.readEnd('run-1')).toBeUndefined();
        await store.create(aHead({ expiresAt: T0 + 10 }));
        await store.updateHead('run-1', { state: { status: 'deleting' } }, { nonce: 'nonce-1' });
        expect(await store.readEnd('run-1')).toBeUndefined();
        await store.create(aHead({ birth: { id: 'run-2' }, expiresAt: T0 + 10 }));
        await clock.advance(10);
        expect(await store.readEnd('run-2')).toBeUndefined();
      });
    });

    describe('create', () => {
      test('puts a head where none is, and answers with it', async () => {
        const head = aHead({
          birth: {
            input: '{"a":1}',
            correlationId: 'c',
            parent: { id: 'p', nonce: 'n', key: 'k', expiresAt: T0 + 1_000 },
          },
        });
        expect(await store.create(head)).toEqual({ created: true, head });
        expect(await store.readHead('run-1')).toEqual(head);
      });

      test('answers with the head that stands, as it is now, and changes nothing', async () => {
        await store.create(aHead());
        await store.updateHead('run-1', { position: 3 }, { nonce: 'nonce-1' });
        const second = await store.create(aHead({ birth: { nonce: 'nonce-2', workflow: 'other' } }));
        expect(second).toEqual({ created: false, head: aHead({ position: 3 }) });
        expect(await store.readHead('run-1')).toEqual(aHead({ position: 3 }));
      });

      test('creates one run of fifty that race for one id', async () => {
        const heads = Array.from({ length: 50 }, (_, index) => aHead({ birth: { nonce: `nonce-${index}` } }));
        const answers = await Promise.all(heads.map((head) => store.create(head)));
        const winners = answers.filter(({ created }) => created);
        expect(winners).toHaveLength(1);
        for (const { head } of answers) expect(head).toEqual(winners[0]?.head);
      });

      test('replaces a head past its expiry, and the new run inherits nothing', async () => {
        await store.create(aHead({ expiresAt: T0 + 10 }));
        await store.append('run-1', aChunk(1));
        await store.putMail('run-1', 'nonce-1', aSignal('s'));
        await clock.advance(10);
        const head = aHead({ birth: { nonce: 'nonce-2', workflow: 'other', createdAt: T0 + 10 } });
        expect(await store.create(head)).toEqual({ created: true, head });
        expect(await store.read('run-1')).toEqual({ head, chunks: [], mail: [] });
        expect((await store.list({}, { limit: 10 })).items).toEqual([head]);
        expect((await store.list({ workflow: 'order' }, { limit: 10 })).items).toEqual([]);
      });

      test('replaces a head marked as deleting', async () => {
        await store.create(aHead());
        await store.updateHead('run-1', { state: { status: 'deleting' } }, { nonce: 'nonce-1' });
        const head = aHead({ birth: { nonce: 'nonce-2' } });
        expect(await store.create(head)).toEqual({ created: true, head });
      });

      test('what it gives belongs to who asked for it: changes to that reach nobody', async () => {
        await store.create(aHead());
        await store.append('run-1', aChunk(1));
        for (const record of [await store.read('run-1'), await store.read('run-1')]) {
          expect(record).toEqual({ head: aHead(), chunks: [aChunk(1)], mail: [] });
          Object.assign(record?.head.birth ?? {}, { workflow: 'changed' });
          Object.assign(record?.chunks[0]?.events[0] ?? {}, { at: 0 });
        }
        const standing = await store.append('run-1', aChunk(1, { id: 'another' }));
        expect(standing).toEqual({ appended: false, found: aChunk(1) });
      });
    });

    /** Mail as readers take it, who leave out what the journal holds. */
    const unread = (mail: Mail[] | undefined, absorbed: string[]) =>
      gaps.deletesAbsorbedMail ? mail?.filter(({ id }) => !absorbed.includes(id)) : mail;

    describe('append', () => {
      test('writes a chunk at a free position; the journal then holds exactly it', async () => {
        await store.create(aHead());
        const chunk = aChunk(1, { takeover: true, events: everyEvent });
        expect(await store.append('run-1', chunk)).toEqual({ appended: true });
        expect((await store.read('run-1'))?.chunks).toEqual([chunk]);
      });

      test('reports the chunk that stands at a taken position, and leaves it', async () => {
        await store.create(aHead());
        const first = aChunk(1, { id: 'process.turn.1' });
        await store.append('run-1', first);
        const lost = await store.append(
          'run-1',
          aChunk(1, { id: 'other.turn.1', driver: { id: 'other.turn', leaseUntil: T0 } }),
        );
        expect(lost).toEqual({ appended: false, found: first });
        expect((await store.read('run-1'))?.chunks).toEqual([first]);
      });

      test("a writer's own earlier write comes back with its own id (K5)", async () => {
        await store.append('run-1', aChunk(1));
        const again = await store.append('run-1', aChunk(1));
        expect(again).toMatchObject({ appended: false, found: { id: 'append-1' } });
      });

      test('lets one of fifty that race for a position win, and shows it to all others', async () => {
        await store.create(aHead());
        const chunks = Array.from({ length: 50 }, (_, index) => aChunk(1, { id: `append-by-${index}` }));
        const answers = await Promise.all(chunks.map((chunk) => store.append('run-1', chunk)));
        expect(answers.filter((answer) => answer.appended)).toHaveLength(1);
        const [winner] = (await store.read('run-1'))?.chunks ?? [];
        for (const answer of answers) if (!answer.appended) expect(answer.found).toEqual(winner);
      });

      test('keeps the journals of runs under one id apart by nonce', async () => {
        await store.create(aHead({ birth: { nonce: 'nonce-2' } }));
        await store.append('run-1', aChunk(1));
        expect(await store.append('run-1', aChunk(1, { nonce: 'nonce-2', id: 'mine' }))).toEqual({ appended: true });
        expect((await store.read('run-1'))?.chunks.map(({ id }) => id)).toEqual(['mine']);
      });

      test('keeps runs apart whose ids begin alike', async () => {
        for (const id of ['a', 'aa', 'a-', 'a/1']) {
          await store.create(aHead({ birth: { id } }));
          await store.append(id, aChunk(1, { id: `in-${id}` }));
          await store.putMail(id, 'nonce-1', aSignal(`to-${id}`));
        }
        await store.deleteRun('a', 'nonce-1');
        expect(await store.read('a')).toBeUndefined();
        for (const id of ['aa', 'a-', 'a/1']) {
          const record = await store.read(id);
          expect(record?.chunks.map((chunk) => chunk.id)).toEqual([`in-${id}`]);
          expect(record?.mail.map((mail) => mail.id)).toEqual([`to-${id}`]);
        }
      });

      test('deletes the mail that it absorbs, and only then', async () => {
        await store.create(aHead());
        await store.append('run-1', aChunk(1));
        for (const id of ['s1', 's2', 's3']) await store.putMail('run-1', 'nonce-1', aSignal(id));
        await store.append('run-1', aChunk(1, { id: 'loser' }), { absorbed: ['s1'] });
        expect((await store.read('run-1'))?.mail).toHaveLength(3);
        await store.append('run-1', aChunk(2), { absorbed: ['s1', 's3', 'unknown'] });
        expect(unread((await store.read('run-1'))?.mail, ['s1', 's3'])).toEqual([aSignal('s2')]);
      });

      test('keeps a chunk of 200 KB, and text in any script', async () => {
        await store.create(aHead());
        const result = JSON.stringify('Größe 大きさ 🎉 \u0000\u2028"'.repeat(8_000));
        const chunk = aChunk(1, {
          events: [{ type: 'task_completed', at: T0, key: 'größe/大/🎉', kind: 'step', result }],
        });
        await store.append('run-1', chunk);
        expect((await store.read('run-1'))?.chunks).toEqual([chunk]);
      });
    });

    describe('read', () => {
      test('answers undefined where no run is, though chunks or mail may lie there', async () => {
        await store.append('run-1', aChunk(1));
        await store.putMail('run-1', 'nonce-1', aSignal('s'));
        expect(await store.read('run-1')).toBeUndefined();
        expect(await store.readHead('run-1')).toBeUndefined();
      });

      test('gives the journal in order of position, from after the one asked for', async () => {
        await store.create(aHead());
        for (let position = 1; position <= 300; position += 1) await store.append('run-1', aChunk(position));
        const positionsAfter = async (after?: number) =>
          (await store.read('run-1', after))?.chunks.map((c) => c.position);
        expect(await positionsAfter()).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
        expect(await positionsAfter(297)).toEqual([298, 299, 300]);
        expect(await positionsAfter(300)).toEqual([]);
        expect(await positionsAfter(400)).toEqual([]);
      });

      test('calls a hole in the journal damage, and names it (K6)', async () => {
        await store.create(aHead());
        await store.append('run-1', aChunk(1));
        await store.append('run-1', aChunk(3));
        await expect(store.read('run-1')).rejects.toMatchObject({
          code: 'corrupt',
          message: expect.stringContaining('position 2'),
        });
        await expect(store.read('run-1', 1)).rejects.toMatchObject({ code: 'corrupt' });
        expect((await store.read('run-1', 2))?.chunks).toHaveLength(1);
      });

      test('never sees a hole while appends are under way', async () => {
        await store.create(aHead());
        const writer = (async () => {
          for (let position = 1; position <= 60; position += 1) await store.append('run-1', aChunk(position));
        })();
        for (let seen = 0; seen < 60; ) {
          const chunks = (await store.read('run-1'))?.chunks ?? [];
          expect(chunks.map(({ position }) => position)).toEqual(chunks.map((_, index) => index + 1));
          expect(chunks.length).toBeGreaterThanOrEqual(seen);
          seen = chunks.length;
          await clock.macrotask();
        }
        await writer;
      });

      test('sees at once what another store on the same data has written', async () => {
        const { another } = subject;
        if (another === undefined) return;
        await another.create(aHead());
        expect(await store.readHead('run-1')).toEqual(aHead());
        for (let position = 1; position <= 20; position += 1) {
          await another.append('run-1', aChunk(position));
          expect((await store.read('run-1', position - 1))?.chunks).toHaveLength(1);
        }
        expect(await store.append('run-1', aChunk(20, { id: 'late' }))).toEqual({ appended: false, found: aChunk(20) });
      });

      test('hides a run past its expiry', async () => {
        await store.create(aHead({ expiresAt: T0 + 10 }));
        await clock.advance(9);
        expect(await store.readHead('run-1')).toBeDefined();
        await clock.advance(1);
        expect(await store.read('run-1')).toBeUndefined();
        expect(await store.readHead('run-1')).toBeUndefined();
        expect(await store.updateHead('run-1', { expiresAt: T0 + 1_000 }, { nonce: 'nonce-1' })).toBe(false);
      });

      test('hides a run marked as deleting', async () => {
        await store.create(aHead());
        await store.updateHead('run-1', { state: { status: 'deleting' } }, { nonce: 'nonce-1' });
        expect(await store.read('run-1')).toBeUndefined();
        expect(await store.readHead('run-1')).toBeUndefined();
        expect(await store.updateHead('run-1', { position: 1 }, { nonce: 'nonce-1' })).toBe(false);
      });
    });

    describe('mail', () => mailSuite({ store: () => store, unread }));

    describe('updateHead', () => {
      test('replaces the fields that are given, and only those', async () => {
        await store.create(aHead());
        await store.updateHead(
          'run-1',
          { position: 4, state: { status: 'blocked', wakeAt: T0 + 9, reason: 'stuck' } },
          { nonce: 'nonce-1' },
        );
        await store.updateHead('run-1', { expiresAt: T0 + 77 }, { nonce: 'nonce-1' });
        const expected = aHead({
          position: 4,
          state: { status: 'blocked', wakeAt: T0 + 9, reason: 'stuck' },
          expiresAt: T0 + 77,
        });
        expect(await store.readHead('run-1')).toEqual(expected);
      });

      test.each([
        ['the nonce is another', { nonce: 'nonce-2' }, false],
        ['the position is not below', { nonce: 'nonce-1', positionBelow: 5 }, false],
        ['the position is below', { nonce: 'nonce-1', positionBelow: 6 }, true],
        ['the position is more than at most', { nonce: 'nonce-1', positionAtMost: 4 }, false],
        ['the position is at most', { nonce: 'nonce-1', positionAtMost: 5 }, true],
        ['wakeAt has moved', { nonce: 'nonce-1', wakeAt: T0 + 1 }, false],
        ['wakeAt is still the same', { nonce: 'nonce-1', wakeAt: T0 + 30_000 }, true],
        ['one of several fails', { nonce: 'nonce-1', positionBelow: 6, wakeAt: T0 }, false],
        ['all hold', { nonce: 'nonce-1', positionBelow: 6, positionAtMost: 5, wakeAt: T0 + 30_000 }, true],
      ])('when %s: the guard %o holds: %s', async (_, guard, holds) => {
        await store.create(aHead({ position: 5 }));
        expect(await store.updateHead('run-1', { position: 6 }, guard)).toBe(holds);
        expect((await store.readHead('run-1'))?.position).toBe(holds ? 6 : 5);
      });

      test('a guard on wakeAt fails on a settled run, any guard where there is no run', async () => {
        await store.create(aHead({ state: { status: 'completed', closedAt: T0 } }));
        expect(await store.updateHead('run-1', { position: 6 }, { nonce: 'nonce-1', wakeAt: T0 })).toBe(false);
        expect(await store.updateHead('run-2', { position: 6 }, { nonce: 'nonce-1' })).toBe(false);
      });

      test('is atomic: of fifty that raise to one position, one does', async () => {
        await store.create(aHead());
        const raises = Array.from({ length: 50 }, () =>
          store.updateHead('run-1', { position: 1 }, { nonce: 'nonce-1', positionBelow: 1 }),
        );
        expect((await Promise.all(raises)).filter((raised) => raised)).toHaveLength(1);
      });
    });

    describe('deleteRun', () => {
      test('removes head, journal, mail and index entries', async () => {
        await store.create(aHead({ birth: { correlationId: 'c' } }));
        await store.append('run-1', aChunk(1));
        await store.putMail('run-1', 'nonce-1', aSignal('s'));
        await store.updateHead('run-1', { state: { status: 'deleting' } }, { nonce: 'nonce-1' });
        await store.deleteRun('run-1', 'nonce-1');
        expect(await store.read('run-1')).toBeUndefined();
        await store.create(aHead());
        expect(await store.read('run-1')).toEqual({ head: aHead(), chunks: [], mail: [] });
        expect((await store.list({ correlationId: 'c' }, { limit: 9 })).items).toEqual([]);
      });

      test('leaves a later run under the same id alone', async () => {
        const later = aHead({ birth: { nonce: 'nonce-2' } });
        await store.create(later);
        await store.append('run-1', aChunk(1, { nonce: 'nonce-2' }));
        await store.deleteRun('run-1', 'nonce-1');
        expect(await store.read('run-1')).toMatchObject({ head: later, chunks: [{ position: 1 }] });
      });

      test('removes a journal of thousands of positions, and can be repeated', { timeout: 60_000 }, async () => {
        await store.create(aHead());
        const positions = Array.from({ length: 2_500 }, (_, index) => index + 1);
        await Promise.all(positions.map((position) => store.append('run-1', aChunk(position))));
        await store.deleteRun('run-1', 'nonce-1');
        await store.deleteRun('run-1', 'nonce-1');
        await store.create(aHead());
        expect((await store.read('run-1'))?.chunks).toEqual([]);
      });
    });

    describe.skipIf(gaps.purgeExpired)(
      `purgeExpired${gaps.purgeExpired ? ` (not here: ${gaps.purgeExpired})` : ''}`,
      () => {
        const gone = (id: string) => ({ id, nonce: 'nonce-1' });
        const ended = { status: 'completed', closedAt: T0 } as const;

        test('removes what has expired, up to a limit, longest expired first', async () => {
          for (const [id, life] of [
            ['a', 30],
            ['b', 10],
            ['c', 20],
            ['d', 99],
          ] as const) {
            await store.create(aHead({ birth: { id }, state: ended, expiresAt: T0 + life }));
            await store.append(id, aChunk(1));
          }
          await clock.advance(50);
          expect(await store.purgeExpired(T0 + 50, 2)).toEqual([gone('b'), gone('c')]);
          expect(await store.purgeExpired(T0 + 50, 2)).toEqual([gone('a')]);
          expect(await store.purgeExpired(T0 + 50, 2)).toEqual([]);
          expect(await store.readHead('d')).toBeDefined();
          await store.create(aHead({ birth: { id: 'b' } }));
          expect((await store.read('b'))?.chunks).toEqual([]);
        });

        test('removes open runs once they are due, too, after those that have ended', async () => {
          for (const [id, wakeAt] of [
            ['a', 20],
            ['b', 10],
            ['c', 60],
          ] as const) {
            const state = { status: 'waiting', wakeAt: T0 + wakeAt } as const;
            await store.create(aHead({ birth: { id }, state, expiresAt: T0 + 30 }));
          }
          await store.create(aHead({ birth: { id: 'd' }, state: ended, expiresAt: T0 + 40 }));
          await clock.advance(50);
          expect(await store.purgeExpired(T0 + 50, 2)).toEqual([gone('d'), gone('b')]);
          expect(await store.purgeExpired(T0 + 50, 2)).toEqual([gone('a')]);
          expect(await store.purgeExpired(T0 + 60, 2)).toEqual([gone('c')]);
        });

        test('finishes what a delete began and a crash cut short', async () => {
          await store.create(aHead());
          await store.updateHead('run-1', { state: { status: 'deleting' } }, { nonce: 'nonce-1' });
          expect(await store.purgeExpired(T0, 10)).toEqual([gone('run-1')]);
          expect(await store.purgeExpired(T0, 10)).toEqual([]);
        });

        test('goes by the latest expiry', async () => {
          await store.create(aHead({ state: ended, expiresAt: T0 + 10 }));
          await store.updateHead('run-1', { expiresAt: T0 + 100 }, { nonce: 'nonce-1' });
          expect(await store.purgeExpired(T0 + 50, 10)).toEqual([]);
          expect(await store.purgeExpired(T0 + 100, 10)).toEqual([gone('run-1')]);
        });
      },
    );

    describe('lists', () => listsSuite({ store: () => store, clock: () => clock }));

    test('refuses work once it is closed, and can be closed twice', async () => {
      await store.close();
      await store.close();
      if (!gaps.refusesWhenClosed) await expect(store.readHead('run-1')).rejects.toMatchObject({ code: 'closed' });
    });
  });
}
