/** From what was measured to the rows of the table, with the targets. Pure. */
import type { Calibration } from './calibration.ts';
import type { CostFigures } from './costs.ts';
import type { GraphFigures } from './graphs.ts';
import type { Recovery } from './recovery.ts';
import type { RoundTrips } from './round-trips.ts';
import type { Speed } from './speed.ts';
import type { StoredRuns } from './stored-runs.ts';
import type { Cell, Column, Row, Target } from './table.ts';
import type { CpuUse, DiskUse, MemoryUse } from './upkeep.ts';

export interface ColdStart {
  driverKb: number;
  driverMs: number;
  /** An empty module: what the process itself takes. */
  emptyMs: number;
}

/** What parts of the bench give; what was not asked for is missing. */
export interface Measured {
  calibrate?: Calibration;
  costs?: CostFigures;
  trips?: Record<string, RoundTrips>;
  'speed memory'?: Speed;
  'speed lmdb'?: Speed;
  'speed dynamodb'?: Speed;
  memory?: MemoryUse;
  'cpu memory'?: CpuUse;
  'cpu lmdb'?: CpuUse;
  disk?: DiskUse;
  recovery?: Recovery;
  stored?: StoredRuns;
  'cold start'?: ColdStart;
  'graphs memory'?: GraphFigures;
  'graphs lmdb'?: GraphFigures;
}

/**
 * Factor by which a target in units per second is scaled on a slower machine: targets count in full where plain writes reach
 * 2,500/s alone and 55,000/s with 64 in flight.
 */
export function scaleOf({ putsPerSecond, putsPerSecond64 }: Calibration): number {
  return Math.min(1, putsPerSecond / 2_500, putsPerSecond64 / 55_000);
}

export function rowsOf(measured: Measured): Row[] {
  const scale = measured.calibrate ? scaleOf(measured.calibrate) : 1;
  return [
    ...costRows(measured.costs),
    ...tripRows(measured.trips),
    ...speedRows(measured, scale),
    ...upkeepRows(measured),
    ...storedRows(measured, scale),
    ...coldStartRows(measured['cold start']),
    ...graphsRows(measured, scale),
  ].filter(({ cells }) => Object.keys(cells).length > 0);
}

function row(group: string, what: string, unit: string, cells: Row['cells'], target?: Target): Row {
  return { group, what, unit, cells, ...(target && { target }) };
}

/** Absent values make no cell. */
function cellsOf(
  values: Partial<Record<Column, number | undefined>>,
  plain: Partial<Record<Column, number | undefined>> = {},
): Row['cells'] {
  const cells: Row['cells'] = {};
  for (const column of ['memory', 'lmdb', 'dynamodb'] as const) {
    const value = values[column];
    const floor = plain[column];
    if (value !== undefined) cells[column] = { value, ...(floor !== undefined && { plain: floor }) } satisfies Cell;
  }
  return cells;
}

function costRows(costs: CostFigures | undefined): Row[] {
  const group = 'cost on AWS, counted';
  if (costs === undefined) return [];
  const { chains, floorUsd, chain10Units, parallel100Units } = costs;
  return [
    ...chains.map(({ title, usd, mostUsd }) =>
      row(group, `runs of ${title}`, '$ a million steps', cellsOf({ dynamodb: usd }, { dynamodb: floorUsd }), {
        column: 'dynamodb',
        atMost: mostUsd,
      }),
    ),
    row(group, 'a run of ten steps', 'write units', cellsOf({ dynamodb: chain10Units }, { dynamodb: 10 })),
    row(group, '100 parallel steps', 'write units', cellsOf({ dynamodb: parallel100Units }, { dynamodb: 100 }), {
      column: 'dynamodb',
      atMost: 15,
    }),
  ];
}

/** Steps of the paths whose steps are written one after the other. */
const stepsOfPath: Record<string, number> = { 'a run of ten steps': 10, 'a run of a hundred steps': 100 };

/** The same whatever the store; shown where a call costs most. */
function tripRows(trips: Measured['trips']): Row[] {
  const group = 'calls of the store in sequence, counted';
  return Object.entries(trips ?? {}).flatMap(([path, { untilEnd, untilQuiet }]) => {
    const plain = { dynamodb: stepsOfPath[path] };
    const target: Target | undefined = path === 'a run of ten steps' ? { column: 'dynamodb', atMost: 12 } : undefined;
    return [
      row(group, `${path}, until its end is known`, '', cellsOf({ dynamodb: untilEnd }, plain), target),
      row(group, `${path}, until its head is closed`, '', cellsOf({ dynamodb: untilQuiet }, plain), target),
    ];
  });
}

function speedRows({ recovery, ...measured }: Measured, scale: number): Row[] {
  const group = 'speed';
  const stores = {
    memory: measured['speed memory'],
    lmdb: measured['speed lmdb'],
    dynamodb: measured['speed dynamodb'],
  };
  const pick = (name: keyof Speed, floor?: keyof Speed) => {
    const of = (key: keyof Speed | undefined) =>
      Object.fromEntries(Object.entries(stores).map(([store, speed]) => [store, key && speed?.[key]]));
    return cellsOf(of(name), of(floor));
  };
  const steps = row(group, 'steps, 64 runs in flight', '/s', pick('stepsPerSecond64', 'putsPerSecond64'), {
    column: 'lmdb',
    atLeast: 40_000 * scale,
  });
  return [
    row(group, 'a plain write alone, p50', 'ms', pick('putP50')),
    row(group, 'a step alone, p50', 'ms', pick('stepP50', 'putP50'), { column: 'lmdb', ratioAtMost: 1.3 }),
    row(group, 'a step alone, p99', 'ms', pick('stepP99', 'putP99')),
    row(group, 'the start of a run, p50', 'ms', pick('startP50', 'putP50'), { column: 'lmdb', ratioAtMost: 3 }),
    { ...steps, isRate: true },
    {
      ...row(
        group,
        'the same calls of the store, without runs',
        '/s',
        pick('storeStepsPerSecond64', 'putsPerSecond64'),
      ),
      isRate: true,
    },
    row(group, '100 parallel steps', 'ms', pick('fanOut100', 'puts100')),
    row(group, '2,000 parallel steps', 'ms', pick('fanOut2000', 'puts2000'), { column: 'lmdb', atMost: 100 / scale }),
    row(group, 'recovery of 1,000 runs', 'ms', cellsOf({ lmdb: recovery?.runs }, { lmdb: recovery?.plain }), {
      column: 'lmdb',
      atMost: 2_000 / scale,
    }),
  ];
}

function upkeepRows({ memory, disk, 'cpu memory': cpuMemory, 'cpu lmdb': cpuLmdb }: Measured): Row[] {
  const group = 'what it takes';
  return [
    row(
      group,
      'processor, 64 in flight',
      'µs a step',
      cellsOf({ memory: cpuMemory?.step, lmdb: cpuLmdb?.step }, { lmdb: cpuLmdb?.plain }),
      {
        column: 'memory',
        atMost: 15,
      },
    ),
    row(group, 'memory, 64 in flight', 'MB', cellsOf({ lmdb: memory?.ownMb }), { column: 'lmdb', atMost: 150 }),
    row(group, 'the same with pages of the data file', 'MB', cellsOf({ lmdb: memory?.peakMb })),
    row(group, 'the same before the first run', 'MB', cellsOf({ lmdb: memory?.idleMb })),
    row(group, 'disk, a settled run of ten steps', 'bytes', cellsOf({ lmdb: disk?.run }, { lmdb: disk?.plain }), {
      column: 'lmdb',
      atMost: 2_048,
    }),
  ];
}

function storedRows({ stored }: Measured, scale: number): Row[] {
  const group = 'with 100,000 runs stored';
  if (stored === undefined) return [];
  return [
    row(group, 'a list of 50, p99', 'ms', cellsOf({ lmdb: stored.listP99 }), { column: 'lmdb', atMost: 5 / scale }),
    row(group, 'a look at a run, p99', 'ms', cellsOf({ lmdb: stored.showP99 }), { column: 'lmdb', atMost: 5 / scale }),
    row(group, 'the start of a run, p50', 'ms', cellsOf({ lmdb: stored.startP50 }, { lmdb: stored.putP50 })),
    row(group, 'a tick of the sweeper', 'ms', cellsOf({ lmdb: stored.sweepP50 })),
    row(group, 'opened, and a first run ended', 'ms', cellsOf({ lmdb: stored.openMs })),
  ];
}

function coldStartRows(cold: ColdStart | undefined): Row[] {
  const group = 'cold start of the driver function';
  if (cold === undefined) return [];
  return [
    row(group, 'its bundle, read before the first event', 'KB', cellsOf({ dynamodb: cold.driverKb })),
    row(group, 'its import', 'ms', cellsOf({ dynamodb: cold.driverMs }), { column: 'dynamodb', atMost: 150 }),
  ];
}

function graphsRows(measured: Measured, scale: number): Row[] {
  const { 'graphs memory': memory, 'graphs lmdb': lmdb } = measured;
  return graphRows.map(({ what, figure, atMost }) =>
    row(
      'task graphs whose handlers do nothing',
      what,
      'ms',
      cellsOf({ memory: memory?.[figure], lmdb: lmdb?.[figure] }, { lmdb: lmdb?.plain?.[figure] }),
      Number.isFinite(atMost) ? { column: 'lmdb', atMost: atMost / scale } : undefined,
    ),
  );
}

/** What a row says, which figure it shows, and its bound in ms at the reference machine's speed. */
const graphRows: { what: string; figure: Exclude<keyof GraphFigures, 'plain'>; atMost: number }[] = [
  { what: 'chain of 1,000', figure: 'chain1000', atMost: Number.POSITIVE_INFINITY },
  { what: '250 diamonds', figure: 'diamonds250', atMost: Number.POSITIVE_INFINITY },
  { what: '1 to 1,000 to 3', figure: 'fan1000', atMost: 1_000 },
  { what: '10,000 tasks, 50,000 edges', figure: 'layered10000', atMost: 5_000 },
  { what: 'the same, from its text', figure: 'parse10000', atMost: Number.POSITIVE_INFINITY },
  { what: 'the same, resumed', figure: 'resume10000', atMost: 2_000 },
];
