/** What every blob store owes the kernel. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Blobs } from '../../lib/ports/blobs.ts';

/** What a store of blobs does not do, each with its reason. */
export interface BlobsGaps {
  idleOwners?: string;
}

export interface BlobsUnderTest {
  blobs: Blobs;
  dispose(): void | Promise<void>;
}

export function blobsSuite(
  name: string,
  createBlobs: () => BlobsUnderTest | Promise<BlobsUnderTest>,
  gaps: BlobsGaps = {},
): void {
  describe(`${name} as a store of blobs`, () => {
    let blobs: Blobs;
    let subject: BlobsUnderTest;
    beforeEach(async () => {
      subject = await createBlobs();
      blobs = subject.blobs;
    });
    afterEach(() => subject.dispose());

    test('gives back what was put, and undefined for what was not', async () => {
      await blobs.put('run-1/a', 'text');
      expect(await blobs.get('run-1/a')).toBe('text');
      expect(await blobs.get('run-1/b')).toBeUndefined();
      expect(await blobs.get('run-2/a')).toBeUndefined();
    });

    test('the same put again is harmless, also at the same moment', async () => {
      await Promise.all(Array.from({ length: 10 }, () => blobs.put('run-1/a', 'text')));
      expect(await blobs.get('run-1/a')).toBe('text');
    });

    test('keeps megabytes, and text in any script', async () => {
      const text = '大きさ 🎉 Größe\n\u0000'.repeat(200_000);
      await blobs.put('run-1/large', text);
      expect((await blobs.get('run-1/large')) === text).toBe(true);
    });

    test('removes the blobs of one owner, and of no other', async () => {
      const own = ['run-1/a', 'run-1/b'];
      // An owner may have slashes: what begins with another's name and one is not that other's.
      const others = ['run-10/a', 'run/a', 'run/1/a', 'run-1/n1/a', 'run-1/n2/a', 'n/run-1/a'];
      for (const key of [...own, ...others]) await blobs.put(key, key);
      await blobs.deleteAll('run-1');
      await blobs.deleteAll('run-1');
      expect(await Promise.all(own.map((key) => blobs.get(key)))).toEqual([undefined, undefined]);
      expect(await Promise.all(others.map((key) => blobs.get(key)))).toEqual(others);

      await blobs.deleteAll('run-1/n1');
      expect(await Promise.all(others.map((key) => blobs.get(key)))).toEqual(
        others.map((key) => (key === 'run-1/n1/a' ? undefined : key)),
      );
    });

    test('an owner whose blobs were removed can have others', async () => {
      await blobs.put('run-1/n1/a', 'text');
      await blobs.deleteAll('run-1/n1');
      await blobs.put('run-1/n1/b', 'text');
      expect(await Promise.all(['run-1/n1/a', 'run-1/n1/b'].map((key) => blobs.get(key)))).toEqual([undefined, 'text']);
    });

    test.skipIf(gaps.idleOwners)(
      `names owners that nothing was put to for some time${gaps.idleOwners ? ` (not here: ${gaps.idleOwners})` : ''}`,
      async () => {
        expect(await blobs.idleOwners(Number.POSITIVE_INFINITY)).toEqual([]);
        for (const key of ['run-1/n1/a', 'run-1/n1/b', 'run-2/n1/a']) await blobs.put(key, 'text');
        expect((await blobs.idleOwners(Number.POSITIVE_INFINITY)).sort()).toEqual(['run-1/n1', 'run-2/n1']);
        expect(await blobs.idleOwners(0)).toEqual([]);
        await blobs.deleteAll('run-1/n1');
        expect(await blobs.idleOwners(Number.POSITIVE_INFINITY)).toEqual(['run-2/n1']);
      },
    );

    test('names no owner of which it is not sure', async () => {
      const keys = ['run-1/a', 'Run/a', 'run/%61/a', 'ключ/🔑', `${'x'.repeat(300)}/a`, 'a%2fb/c'];
      for (const key of keys) await blobs.put(key, 'text');
      const owners = keys.map((key) => key.slice(0, key.lastIndexOf('/')));
      for (const owner of await blobs.idleOwners(Number.POSITIVE_INFINITY)) expect(owners).toContain(owner);
    });

    test('takes any name, and keeps them apart', async () => {
      const keys = [
        'run/a',
        'run/A',
        'Run/a',
        'run/%61',
        'run/..',
        '../a',
        '..//',
        './a',
        'run/a b',
        'ключ/🔑',
        `run/${'x'.repeat(500)}`,
      ];
      const usable = keys.filter((key) => key !== '..//');
      for (const key of usable) await blobs.put(key, `text of ${key}`);
      for (const key of usable) expect(await blobs.get(key)).toBe(`text of ${key}`);
    });
  });
}
