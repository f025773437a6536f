import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { bundleMutant, patched, searchMutant } from './mutant.ts';
import { mutations } from './mutations.ts';

/** Guards whose absence shows soon, of several kinds. */
const telling = ['flush-before-effect', 'live-claim', 'loss-ends-turn', 'mail-first', 'strict-after-takeover'];

describe('the simulation can fail', () => {
  test.each(telling)('it sees that the guard %s is missing', { timeout: 60_000 }, async (name) => {
    const mutation = mutations.find((known) => known.name === name);
    const bundle = await bundleMutant(`test-${name}`, mutation?.patches ?? []);
    const { found } = await searchMutant(bundle, { seeds: 150, seconds: 30 });
    expect(found?.violation).toEqual(expect.any(String));
  });

  test('it sees nothing where every guard is there', { timeout: 60_000 }, async () => {
    const bundle = await bundleMutant('test-none', []);
    expect(await searchMutant(bundle, { seeds: 60, seconds: 30 })).toEqual({ schedules: 60 });
  });

  test('a patch that does not fit the source exactly once is an error', async () => {
    const patch = { file: 'lib/kernel/drive.ts', find: 'no such guard', replace: '' };
    expect(() => patched('two two', { ...patch, find: 'two' })).toThrow('occurs 2 times');
    await expect(bundleMutant('test-broken', [patch])).rejects.toThrow('occurs 0 times');
  });

  test.each(mutations)('the guard $name is in the source', async ({ patches }) => {
    const sources = new Map<string, string>();
    for (const patch of patches) {
      const source = sources.get(patch.file) ?? (await readFile(patch.file, 'utf8'));
      sources.set(patch.file, patched(source, patch));
    }
    expect(sources.size).toBeGreaterThan(0);
  });
});
