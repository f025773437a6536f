import type { DraftTask } from './draft.ts';

/** Whether one task of a body is done before another begins. */
export interface Question {
  earlier: DraftTask;
  later: DraftTask;
}

const bits = 31;
const words = 32;

/**
 * Answers questions about the tasks of one body, `order` being all of them, each behind what it waits for. Most are about
 * direct dependencies; for the rest up to 992 earlier tasks at once are followed through all edges as bits.
 */
export function answer(questions: readonly Question[], order: readonly DraftTask[]): boolean[] {
  const answers = questions.map(({ earlier, later }) => later.waitsFor.includes(earlier));
  const open = new Map<DraftTask, number[]>();
  for (const [index, { earlier }] of questions.entries()) {
    if (answers[index]) continue;
    const same = open.get(earlier);
    if (same) same.push(index);
    else open.set(earlier, [index]);
  }
  const pending = [...open];
  for (let from = 0; from < pending.length; from += bits * words) {
    const batch = pending.slice(from, from + bits * words);
    const width = Math.ceil(batch.length / bits);
    const bitOf = new Map(batch.map(([task], bit) => [task, bit]));
    const isBehind = followed(order, bitOf, width);
    for (const [bit, [, indices]] of batch.entries()) {
      for (const index of indices) {
        const row = questions[index]?.later.number ?? 0;
        answers[index] = (((isBehind[row * width + Math.floor(bit / bits)] ?? 0) >> (bit % bits)) & 1) === 1;
      }
    }
  }
  return answers;
}

/** For each task, by its number, the bits of those that are done before it begins. */
function followed(order: readonly DraftTask[], bitOf: ReadonlyMap<DraftTask, number>, width: number): Int32Array {
  const rows = order.reduce((most, { number }) => Math.max(most, number + 1), 0);
  const table = new Int32Array(rows * width);
  for (const { number, waitsFor } of order) {
    for (const other of waitsFor) {
      for (let word = 0; word < width; word += 1) {
        table[number * width + word] = (table[number * width + word] ?? 0) | (table[other.number * width + word] ?? 0);
      }
      const bit = bitOf.get(other);
      if (bit === undefined) continue;
      const place = number * width + Math.floor(bit / bits);
      table[place] = (table[place] ?? 0) | (1 << (bit % bits));
    }
  }
  return table;
}
