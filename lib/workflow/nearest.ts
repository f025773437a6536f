/** The candidate that a mistyped name most likely means; `undefined` if none is near enough. */
export function nearest(typed: string, candidates: readonly string[]): string | undefined {
  const wanted = typed.toLowerCase();
  let best: string | undefined;
  let allowed = Math.max(1, Math.floor(typed.length * 0.4));
  const editDistance = distancesFrom(wanted, allowed);
  for (const name of candidates) {
    const distance = editDistance(name.toLowerCase(), allowed);
    if (distance === undefined) continue;
    best = name;
    // Only a nearer one is of interest from here on.
    if (distance === 0) break;
    allowed = distance - 1;
  }
  return best ?? onlyOneThatBegins(wanted, candidates);
}

/** One of the two is the beginning of the other. */
function onlyOneThatBegins(typed: string, candidates: readonly string[]): string | undefined {
  const found = candidates.filter((candidate) => {
    const name = candidate.toLowerCase();
    return Math.min(name.length, typed.length) >= 3 && (name.startsWith(typed) || typed.startsWith(name));
  });
  return found.length === 1 ? found[0] : undefined;
}

/**
 * Insertions, deletions, replacements and swaps of neighbours that turn the text into another one; `undefined` if more than
 * `limit`, which is at most `maxLimit`. Only what lies within the limit of the diagonal is computed, always in the same rows:
 * there may be ten thousand candidates.
 */
function distancesFrom(from: string, maxLimit: number): (to: string, limit: number) => number | undefined {
  const width = from.length + maxLimit + 1;
  let beforePrevious = new Uint32Array(width);
  let previous = new Uint32Array(width);
  let current = new Uint32Array(width);
  return (to, limit) => {
    if (Math.abs(from.length - to.length) > limit) return undefined;
    const far = limit + 1;
    for (let j = 0; j <= to.length; j += 1) previous[j] = j;
    for (let i = 1; i <= from.length; i += 1) {
      const first = Math.max(1, i - limit);
      const last = Math.min(to.length, i + limit);
      current[first - 1] = first === 1 ? i : far;
      if (i + limit <= to.length) previous[i + limit] = far;
      let least = at(current, first - 1);
      for (let j = first; j <= last; j += 1) {
        const same = from[i - 1] === to[j - 1];
        let cost = Math.min(at(previous, j) + 1, at(current, j - 1) + 1, at(previous, j - 1) + (same ? 0 : 1));
        const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
        if (swapped) cost = Math.min(cost, at(beforePrevious, j - 2) + 1);
        current[j] = cost;
        least = Math.min(least, cost);
      }
      if (least > limit) return undefined;
      [beforePrevious, previous, current] = [previous, current, beforePrevious];
    }
    const distance = at(previous, to.length);
    return distance > limit ? undefined : distance;
  };
}

function at(row: Uint32Array, index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
