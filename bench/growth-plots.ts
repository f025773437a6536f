import type { Growth, GrowthOptions } from './growth.ts';
import { plotSvg } from './plot.ts';
import { show } from './table.ts';

interface GrowthPart {
  measure(options: GrowthOptions): Promise<Growth>;
  title: string;
  sizes: string;
  /** In docs/img. */
  file: string;
  /** The series whose first point the dashed line begins at. */
  linearFrom?: string;
}

const growth = () => import('./growth.ts');

/** By the name of the part. They take minutes each, so that they are measured only when asked for. */
export const growthParts: Readonly<Record<string, GrowthPart>> = {
  'growth of a run': {
    measure: async (options) => (await growth()).measureRunGrowth(options),
    title: 'A run of many steps',
    sizes: 'steps',
    file: 'growth-runs.svg',
    linearFrom: 'all steps of the run',
  },
  'growth of a map': {
    measure: async (options) => (await growth()).measureMapGrowth(options),
    title: 'A map of many items, in children',
    sizes: 'items',
    file: 'growth-maps.svg',
    linearFrom: 'a child for each thousand items',
  },
  'growth of what is stored': {
    measure: async (options) => (await growth()).measureStoredGrowth(options),
    title: 'Many runs stored',
    sizes: 'runs stored',
    file: 'growth-stored.svg',
  },
};

export function plotOf({ title, sizes, linearFrom }: GrowthPart, series: Growth): string {
  return plotSvg({ title, xTitle: sizes, yTitle: 'ms', series, ...(linearFrom !== undefined && { linearFrom }) });
}

/** A line for each size, a column for each series: a dash where a size was not measured. */
export function growthTable({ sizes }: GrowthPart, series: Growth): string[][] {
  const cell = (value: number | undefined) => (value === undefined ? '–' : show(value));
  const all = [...new Set(series.flatMap(({ points }) => points.map(([size]) => size)))].sort((a, b) => a - b);
  return [
    [sizes, ...series.map(({ name }) => `${name} (ms)`)],
    ...all.map((size) => [
      size.toLocaleString('en-US'),
      ...series.map(({ points }) => cell(points.find(([x]) => x === size)?.[1])),
    ]),
  ];
}
