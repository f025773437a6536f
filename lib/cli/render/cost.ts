import { type Assumptions, assumedText } from '../../cost/assumptions.ts';
import { type Amounts, type BillLine, entriesOf } from '../../cost/bill.ts';
import type { EstimatedRun } from '../../cost/estimate.ts';
import type { IdleMonth } from '../../cost/idle-month.ts';
import { type Priced, priceTable } from '../../cost/prices.ts';
import type { ChainBill } from '../../cost/reference/chains.ts';
import {
  type CostTable,
  chainTable,
  floorUsd,
  mapTable,
  mapWriteTable,
  pathTable,
} from '../../cost/reference/tables.ts';
import { humanDuration } from './duration.ts';
import { type Canvas, type Cell, table } from './table.ts';

const million = 1_000_000;

/** One run, item by item. */
export function runCostLines(
  { run, bill, tasks, skippedMs }: EstimatedRun,
  assumed: Assumptions,
  canvas: Canvas,
): string[] {
  const { dim, bold } = canvas.colors;
  const skipped = skippedMs > 0 ? `, which waits for ${humanDuration(skippedMs)}` : '';
  const { writeUnits, readUnits, queueRequests, invocations } = bill.totals;
  const counted = Object.entries({ writeUnits, readUnits, queueRequests, invocations });
  const amounts: Amounts = Object.fromEntries(counted.filter(([, amount]) => amount !== undefined));
  const total = { item: 'one run', by: '', times: undefined, amounts: {}, usd: bill.usd };
  const row = (line: BilledRow) => billRow(line, tasks);
  return [
    bold(`One run of ${run.workflow} version ${run.version}${skipped}`),
    ...table(
      [
        { title: 'ITEM' },
        { title: 'BY' },
        { title: 'TIMES', align: 'right' },
        { title: 'UNITS', shrinkTo: 24 },
        { title: '$ A MILLION TASKS', align: 'right' },
        { title: '$ A MILLION RUNS', align: 'right' },
      ],
      [
        ...bill.lines.map(row),
        row(total).map((cell) => ({ ...cell, paint: bold })),
        ...bill.apart.map((line) => row({ ...line, item: `apart: ${line.item}` })),
      ],
      canvas,
    ),
    `One run is ${amountsText(amounts)}: ${dollars(bill.usd, 8)}.`,
    ...assumedLines(assumed, canvas),
    ...(bill.once.length > 0
      ? [dim(`Once for each new process or workflow, and not in the sum: ${unitsOf(bill.once)}.`)]
      : []),
    dim('Not counted: what steps themselves use, and data that leaves the region.'),
  ];
}

function assumedLines(assumed: Assumptions, { colors: { dim } }: Canvas): string[] {
  return [
    dim(`List prices of ${priceTable.region}, collected on ${priceTable.collected}.`),
    dim(`Assumed: ${assumedText(assumed)}; no traces, which are off by default.`),
    dim('Apart: a run can be started by other ways than HTTP, and point-in-time recovery can be turned off.'),
  ];
}

/** What Pawl's own short runs cost, and what each path of a run takes. */
export function referenceLines(chains: readonly ChainBill[], assumed: Assumptions, canvas: Canvas): string[] {
  const { bold } = canvas.colors;
  const taskMs = assumed.stepMs + assumed.requestMs;
  return [
    bold('Runs of short steps, one after the other'),
    ...plainTable(chainTable(chains), canvas, 'right'),
    `The floor, one durable write and ${taskMs} ms of a function for each task, is ${floorUsd(assumed).toFixed(2)}.`,
    ...assumedLines(assumed, canvas),
    '',
    bold('What a run may go through'),
    ...plainTable(pathTable(), canvas, 'left'),
    '',
    bold('A map with each item in a child of one step'),
    ...plainTable(mapTable(), canvas, 'right'),
    '',
    ...plainTable(mapWriteTable(), canvas, 'left'),
  ];
}

function plainTable({ titles, rows }: CostTable, canvas: Canvas, align: 'left' | 'right'): string[] {
  const columns = titles.map((title, index) => ({
    title: title.toUpperCase(),
    ...(index > 0 && { align }),
    ...(title === 'why' && { shrinkTo: 16 }),
  }));
  return table(
    columns,
    rows.map((row) => row.map((text) => ({ text }))),
    canvas,
  );
}

/** A month without runs, line by line. */
export function idleMonthLines(month: IdleMonth, assumed: Assumptions, canvas: Canvas): string[] {
  const { dim, bold } = canvas.colors;
  const row = (item: string, basis: string, units: string, usd: number): Cell[] => [
    { text: item },
    { text: basis, paint: dim },
    { text: units },
    { text: usd.toFixed(2) },
  ];
  const always = month.lines.filter(({ optional }) => !optional);
  const optional = month.lines.filter((line) => line.optional);
  return [
    bold(`A month of ${assumed.monthDays} days in which nothing runs`),
    ...table(
      [
        { title: 'ITEM' },
        { title: 'WHY', shrinkTo: 16 },
        { title: 'UNITS', shrinkTo: 24 },
        { title: '$ A MONTH', align: 'right' },
      ],
      [
        ...always.map(({ item, basis, amounts, usd }) => row(item, basis, amountsText(amounts), usd)),
        row('in all', '', '', month.usd).map((cell) => ({ ...cell, paint: bold })),
        ...optional.map(({ item, basis, amounts, usd }) => row(`off: ${item}`, basis, amountsText(amounts), usd)),
      ],
      canvas,
    ),
    dim(
      `What AWS gives every account each month leaves ${dollars(month.usdBeyondFree, 2)} of it, if nothing else takes that.`,
    ),
  ];
}

type BilledRow = Omit<BillLine, 'times'> & { times: number | undefined };

function billRow({ item, by, times, amounts, usd }: BilledRow, tasks: number): Cell[] {
  return [
    { text: item },
    { text: by },
    { text: times === undefined ? '' : String(times) },
    { text: amountsText(amounts) },
    { text: tasks === 0 ? '' : ((usd * million) / tasks).toFixed(2) },
    { text: (usd * million).toFixed(2) },
  ];
}

function unitsOf(lines: readonly BillLine[]): string {
  return lines.map(({ amounts }) => amountsText(amounts)).join(', ');
}

/** `13 write units, 2 read units`. What there is none of is not named. */
export function amountsText(amounts: Amounts): string {
  return entriesOf(amounts)
    .filter(([, amount]) => amount > 0)
    .map(([name, amount]) => `${number(amount)} ${unitNames[name][amount === 1 ? 0 : 1]}`)
    .join(', ');
}

const unitNames: Record<Priced, [one: string, many: string]> = {
  writeUnits: ['write unit', 'write units'],
  readUnits: ['read unit', 'read units'],
  tableGbMonths: ['GB-month', 'GB-months'],
  recoveryGbMonths: ['GB-month of recovery', 'GB-months of recovery'],
  queueRequests: ['SQS request', 'SQS requests'],
  invocations: ['invocation', 'invocations'],
  gbSeconds: ['GB-s', 'GB-s'],
  httpRequests: ['HTTP request', 'HTTP requests'],
  scheduledEvents: ['event', 'events'],
  blobPuts: ['S3 write', 'S3 writes'],
  blobGets: ['S3 read', 'S3 reads'],
  blobGbMonths: ['GB-month', 'GB-months'],
  blobTags: ['tag-month', 'tag-months'],
  logGb: ['GB of logs', 'GB of logs'],
  metrics: ['metric', 'metrics'],
  alarmMetrics: ['alarm metric', 'alarm metrics'],
  dashboards: ['dashboard', 'dashboards'],
  traces: ['trace', 'traces'],
};

/** Three digits that say something; whole numbers as they are. */
function number(amount: number): string {
  if (Number.isInteger(amount)) return amount.toLocaleString('en-US');
  return amount >= 0.001 ? String(Number(amount.toPrecision(3))) : amount.toExponential(1);
}

function dollars(usd: number, digits: number): string {
  return `$${usd.toFixed(digits)}`;
}
