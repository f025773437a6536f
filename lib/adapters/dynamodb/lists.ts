/**
 * Lists along the indexes. Owns: which index serves a filter, and how much is read for a page. Indexes lag behind the
 * table a little and hold no more than keys, so that what goes into a list of heads is decided by the heads themselves.
 */
import { Fault } from '../../kernel/faults.ts';
import { type Head, isSettled } from '../../kernel/head.ts';
import type { HeadPage, Page, RunFilter, Store, UnreadableRun } from '../../ports/store.ts';
import { fits, fromCursor, isAbsent, type Place, readForList, toCursor, withUnreadable } from '../store-rules.ts';
import { damaged } from './attributes.ts';
import { fromHeadItem } from './head-item.ts';
import {
  compareSks,
  correlationPk,
  createdBetween,
  creationPk,
  dueUntil,
  entrySk,
  headKey,
  idOf,
  openPk,
  placeOf,
  type SkRange,
  settledPk,
  workflowField,
} from './keys.ts';
import { merge } from './merge.ts';
import type { Settings } from './settings.ts';
import { tableShape } from './table.ts';
import type { Item, TableClient } from './table-client.ts';

type Index = keyof typeof tableShape.indexes;
type PageRequest = { limit: number; cursor?: string };

/** Open runs are listed by creation, but indexed by `wakeAt`: all their keys are read. Some 20 MB. */
const MOST_OPEN_RUNS = 100_000;
/** Heads that one page is looked for among. After that it is given out as short as it is. */
const HEADS_PER_PAGE = 1_000;
const HEADS_AT_ONCE = 100;
/** Of each partition, where there are many. A query that finds less than 4 KB costs the same. */
const SMALLEST_FIRST_PAGE = 10;

interface Listing {
  table: TableClient;
  settings: Settings;
  /** Milliseconds. */
  now: number;
}

// --- heads ---------------------------------------------------------------------------------------------------------

export async function listHeads(
  listing: Listing,
  filter: RunFilter,
  { limit, cursor }: PageRequest,
): Promise<HeadPage> {
  const after = cursor === undefined ? undefined : entrySk(fromCursor(cursor));
  const range = createdBetween(filter.createdFrom, filter.createdBefore);
  if (range === undefined) return { items: [] };
  if (after !== undefined && compareSks(after, range.to) < 0) range.to = after;
  if (compareSks(range.from, range.to) >= 0) return { items: [] };

  const found: Head[] = [];
  const unreadable: UnreadableRun[] = [];
  const pageOf = (page: Page<Head>) => withUnreadable(page, unreadable);
  let looked = 0;
  let last: string | undefined;
  for await (const sks of batches(await createdAlong(listing, filter, range, limit), limit + 1)) {
    const candidates = sks.filter((sk) => sk !== after);
    const heads = await livingHeads(listing, candidates, unreadable);
    for (const sk of candidates) {
      const head = heads.get(sk);
      if (head === undefined || !fits(head, filter)) continue;
      if (found.length === limit) return pageOf({ items: found, cursor: toCursor(placeOfHead(found.at(-1) as Head)) });
      found.push(head);
    }
    looked += sks.length;
    last = sks.at(-1);
    if (looked >= HEADS_PER_PAGE && last !== undefined)
      return pageOf({ items: found, cursor: toCursor(placeOf(last)) });
  }
  return pageOf({ items: found });
}

function placeOfHead({ birth }: Head): Place {
  return { at: birth.createdAt, id: birth.id };
}

/** By sort key. An entry whose run has made way for a later one under its id is not that one's. */
async function livingHeads(
  { table, now }: Listing,
  sks: string[],
  unreadable: UnreadableRun[],
): Promise<Map<string, Head>> {
  const ids = new Set(sks.map((sk) => placeOf(sk).id));
  const items = await table.getMany([...ids].map(headKey));
  const heads = items
    .flatMap((item) => readForList(idOf(item.pk), unreadable, () => fromHeadItem(item)) ?? [])
    .filter((head) => !isAbsent(head, now));
  return new Map(heads.map((head) => [entrySk(placeOfHead(head)), head]));
}

/** Sort keys by creation, newest first, from the index with the fewest that do not fit, as far as one can know. */
async function createdAlong(
  listing: Listing,
  filter: RunFilter,
  range: SkRange,
  limit: number,
): Promise<AsyncIterable<string>> {
  const { status, workflow, correlationId } = filter;
  const { settings } = listing;
  const along = (index: Index, partitions: string[]) => walkDown(listing, index, partitions, range, limit);
  const alongWorkflows = (names: Iterable<string>) =>
    along(
      'creation',
      [...names].flatMap((name) => shardsOf(settings, (shard) => creationPk(name, shard))),
    );

  if (correlationId !== undefined) return along('correlation', [correlationPk(correlationId)]);
  // Most runs complete, so that looking among all finds them; the status index does without.
  if (status === undefined || status === 'completed')
    return alongWorkflows(workflow === undefined ? settings.workflows : [workflowField(workflow)]);
  if (!isSettled(status)) {
    const open = await openRuns(listing, range);
    if (open !== undefined) return open;
    if (workflow === undefined) throw tooManyOpen();
    return alongWorkflows([workflowField(workflow)]);
  }
  return along(
    'status',
    shardsOf(settings, (shard) => settledPk(status, shard)),
  );
}

async function* walkDown(
  { table }: Listing,
  index: Index,
  partitions: string[],
  range: SkRange,
  limit: number,
): AsyncGenerator<string, void, undefined> {
  const { sortKey } = tableShape.indexes[index];
  const firstPage = firstPageOf(limit, partitions.length);
  const pages = partitions.map((partition) =>
    table.query({ index, keys: between(index, partition, range), descending: true, firstPage }),
  );
  const sks = pages.map((source) => mapPages(source, (entry) => String(entry[sortKey])));
  yield* merge(sks, (a, b) => compareSks(b, a));
}

/** `undefined`: there are too many. */
async function openRuns({ table, settings }: Listing, range: SkRange): Promise<AsyncIterable<string> | undefined> {
  const found = new Set<string>();
  let seen = 0;
  const readShard = async (partition: string) => {
    const { partitionKey } = tableShape.indexes.status;
    const keys = { text: `#${partitionKey} = :pk`, values: { ':pk': partition } };
    for await (const page of table.query({ index: 'status', keys })) {
      seen += page.length;
      if (seen > MOST_OPEN_RUNS) return;
      for (const entry of page) {
        const sk = projected(entry, 'creationSk');
        if (compareSks(sk, range.from) >= 0 && compareSks(sk, range.to) <= 0) found.add(sk);
      }
    }
  };
  await Promise.all(shardsOf(settings, openPk).map(readShard));
  return seen > MOST_OPEN_RUNS ? undefined : eachOf([...found].sort((a, b) => compareSks(b, a)));
}

function tooManyOpen(): Fault {
  return new Fault(
    'too_large',
    `More than ${MOST_OPEN_RUNS} runs are open: too many to be put in order. List those of one workflow.`,
  );
}

// --- what is due ---------------------------------------------------------------------------------------------------

type DueRun = Awaited<ReturnType<Store['listDue']>>['items'][number];

export async function listDue(
  { table, settings, now }: Listing,
  until: number,
  { limit, cursor }: PageRequest,
): Promise<Page<DueRun>> {
  const range = dueUntil(until);
  const after = cursor === undefined ? undefined : entrySk(fromCursor(cursor));
  if (after !== undefined) range.from = after;
  if (compareSks(range.from, range.to) >= 0) return { items: [] };

  const partitions = shardsOf(settings, openPk);
  const firstPage = firstPageOf(limit, partitions.length);
  const sources = partitions.map((partition) =>
    table.query({ index: 'status', keys: between('status', partition, range), firstPage }),
  );
  const items: DueRun[] = [];
  for await (const entry of merge(sources, (a, b) => compareSks(statusSkOf(a), statusSkOf(b)))) {
    if (statusSkOf(entry) === after || projected(entry, 'expiresAt') <= now) continue;
    const last = items.at(-1);
    if (last !== undefined && items.length === limit)
      return { items, cursor: toCursor({ at: last.wakeAt, id: last.id }) };
    items.push({ id: idOf(entry.pk), wakeAt: placeOf(statusSkOf(entry)).at });
  }
  return { items };
}

function statusSkOf(entry: Item): string {
  return String(entry[tableShape.indexes.status.sortKey]);
}

// --- along an index ------------------------------------------------------------------------------------------------

/** Also those partitions that only older entries lie in. */
function shardsOf({ mostShards }: Settings, partition: (shard: number) => string): string[] {
  return Array.from({ length: mostShards }, (_, shard) => partition(shard));
}

function between(index: Index, partition: string, { from, to }: SkRange) {
  const { partitionKey, sortKey } = tableShape.indexes[index];
  return {
    text: `#${partitionKey} = :pk AND #${sortKey} BETWEEN :from AND :to`,
    values: { ':pk': partition, ':from': from, ':to': to },
  };
}

/** One more than a page, since only that tells whether it is the last; of many partitions somewhat more than their share. */
function firstPageOf(limit: number, partitions: number): number {
  return Math.min(limit + 1, Math.max(SMALLEST_FIRST_PAGE, Math.ceil((2 * limit) / partitions)));
}

/** Throws `Fault` corrupt where the index was made without the attribute. */
function projected(entry: Item, attribute: 'creationSk'): string;
function projected(entry: Item, attribute: 'expiresAt'): number;
function projected(entry: Item, attribute: string): unknown {
  const value = entry[attribute];
  if (value === undefined) throw damaged(entry, `the index "status" does not have its ${attribute}`);
  return value;
}

async function* mapPages<T, U>(pages: AsyncIterable<T[]>, map: (item: T) => U): AsyncGenerator<U[], void, undefined> {
  for await (const page of pages) yield page.map(map);
}

async function* eachOf<T>(items: T[]): AsyncGenerator<T, void, undefined> {
  yield* items;
}

/** Without repetitions. The first as many as a page needs, then more: these are sought among those that do not fit. */
async function* batches<T>(items: AsyncIterable<T>, first: number): AsyncGenerator<T[], void, undefined> {
  let batch: T[] = [];
  let length = Math.min(first, HEADS_AT_ONCE);
  let previous: T | undefined;
  for await (const item of items) {
    if (item === previous) continue;
    previous = item;
    batch.push(item);
    if (batch.length < length) continue;
    yield batch;
    batch = [];
    length = HEADS_AT_ONCE;
  }
  if (batch.length > 0) yield batch;
}
