import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { bundleMutant, patched, searchMutant, storyOf } from './mutant.ts';
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

  test('a seed that fails is told as a short story: what has nothing to do with it is left out', {
    timeout: 90_000,
  }, async () => {
    const mutation = mutations.find(({ name }) => name === 'live-claim');
    const bundle = await bundleMutant('test-story', mutation?.patches ?? []);
    const { found } = await searchMutant(bundle, { seeds: 150, seconds: 30 });
    const [title, left, ...story] = await storyOf(bundle, found?.seed ?? 0, { seconds: 30 });
    expect(title).toMatch(/^seed \d+ \(\w+\), made smaller in \d+ schedules$/);
    expect(JSON.parse(left ?? '')).toMatchObject({ work: { do: 'plan' }, faults: expect.any(Array) });
    expect(story.length).toBeLessThan(30);
    expect(story.join('\n')).toMatch(/people +start a run/);
    expect(story.join('\n')).toMatch(/^ +\d+\.\d{3} s {2}p\d+ +appends to r1 \d+, a takeover: /m);
    expect(story.at(-1)).toMatch(/\(\d+\)/);
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
