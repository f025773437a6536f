/** What every store of documents owes the service. The titles are the specification. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Document, DocumentQuery, Documents } from '../../lib/ports/documents.ts';

export interface DocumentsUnderTest {
  documents: Documents;
  /** A second one on the same data, where that is possible. */
  another?: Documents;
  dispose(): void | Promise<void>;
}

export function documentsSuite(
  name: string,
  createDocuments: () => DocumentsUnderTest | Promise<DocumentsUnderTest>,
): void {
  describe(`${name} as a store of documents`, () => {
    let subject: DocumentsUnderTest;
    let documents: Documents;
    beforeEach(async () => {
      subject = await createDocuments();
      documents = subject.documents;
    });
    afterEach(() => subject.dispose());

    async function pages(collection: string, query: DocumentQuery): Promise<string[][]> {
      const found: string[][] = [];
      let cursor: string | undefined;
      do {
        const page = await documents.list(collection, { ...query, ...(cursor !== undefined && { cursor }) });
        found.push(page.items.map(({ key }) => key));
        cursor = page.cursor;
      } while (cursor !== undefined);
      return found;
    }

    const putAll = (collection: string, keys: string[]) =>
      Promise.all(keys.map((key) => documents.write(collection, key, `text of ${key}`, 0)));

    test('gives back what was written, with a revision that counts the writes', async () => {
      expect(await documents.read('c', 'k')).toBeUndefined();
      expect(await documents.write('c', 'k', 'one', 0)).toBe(true);
      expect(await documents.read('c', 'k')).toEqual({ key: 'k', text: 'one', revision: 1 });
      expect(await documents.write('c', 'k', 'two', 1)).toBe(true);
      expect(await documents.read('c', 'k')).toEqual({ key: 'k', text: 'two', revision: 2 });
    });

    test.each([
      ['is there already', 0],
      ['has been written since', 1],
      ['has not come so far', 3],
    ])('writes nothing over a document that %s', async (_what, expected) => {
      await documents.write('c', 'k', 'one', 0);
      await documents.write('c', 'k', 'two', 1);
      expect(await documents.write('c', 'k', 'other', expected)).toBe(false);
      expect(await documents.read('c', 'k')).toEqual({ key: 'k', text: 'two', revision: 2 });
    });

    test('writes no second revision where there is no first', async () => {
      expect(await documents.write('c', 'k', 'text', 1)).toBe(false);
      expect(await documents.read('c', 'k')).toBeUndefined();
    });

    test('of many who write at the same moment with the same expectation one is told true', async () => {
      const writers = [documents, subject.another ?? documents];
      for (let revision = 0; revision < 5; revision += 1) {
        const told = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            (writers[index % 2] as Documents).write('c', 'k', `writer ${index}`, revision),
          ),
        );
        expect(told.filter(Boolean)).toHaveLength(1);
        const found = await documents.read('c', 'k');
        expect(found).toEqual({ key: 'k', text: `writer ${told.indexOf(true)}`, revision: revision + 1 });
      }
    });

    test('a reader beside the writer sees each write at once', async () => {
      const reader = subject.another ?? documents;
      for (let revision = 0; revision < 20; revision += 1) {
        await documents.write('c', 'k', `text ${revision}`, revision);
        expect((await reader.read('c', 'k'))?.text).toBe(`text ${revision}`);
        expect((await reader.list('c', { limit: 1 })).items[0]?.revision).toBe(revision + 1);
      }
    });

    test('keeps collections apart, also where one is the beginning of another', async () => {
      const collections = ['c', 'c#', 'c/k', 'c#k', 'C', 'cc'];
      for (const collection of collections) await documents.write(collection, 'k', collection, 0);
      for (const collection of collections) {
        expect((await documents.read(collection, 'k'))?.text).toBe(collection);
        expect(await pages(collection, { limit: 10 })).toEqual([['k']]);
      }
    });

    test('keeps texts in any script, empty ones and long ones', async () => {
      const texts = ['', '大きさ 🎉 Größe\n\t"\\', 'x'.repeat(256 * 1024)];
      for (const [index, text] of texts.entries()) {
        await documents.write('c', `k${index}`, text, 0);
        expect((await documents.read('c', `k${index}`))?.text === text).toBe(true);
      }
    });

    test('keys of up to 400 visible characters are taken as they are', async () => {
      const keys = ['!', '~', '/#~!"$&', 'a'.repeat(400), `${'a'.repeat(399)}b`];
      await putAll('~'.repeat(400), keys);
      for (const key of keys) {
        expect(await documents.read('~'.repeat(400), key)).toEqual({ key, text: `text of ${key}`, revision: 1 });
      }
    });

    test.each([
      ['an empty key', 'c', ''],
      ['a key with a blank', 'c', 'a b'],
      ['a key that is not ASCII', 'c', 'é'],
      ['a key of 401 characters', 'c', 'a'.repeat(401)],
      ['an empty collection', '', 'k'],
      ['a collection with a control character', 'c\u0000', 'k'],
    ])('refuses %s', async (_what, collection, key) => {
      await expect(documents.write(collection, key, 'text', 0)).rejects.toMatchObject({ code: 'invalid_input' });
      await expect(documents.read(collection, key)).rejects.toMatchObject({ code: 'invalid_input' });
    });

    test('refuses a text of more than 256 KiB', async () => {
      const text = `${'é'.repeat(128 * 1024)}x`;
      await expect(documents.write('c', 'k', text, 0)).rejects.toMatchObject({ code: 'too_large' });
      expect(await documents.read('c', 'k')).toBeUndefined();
    });

    describe('lists', () => {
      const keys = ['a', 'a#1', 'a#10', 'a#2', 'a~', 'b', '~'];

      test('in the order of the keys, and backward, on pages of any size', async () => {
        await putAll('c', [...keys].reverse());
        for (const limit of [1, 2, 3, 6, 7, 8]) {
          const forward = await pages('c', { limit });
          expect(forward.flat()).toEqual(keys);
          expect(forward.map(({ length }) => length).every((length) => length <= limit && length > 0)).toBe(true);
          expect((await pages('c', { limit, descending: true })).flat()).toEqual([...keys].reverse());
        }
      });

      test('those that begin with a prefix', async () => {
        await putAll('c', keys);
        expect(await pages('c', { prefix: 'a', limit: 10 })).toEqual([['a', 'a#1', 'a#10', 'a#2', 'a~']]);
        expect(await pages('c', { prefix: 'a#', limit: 2 })).toEqual([['a#1', 'a#10'], ['a#2']]);
        expect(await pages('c', { prefix: 'a#', limit: 2, descending: true })).toEqual([['a#2', 'a#10'], ['a#1']]);
        expect(await pages('c', { prefix: 'ab', limit: 2 })).toEqual([[]]);
      });

      test('whole documents, as they are now', async () => {
        await documents.write('c', 'k', 'one', 0);
        await documents.write('c', 'k', 'two', 1);
        const expected: Document[] = [{ key: 'k', text: 'two', revision: 2 }];
        expect((await documents.list('c', { limit: 5 })).items).toEqual(expected);
      });

      test('what comes meanwhile, behind a cursor', async () => {
        await putAll('c', ['b', 'd', 'f']);
        const { cursor } = await documents.list('c', { limit: 2 });
        await putAll('c', ['a', 'e']);
        const next = await documents.list('c', { limit: 5, ...(cursor !== undefined && { cursor }) });
        expect(next.items.map(({ key }) => key)).toEqual(['e', 'f']);
      });

      test('pages of long documents', async () => {
        const long = 'x'.repeat(200 * 1024);
        for (let index = 0; index < 8; index += 1) await documents.write('c', `k${index}`, long, 0);
        const { items, cursor } = await documents.list('c', { limit: 7 });
        expect(items.map(({ key }) => key)).toEqual(['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6']);
        expect((await documents.list('c', { limit: 7, cursor: cursor as string })).items).toHaveLength(1);
      });

      test('nothing where nothing was written', async () => {
        expect(await documents.list('c', { limit: 5 })).toEqual({ items: [] });
      });
    });
  });
}
