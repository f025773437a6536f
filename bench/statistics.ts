export function median(values: number[]): number {
  return quantile(values, 0.5);
}

/** By the nearest rank; `q` from 0 to 1. */
export function quantile(values: number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}

/** The median of `times` measurements, one after the other. */
export async function medianOf(times: number, measure: () => Promise<number>): Promise<number> {
  const values: number[] = [];
  for (let i = 0; i < times; i += 1) values.push(await measure());
  return median(values);
}

/** Medians of so many rounds, in each of which all measure in turn: whatever else the machine does meets all of them. */
export async function mediansByTurns<Measures extends Record<string, (() => Promise<number>) | undefined>>(
  rounds: number,
  measures: Measures,
): Promise<{ [Name in keyof Measures]: number }> {
  const values = Object.entries(measures).map(([name, measure]) => ({ name, measure, taken: [] as number[] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const { measure, taken } of values) if (measure) taken.push(await measure());
  }
  return Object.fromEntries(values.map(({ name, taken }) => [name, median(taken)])) as {
    [Name in keyof Measures]: number;
  };
}

/** In ms. */
export async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Keeps `inFlight` calls of `work` going until it was called `count` times; answers with calls per second. */
export async function rateOf(
  count: number,
  inFlight: number,
  work: (index: number) => Promise<unknown>,
): Promise<number> {
  const began = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (next < count) {
        next += 1;
        await work(next);
      }
    }),
  );
  return (count * 1_000) / (performance.now() - began);
}
