/** How one text becomes another, line by line. */

export interface Hunk {
  /** Its first line in either text, from 1. */
  from: number;
  to: number;
  /** Each with ` `, `-` or `+` before it. */
  lines: string[];
}

interface Edit {
  mark: ' ' | '-' | '+';
  line: string;
}

/** Texts that differ in more lines are shown as wholly different between what they begin and end with alike. */
const mostEdits = 1_000;
/** Equal lines that are shown around a difference. */
const context = 3;

export function diffLines(from: string, to: string): Hunk[] {
  return hunksOf(editsBetween(linesOf(from), linesOf(to)));
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/);
}

function editsBetween(from: string[], to: string[]): Edit[] {
  const shortest = Math.min(from.length, to.length);
  let start = 0;
  while (start < shortest && from[start] === to[start]) start += 1;
  let end = 0;
  while (end < shortest - start && from.at(-1 - end) === to.at(-1 - end)) end += 1;
  const [one, other] = [from.slice(start, from.length - end), to.slice(start, to.length - end)];
  return [
    ...from.slice(0, start).map(kept),
    ...(shortestEdits(one, other) ?? [...one.map(removed), ...other.map(added)]),
    ...from.slice(from.length - end).map(kept),
  ];
}

const kept = (line: string): Edit => ({ mark: ' ', line });
const removed = (line: string): Edit => ({ mark: '-', line });
const added = (line: string): Edit => ({ mark: '+', line });

/**
 * E. Myers, "An O(ND) difference algorithm and its variations" (1986): of all ways one with the fewest edits. A way is at
 * `x` in `from` and at `y` in `to`, on the diagonal x - y. `undefined`: it takes too many edits.
 */
function shortestEdits(from: string[], to: string[]): Edit[] | undefined {
  /** How far in `from` the best way on each diagonal has come, by the number of its edits. */
  const reached: Reached[] = [];
  for (let edits = 0; edits <= mostEdits; edits += 1) {
    const before = reached.at(-1);
    const now = createReached(edits);
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = before === undefined ? 0 : beforeSnake(before, diagonal).x;
      while (x < from.length && x - diagonal < to.length && from[x] === to[x - diagonal]) x += 1;
      now.set(diagonal, x);
      if (x >= from.length && x - diagonal >= to.length) return wayBack(from, to, reached);
    }
    reached.push(now);
  }
  return undefined;
}

interface Reached {
  get(diagonal: number): number;
  set(diagonal: number, x: number): void;
}

function createReached(edits: number): Reached {
  const all = new Int32Array(2 * edits + 1);
  return {
    get: (diagonal) => all[diagonal + edits] ?? -1,
    set(diagonal, x) {
      all[diagonal + edits] = x;
    },
  };
}

/** Where a way comes to the diagonal by its next edit: of the neighbours the one that is further. */
function beforeSnake(before: Reached, diagonal: number): { x: number; mark: '+' | '-' } {
  const [byAdding, byRemoving] = [before.get(diagonal + 1), before.get(diagonal - 1) + 1];
  return byAdding >= byRemoving ? { x: byAdding, mark: '+' } : { x: byRemoving, mark: '-' };
}

function wayBack(from: string[], to: string[], reached: Reached[]): Edit[] {
  const edits: Edit[] = [];
  let [x, y] = [from.length, to.length];
  for (const before of [...reached].reverse()) {
    const diagonal = x - y;
    const edit = beforeSnake(before, diagonal);
    for (; x > edit.x; x -= 1, y -= 1) edits.push(kept(from[x - 1] as string));
    if (edit.mark === '+') {
      y -= 1;
      edits.push(added(to[y] as string));
    } else {
      x -= 1;
      edits.push(removed(from[x] as string));
    }
  }
  for (; x > 0; x -= 1) edits.push(kept(from[x - 1] as string));
  return edits.reverse();
}

function hunksOf(edits: Edit[]): Hunk[] {
  const hunks: Hunk[] = [];
  let [from, to] = [1, 1];
  for (let at = 0; at < edits.length; ) {
    const end = endOfHunk(edits, at);
    const part = edits.slice(at, end);
    if (end > at) hunks.push({ from, to, lines: part.map(({ mark, line }) => mark + line) });
    const passed = end > at ? part : edits.slice(at, at + 1);
    from += passed.filter(({ mark }) => mark !== '+').length;
    to += passed.filter(({ mark }) => mark !== '-').length;
    at += passed.length;
  }
  return hunks;
}

/** Behind the last line of the hunk that begins there; the same place if none does. */
function endOfHunk(edits: Edit[], start: number): number {
  let end = start;
  for (let at = start; at < edits.length && at <= end + 2 * context; at += 1) {
    const isFirst = end === start && at > start + context;
    if (isFirst) return start;
    if (edits[at]?.mark !== ' ') end = at + 1;
  }
  return end === start ? start : Math.min(edits.length, end + context);
}
