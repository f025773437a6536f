import { beforeEach, expect, test } from 'vitest';
import type { Mail } from '../../lib/kernel/events.ts';
import type { Store } from '../../lib/ports/store.ts';
import { aChunk, aHead, aSignal } from './samples.ts';

/** To be called inside a `describe` of its own. */
export function mailSuite(context: {
  store(): Store;
  unread(mail: Mail[] | undefined, absorbed: string[]): Mail[] | undefined;
}): void {
  let store: Store;
  beforeEach(() => {
    store = context.store();
  });

  test('comes oldest accepted first, and of one millisecond in order of arrival', async () => {
    await store.create(aHead());
    for (const [id, at] of [
      ['late', 5],
      ['z', 1],
      ['a', 1],
      ['m', 1],
      ['early', 0],
    ] as const) {
      await store.putMail('run-1', 'nonce-1', aSignal(id, at));
    }
    expect((await store.read('run-1'))?.mail.map(({ id }) => id)).toEqual(['early', 'z', 'a', 'm', 'late']);
  });

  test('with an id that lies there already changes nothing', async () => {
    await store.create(aHead());
    await store.putMail('run-1', 'nonce-1', aSignal('s', 1));
    await store.putMail('run-1', 'nonce-1', aSignal('t', 1));
    await store.putMail('run-1', 'nonce-1', { ...aSignal('s', 9) });
    expect((await store.read('run-1'))?.mail).toEqual([aSignal('s', 1), aSignal('t', 1)]);
  });

  test('for another run under the same id is not seen', async () => {
    await store.create(aHead());
    await store.putMail('run-1', 'nonce-2', aSignal('s'));
    expect((await store.read('run-1'))?.mail).toEqual([]);
  });

  test('may have an id of any length and any characters', async () => {
    await store.create(aHead());
    const ids = ['x'.repeat(5_000), `${'x'.repeat(5_000)}y`, 'a\u0000b', 'a\u0000', 'ключ/🔑'];
    for (const id of ids) await store.putMail('run-1', 'nonce-1', aSignal(id));
    expect((await store.read('run-1'))?.mail.map(({ id }) => id)).toEqual(ids);
    await store.append('run-1', aChunk(1), { absorbed: ids.slice(1) });
    const left = context.unread((await store.read('run-1'))?.mail, ids.slice(1));
    expect(left?.map(({ id }) => id)).toEqual(ids.slice(0, 1));
  });
}
