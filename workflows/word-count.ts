import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { workflow } from 'pawl';
import { z } from 'zod';
import { type Count, countWords, mergeCounts, topWords } from './words/count.ts';

const input = z.object({
  /** A folder; its `.txt` files are counted. */
  dir: z.string().min(1).default('events/texts'),
  /** How many lines one step counts. */
  chunkLines: z.int().positive().default(100),
  /** How many steps count at the same time. */
  concurrency: z.int().min(1).max(64).default(4),
  top: z.int().positive().max(1_000).default(10),
});

/** Map and reduce: each chunk of lines is counted by a step of its own, and the counts are merged. */
export const wordCount = workflow({ name: 'word-count', input }, async (ctx, { dir, chunkLines, concurrency, top }) => {
  const chunks = await ctx.step('split', () => splitFiles(dir, chunkLines));

  let counted = 0;
  const counts = await ctx.map(
    'chunks',
    chunks,
    async (chunk, item) => {
      const count = await item.step('count', () => countChunk(dir, chunk));
      counted += 1;
      ctx.report({ counted, of: chunks.length });
      return count;
    },
    { concurrency },
  );

  // Everything here comes from the journal, so the merging needs no step: a replay does it again, with the same end.
  const merged = mergeCounts(counts);
  return {
    files: new Set(chunks.map(({ file }) => file)).size,
    chunks: chunks.length,
    words: merged.reduce((sum, [, times]) => sum + times, 0),
    distinct: merged.length,
    top: topWords(merged, top),
  };
});

/** Part of a file, by line numbers from 0. The text itself stays in the file, so that the journal stays small. */
interface Chunk {
  file: string;
  from: number;
  to: number;
}

async function splitFiles(dir: string, chunkLines: number): Promise<Chunk[]> {
  const files = (await readdir(dir)).filter((file) => file.endsWith('.txt')).sort();
  const chunks: Chunk[] = [];
  for (const file of files) {
    const lines = (await readLines(dir, file)).length;
    for (let from = 0; from < lines; from += chunkLines) {
      chunks.push({ file, from, to: Math.min(from + chunkLines, lines) });
    }
  }
  return chunks;
}

async function countChunk(dir: string, { file, from, to }: Chunk): Promise<Count[]> {
  return countWords((await readLines(dir, file)).slice(from, to).join('\n'));
}

async function readLines(dir: string, file: string): Promise<string[]> {
  return (await readFile(join(dir, file), 'utf8')).split('\n');
}
