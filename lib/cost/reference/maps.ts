/**
 * What a map costs whose items are children of one step, a hundred at a time, by their number. Counted by `npx tsx bench/map-cost.ts`,
 * with driver functions that stay warm; too slow to be counted by a test, which holds what a small one takes.
 */

/** Of a whole map: the parent, all children, and what is between them. */
export interface MapCost {
  children: number;
  /** Write units, by what they are for. */
  writes: Partial<Record<MapWrite, number>>;
  readUnits: number;
  queueRequests: number;
  invocations: number;
  /** All of it in dollars, with storage and the time of functions. */
  usd: number;
}

export type MapWrite = keyof typeof mapReasons;

export const mapReasons = {
  create: 'Three for each run: the head, and two index entries.',
  append: 'One for each child, its step with its end. The parent’s hold what many children tell it.',
  settle: 'Two for each run: the head, which leaves the index of open runs.',
  mail: 'One for each child: its end, stored before its message is gone.',
  'mail removed': 'One for each child of a long map: else each look at the parent would read all mail again.',
  'move of the wake time': 'Three each time the parent has waited for a while: it becomes due before it goes on.',
  'head update': 'One each time that the parent’s head is brought up to date and is looked at when it was to be.',
  'lost condition': 'Two drivers were told of children at once: one of them loses the parent’s next position.',
} as const;

export const maps: readonly MapCost[] = [
  {
    children: 10,
    writes: { create: 33, append: 22, settle: 22, 'move of the wake time': 3, mail: 10, 'lost condition': 3 },
    readUnits: 29,
    queueRequests: 63,
    invocations: 22,
    usd: 0.000103816,
  },
  {
    children: 100,
    writes: { create: 303, append: 117, settle: 202, 'move of the wake time': 27, mail: 100, 'lost condition': 32 },
    readUnits: 242,
    queueRequests: 251,
    invocations: 26,
    usd: 0.000717045,
  },
  {
    children: 1_000,
    writes: {
      create: 3003,
      append: 1115,
      settle: 2002,
      'move of the wake time': 105,
      mail: 1000,
      'mail removed': 1000,
      'lost condition': 72,
    },
    readUnits: 2529,
    queueRequests: 2491,
    invocations: 246,
    usd: 0.00737103,
  },
  {
    children: 10_000,
    writes: {
      create: 30_003,
      append: 13_920,
      settle: 20_002,
      'move of the wake time': 4974,
      mail: 10_000,
      'mail removed': 10_000,
      'lost condition': 449,
    },
    readUnits: 20_449,
    queueRequests: 24_023,
    invocations: 2012,
    usd: 0.077344,
  },
];
