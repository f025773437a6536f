/** A word, in lower case, and how often it occurs. */
export type Count = [word: string, times: number];

/** Letters and digits, and an apostrophe between letters. */
const word = /[\p{L}\p{N}]+(?:['’]\p{L}+)*/gu;

export function countWords(text: string): Count[] {
  const found = text.toLowerCase().match(word) ?? [];
  return mergeCounts([found.map((each): Count => [each.replaceAll('’', "'"), 1])]);
}

export function mergeCounts(counts: readonly (readonly Count[])[]): Count[] {
  const merged = new Map<string, number>();
  for (const part of counts) {
    for (const [each, times] of part) merged.set(each, (merged.get(each) ?? 0) + times);
  }
  return [...merged];
}

/** The most frequent first; of equally frequent ones the first in the alphabet. */
export function topWords(counts: readonly Count[], top: number): Count[] {
  return [...counts].sort(([a, timesA], [b, timesB]) => timesB - timesA || (a < b ? -1 : 1)).slice(0, top);
}
