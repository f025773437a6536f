import { beforeEach, describe, expect, test } from 'vitest';
import type { VirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';
import type { HeadState } from '../../lib/kernel/head.ts';
import type { RunFilter, Store } from '../../lib/ports/store.ts';
import { aHead, T0 } from './samples.ts';

const open = (status: 'pending' | 'running' | 'waiting' | 'paused', wakeIn: number): HeadState => ({
  status,
  wakeAt: T0 + wakeIn,
});

/** id, workflow, creation, state, correlation */
const runs: [string, string, number, HeadState, string?][] = [
  ['a', 'order', 1, open('pending', 50)],
  ['b', 'order', 2, open('running', 40), 'c-1'],
  ['c', 'report', 2, open('waiting', 30)],
  ['d', 'order', 2, { status: 'completed', closedAt: T0 + 9 }, 'c-1'],
  ['e', 'report', 4, { status: 'failed', closedAt: T0 + 9 }],
  ['f', 'order', 5, { status: 'cancelled', closedAt: T0 + 9 }, 'c-10'],
  ['g', 'orders', 6, open('paused', 20)],
  ['h', 'order', 7, { status: 'blocked', wakeAt: T0 + 10, reason: 'stuck' }, 'c-1'],
  ['i', 'Заказ', 8, { status: 'completed', closedAt: T0 + 10 }, 'заказ\u0000 1'],
];

/** To be called inside a `describe` of its own. */
export function listsSuite(context: { store(): Store; clock(): VirtualClock }): void {
  let store: Store;
  beforeEach(async () => {
    store = context.store();
    for (const [id, workflow, created, state, correlationId] of runs) {
      const birth = { id, workflow, createdAt: T0 + created, ...(correlationId !== undefined && { correlationId }) };
      await store.create(aHead({ birth, state }));
    }
  });

  const ids = async (filter: RunFilter) =>
    (await store.list(filter, { limit: 100 })).items.map(({ birth }) => birth.id);

  describe('list', () => {
    test.each<[RunFilter, string]>([
      [{}, 'ihgfedcba'],
      [{ status: 'pending' }, 'a'],
      [{ status: 'running' }, 'b'],
      [{ status: 'waiting' }, 'c'],
      [{ status: 'paused' }, 'g'],
      [{ status: 'blocked' }, 'h'],
      [{ status: 'completed' }, 'id'],
      [{ status: 'failed' }, 'e'],
      [{ status: 'cancelled' }, 'f'],
      [{ workflow: 'order' }, 'hfdba'],
      [{ workflow: 'Заказ' }, 'i'],
      [{ workflow: 'ord' }, ''],
      [{ correlationId: 'c-1' }, 'hdb'],
      [{ correlationId: 'заказ\u0000 1' }, 'i'],
      [{ createdFrom: T0 + 2 }, 'ihgfedcb'],
      [{ createdBefore: T0 + 5 }, 'edcba'],
      [{ createdFrom: T0 + 2, createdBefore: T0 + 5 }, 'edcb'],
      [{ createdFrom: T0 + 5, createdBefore: T0 + 5 }, ''],
      [{ createdFrom: T0 + 6, createdBefore: T0 + 2 }, ''],
      [{ workflow: 'order', status: 'completed' }, 'd'],
      [{ workflow: 'order', status: 'running' }, 'b'],
      [{ workflow: 'report', status: 'running' }, ''],
      [{ workflow: 'order', correlationId: 'c-1', status: 'blocked', createdFrom: T0 + 3 }, 'h'],
      [{ status: 'completed', createdBefore: T0 + 8 }, 'd'],
    ])('with the filter %o gives "%s": newest first, of one time by id', async (filter, expected) => {
      expect((await ids(filter)).join('')).toBe(expected);
    });

    test.each([1, 2, 3, 4, 8, 9, 10])(
      'in pages of %i gives each run once, and no cursor on the last page',
      async (limit) => {
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await store.list({}, cursor === undefined ? { limit } : { limit, cursor });
          expect(page.items.length).toBe(page.cursor === undefined ? page.items.length : limit);
          seen.push(...page.items.map(({ birth }) => birth.id));
          cursor = page.cursor;
        } while (cursor !== undefined);
        expect(seen.join('')).toBe('ihgfedcba');
      },
    );

    test('pages stay in place under inserts and changes', async () => {
      const first = await store.list({ workflow: 'order' }, { limit: 2 });
      await store.create(aHead({ birth: { id: 'new', createdAt: T0 + 100 } }));
      await store.updateHead('f', { position: 9 }, { nonce: 'nonce-1' });
      const second = await store.list({ workflow: 'order' }, { limit: 9, cursor: first.cursor ?? '' });
      expect(second.items.map(({ birth }) => birth.id)).toEqual(['d', 'b', 'a']);
    });

    test('gives whole heads, as they are now', async () => {
      await store.updateHead(
        'a',
        { position: 7, state: { status: 'completed', closedAt: T0 + 3 } },
        { nonce: 'nonce-1' },
      );
      const { items } = await store.list({ status: 'completed', createdBefore: T0 + 2 }, { limit: 9 });
      expect(items).toEqual([
        aHead({ birth: { id: 'a', createdAt: T0 + 1 }, position: 7, state: { status: 'completed', closedAt: T0 + 3 } }),
      ]);
      expect(await ids({ status: 'pending' })).toEqual([]);
    });

    test('leaves out what is expired, deleting or deleted', async () => {
      await store.updateHead('h', { expiresAt: T0 + 5 }, { nonce: 'nonce-1' });
      await store.updateHead('d', { state: { status: 'deleting' } }, { nonce: 'nonce-1' });
      await store.deleteRun('b', 'nonce-1');
      await context.clock().advance(5);
      expect(await ids({ workflow: 'order' })).toEqual(['f', 'a']);
      expect(await ids({ correlationId: 'c-1' })).toEqual([]);
      expect(await ids({ status: 'completed' })).toEqual(['i']);
      expect(await ids({})).toEqual(['i', 'g', 'f', 'e', 'c', 'a']);
    });

    test('calls a cursor that it has not given out invalid input', async () => {
      for (const cursor of ['', 'nonsense', Buffer.from('{"a":1}').toString('base64url')]) {
        await expect(store.list({}, { limit: 1, cursor })).rejects.toMatchObject({ code: 'invalid_input' });
      }
    });
  });

  describe('listDue', () => {
    const due = async (until: number) => (await store.listDue(T0 + until, { limit: 100 })).items.map(({ id }) => id);

    test('gives open runs whose wakeAt is at or before a time, earliest first', async () => {
      expect(await store.listDue(T0 + 30, { limit: 100 })).toEqual({
        items: [
          { id: 'h', wakeAt: T0 + 10 },
          { id: 'g', wakeAt: T0 + 20 },
          { id: 'c', wakeAt: T0 + 30 },
        ],
      });
      expect(await due(9)).toEqual([]);
      expect(await due(1_000)).toEqual(['h', 'g', 'c', 'b', 'a']);
    });

    test('gives them in pages, of one time by id', async () => {
      for (const id of ['y', 'x', 'z']) await store.create(aHead({ birth: { id }, state: open('waiting', 30) }));
      const first = await store.listDue(T0 + 30, { limit: 4 });
      expect(first.items.map(({ id }) => id)).toEqual(['h', 'g', 'c', 'x']);
      const second = await store.listDue(T0 + 30, { limit: 4, cursor: first.cursor ?? '' });
      expect(second.items.map(({ id }) => id)).toEqual(['y', 'z']);
      expect(second.cursor).toBeUndefined();
    });

    test('follows wakeAt as it moves, and forgets runs that settle, expire or are deleted', async () => {
      await store.updateHead('h', { state: open('waiting', 500) }, { nonce: 'nonce-1' });
      await store.updateHead('g', { state: { status: 'failed', closedAt: T0 } }, { nonce: 'nonce-1' });
      await store.updateHead('c', { state: { status: 'deleting' } }, { nonce: 'nonce-1' });
      await store.updateHead('b', { expiresAt: T0 + 5 }, { nonce: 'nonce-1' });
      await store.updateHead('a', { state: open('running', 5) }, { nonce: 'nonce-1' });
      await context.clock().advance(5);
      expect(await due(499)).toEqual(['a']);
      expect(await due(500)).toEqual(['a', 'h']);
    });
  });
}
