/** From what was used to what it costs, item by item. Pure. */
import { type Assumptions, billedGbSeconds } from './assumptions.ts';
import { costOf, type Priced } from './prices.ts';
import { allWriteUnits, type BlobUse, isOnce, type QueueUse, type TableUse, type Use } from './uses.ts';

export type Amounts = Partial<Record<Priced, number>>;

export interface BillLine {
  item: string;
  /** Who asked for it, where there is one answer. */
  by: string;
  times: number;
  amounts: Amounts;
  usd: number;
}

export interface Bill {
  lines: BillLine[];
  /** Of all lines. */
  totals: Amounts;
  usd: number;
  /** What is paid for a way to call Pawl that there need not be, and for backups that can be turned off. Not in the sum. */
  apart: BillLine[];
  /** What a process or a workflow needs once, however many runs follow. Not in the sum. */
  once: BillLine[];
}

/** What is used in an idle month, too, is left out: the sweeper's looks, the pollers' empty hands. */
export function billOf(uses: readonly Use[], assumed: Assumptions): Bill {
  const ofRuns = uses.filter((use) => !isIdle(use));
  const all = linesOf(
    ofRuns.filter((use) => !isOnce(use)),
    assumed,
  );
  const lines = all.filter(({ item }) => !apart.has(item));
  const totals = lines.reduce<Amounts>((sum, { amounts }) => together(sum, amounts), {});
  return {
    lines,
    totals,
    usd: usdOf(totals),
    apart: all.filter(({ item }) => apart.has(item)),
    once: linesOf(ofRuns.filter(isOnce), assumed),
  };
}

const apart = new Set(['HTTP request', 'point-in-time recovery']);

function linesOf(uses: readonly Use[], assumed: Assumptions): BillLine[] {
  const lines = new Map<string, BillLine>();
  for (const use of uses) {
    for (const { item, amounts } of itemsOf(use, assumed)) {
      const line = lines.get(item);
      lines.set(item, {
        item,
        by: line === undefined || line.by === use.by ? use.by : 'several',
        times: (line?.times ?? 0) + 1,
        amounts: together(line?.amounts ?? {}, amounts),
        usd: (line?.usd ?? 0) + usdOf(amounts),
      });
    }
  }
  return [...lines.values()].sort((a, b) => orderOf(a.item) - orderOf(b.item));
}

/** All that a tick of the sweeper uses, which no run has to pay. */
export function billedTick(uses: readonly Use[], assumed: Assumptions): Amounts {
  return uses.flatMap((use) => itemsOf(use, assumed)).reduce<Amounts>((sum, { amounts }) => together(sum, amounts), {});
}

export function together(a: Amounts, b: Amounts): Amounts {
  const sum: Amounts = { ...a };
  for (const [name, amount] of entriesOf(b)) sum[name] = (sum[name] ?? 0) + amount;
  return sum;
}

export function times(amounts: Amounts, factor: number): Amounts {
  return Object.fromEntries(entriesOf(amounts).map(([name, amount]) => [name, amount * factor]));
}

export function usdOf(amounts: Amounts): number {
  return entriesOf(amounts).reduce((sum, [name, amount]) => sum + costOf(name, amount), 0);
}

export function entriesOf(amounts: Amounts): [Priced, number][] {
  return Object.entries(amounts) as [Priced, number][];
}

/** What goes on in a month without a run, too: the sweeper's look, and the pollers' empty hands. */
function isIdle(use: Use): boolean {
  if (use.service === 'lambda') return use.by === 'sweeper';
  if (use.service === 'sqs') {
    const isLookingForDead = use.by === 'sweeper' && use.operation !== 'SendMessage';
    return isLookingForDead || (use.operation === 'ReceiveMessage' && use.messages === 0);
  }
  return use.service === 'dynamodb' && use.by === 'sweeper' && use.about !== 'head' && use.about !== 'mail';
}

const gigabyte = 1_024 ** 3;

interface BilledItem {
  item: string;
  amounts: Amounts;
}

/** In the order in which they are shown. */
const order = [
  'create',
  'long input',
  'append',
  'settle',
  'move of the wake time',
  'head update',
  'mail',
  'mail removed',
  'lost condition',
  'failed request',
  'read of the run',
  'read of the head',
  'read of an event',
  'lists',
  'settings',
  'storage until expiry',
  'message sent',
  'message received',
  'message deleted',
  'message given back',
  'payload written',
  'payload storage until expiry',
  'payload read',
  'api function',
  'trigger function',
  'driver function',
  'logs of steps',
  'traces',
  'HTTP request',
  'point-in-time recovery',
];

function orderOf(item: string): number {
  const place = order.indexOf(item);
  return place === -1 ? order.length : place;
}

function itemsOf(use: Use, assumed: Assumptions): BilledItem[] {
  switch (use.service) {
    case 'dynamodb':
      return tableItems(use, assumed);
    case 'sqs':
      return [{ item: queueItem(use), amounts: { queueRequests: use.requests } }];
    case 's3':
      return blobItems(use);
    case 'lambda': {
      const amounts = { invocations: 1, gbSeconds: billedGbSeconds(use, assumed) };
      const items: BilledItem[] = [{ item: `${use.by} function`, amounts }];
      if (use.steps > 0)
        items.push({ item: 'logs of steps', amounts: { logGb: (use.steps * assumed.logBytes) / gigabyte } });
      // The construct leaves the sweeper's ticks untraced.
      const traces = use.by === 'sweeper' ? 0 : assumed.tracesPerInvocation;
      if (traces > 0) items.push({ item: 'traces', amounts: { traces } });
      if (use.by !== 'api') return items;
      const http = { httpRequests: 1, logGb: assumed.accessLogBytes / gigabyte };
      return [...items, { item: 'HTTP request', amounts: http }];
    }
  }
}

function tableItems(use: TableUse, { pointInTimeRecovery }: Assumptions): BilledItem[] {
  const amounts: Amounts = {};
  if (allWriteUnits(use) > 0) amounts.writeUnits = allWriteUnits(use);
  if (use.readUnits > 0) amounts.readUnits = use.readUnits;
  const items: BilledItem[] = [{ item: tableItem(use), amounts }];
  if (use.gbMonths !== 0) {
    items.push({ item: 'storage until expiry', amounts: { tableGbMonths: use.gbMonths } });
    if (pointInTimeRecovery)
      items.push({ item: 'point-in-time recovery', amounts: { recoveryGbMonths: use.gbMonths } });
  }
  return items;
}

function tableItem({ about, operation, outcome, head, readUnits }: TableUse): string {
  if (about === 'settings') return 'settings';
  if (outcome === 'condition_failed') return 'lost condition';
  if (outcome === 'failed') return 'failed request';
  if (readUnits > 0)
    return { run: 'read of the run', head: 'read of the head', event: 'read of an event' }[about] ?? 'lists';
  const isPut = operation === 'PutItem';
  const isRemoval = operation === 'DeleteItem' || operation === 'BatchWriteItem';
  switch (about) {
    case 'head':
      if (isRemoval) return 'head removed';
      if (isPut) return 'create';
      return { closed: 'settle', moved: 'move of the wake time', kept: 'head update' }[head ?? 'kept'];
    case 'event':
      return isPut ? 'append' : 'event removed';
    case 'mail':
      return isPut ? 'mail' : 'mail removed';
    case 'birth':
      return isPut ? 'long input' : 'long input removed';
    default:
      return `${operation} of ${about}`;
  }
}

function queueItem({ operation }: QueueUse): string {
  switch (operation) {
    case 'SendMessage':
    case 'SendMessageBatch':
      return 'message sent';
    case 'ReceiveMessage':
      return 'message received';
    case 'DeleteMessage':
    case 'DeleteMessageBatch':
      return 'message deleted';
    case 'ChangeMessageVisibility':
      return 'message given back';
    default:
      return operation;
  }
}

function blobItems({ tier, operation, gbMonths, tagMonths }: BlobUse): BilledItem[] {
  if (tier === 'free') return [{ item: 'payload removed', amounts: {} }];
  if (tier === 'get') return [{ item: 'payload read', amounts: { blobGets: 1 } }];
  if (operation !== 'PutObject') return [{ item: 'payloads listed', amounts: { blobPuts: 1 } }];
  return [
    { item: 'payload written', amounts: { blobPuts: 1 } },
    { item: 'payload storage until expiry', amounts: { blobGbMonths: gbMonths, blobTags: tagMonths } },
  ];
}
