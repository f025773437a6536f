import { type Ids, idLetters } from '../ports/ids.ts';

/** 45 bits of milliseconds: enough until the year 3084. */
const timeLetters = 9;

/**
 * The id of a new run: its time, then at least 75 random bits. Runs of one time lie side by side in a store that keeps its
 * records in order, so that what is written together is close together.
 */
export function newRunId(ids: Ids, now: number): string {
  let time = '';
  for (let left = Math.max(0, now); time.length < timeLetters; left = Math.floor(left / 32)) {
    time = idLetters[left % 32] + time;
  }
  return time + ids.random().slice(timeLetters);
}
