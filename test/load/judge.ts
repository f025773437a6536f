/** Whether a load was borne: pure, from what was seen to what was violated. */

export interface MemorySample {
  /** In s since the beginning. */
  at: number;
  /** Memory of the process that no file backs, in MB: the store's map is left out. */
  anonMb: number;
  heapMb: number;
}

export const bounds = {
  /** Of the time, at its end, that memory has to be flat for. */
  flatPart: 2 / 3,
  /** By so much of its mean the fitted line of memory may grow over that time … */
  growthPart: 0.1,
  /** … or by so many MB. */
  growthMb: 24,
  /** An overload may cost so many MB more than the load before it. */
  overloadMb: 256,
  /** Throughput under overload, as a part of that before it. */
  overloadThroughput: 0.5,
  /** How long a refusal takes, in ms. */
  refusalP99Ms: 5_000,
} as const;

interface Line {
  slope: number;
  mean: number;
}

/** Least squares. */
export function fitLine(points: readonly (readonly [x: number, y: number])[]): Line {
  const count = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count;
  const mean = points.reduce((sum, [, y]) => sum + y, 0) / count;
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - mean), 0);
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return { slope: variance === 0 ? 0 : covariance / variance, mean };
}

interface Growth {
  what: string;
  /** Of the fitted line over the time looked at, in MB. */
  growsMb: number;
  meanMb: number;
  isFlat: boolean;
}

const windowS = 30;

/** What is used between collections goes up and down: of each window the least counts. */
function leastOfWindows(samples: readonly (readonly [number, number])[]): [number, number][] {
  const windows = new Map<number, [number, number]>();
  const counts = new Map<number, number>();
  for (const [at, value] of samples) {
    const window = Math.floor(at / windowS);
    counts.set(window, (counts.get(window) ?? 0) + 1);
    const least = windows.get(window);
    if (least === undefined || value < least[1]) windows.set(window, [at, value]);
  }
  // What is no whole window may have seen no collection.
  return [...windows].flatMap(([window, least]) => ((counts.get(window) ?? 0) < windowS / 2 ? [] : [least]));
}

function growthOf(what: string, points: readonly (readonly [number, number])[]): Growth {
  const end = points.at(-1)?.[0] ?? 0;
  const begin = points[0]?.[0] ?? 0;
  const from = end - (end - begin) * bounds.flatPart;
  const late = points.filter(([at]) => at >= from);
  const { slope, mean } = fitLine(late);
  const growsMb = slope * (end - from);
  return { what, growsMb, meanMb: mean, isFlat: growsMb <= Math.max(bounds.growthPart * mean, bounds.growthMb) };
}

export function memoryGrowth(samples: readonly MemorySample[]): Growth[] {
  return [
    growthOf('memory without the store’s map', leastOfWindows(samples.map(({ at, anonMb }) => [at, anonMb] as const))),
    growthOf('heap after collections', leastOfWindows(samples.map(({ at, heapMb }) => [at, heapMb] as const))),
  ];
}
