import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { wordCount } from '../../workflows/index.ts';
import { openExamples } from './open-examples.ts';

const examples = openExamples();
const dir = 'events/texts';

/** Counts the same files in one go, in another way than the workflow does. */
async function countDirectly(): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const file of (await readdir(dir)).filter((name) => name.endsWith('.txt'))) {
    const text = (await readFile(join(dir, file), 'utf8')).toLowerCase();
    for (const part of text.split(/[^a-z0-9']+/)) {
      const word = part.replace(/^'+|'+$/g, '');
      if (word !== '') counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return counts;
}

test.each([1, 7, 60, 1_000])('chunks of %i lines give what a direct count gives', async (chunkLines) => {
  const direct = await countDirectly();
  const run = await examples.pawl.start(wordCount, { dir, chunkLines, concurrency: 16, top: 20 });
  const output = await run.result();
  expect(output.words).toBe([...direct.values()].reduce((sum, count) => sum + count, 0));
  expect(output.distinct).toBe(direct.size);
  for (const [word, count] of output.top) expect([word, direct.get(word)]).toEqual([word, count]);
  const [, least = 0] = output.top.at(-1) ?? [];
  expect([...direct.values()].filter((count) => count > least).length).toBeLessThan(20);
});

test('each chunk is one step', async () => {
  const run = await examples.pawl.start(wordCount, { dir, chunkLines: 60 });
  const { files, chunks } = await run.result();
  expect(files).toBe(5);
  const steps = (await examples.pawl.listTasks(run.id)).filter(({ key }) => key.startsWith('chunks/'));
  expect(steps).toHaveLength(chunks);
  expect((await run.get()).report).toEqual({ counted: chunks, of: chunks });
});

test('words of other languages are words, and an apostrophe may be curved', async () => {
  await writeFile(join(examples.outDir, 'words.txt'), "Éclair éclair don’t DON'T 42 über-über\n");
  const run = await examples.pawl.start(wordCount, { dir: examples.outDir });
  expect((await run.result()).top).toEqual([
    ["don't", 2],
    ['éclair', 2],
    ['über', 2],
    ['42', 1],
  ]);
});

test('a folder without texts has no words', async () => {
  const run = await examples.pawl.start(wordCount, { dir: examples.outDir });
  expect(await run.result()).toEqual({ files: 0, chunks: 0, words: 0, distinct: 0, top: [] });
});
