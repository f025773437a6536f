import type { Chunk, JournalEvent, Payload, StoredError } from '../kernel/events.ts';
import { fromJson, loadPayload } from '../kernel/payload.ts';
import type { Ports } from '../kernel/ports.ts';
import type { ErrorView, HistoryEntry, HistoryPage, HistoryQuery } from './api.ts';
import { assertLimit, requireRun } from './checks.ts';

/** Journals as people and programs read them: payloads loaded, times in ISO 8601. */

const defaultLimit = 200;
const maxLimit = 1_000;

export async function getHistory(ports: Ports, id: string, query: HistoryQuery): Promise<HistoryPage> {
  const limit = query.limit ?? defaultLimit;
  assertLimit(limit, maxLimit);
  const record = await requireRun(ports, id);
  const items: HistoryEntry[] = [];
  for await (const entry of historyOf(ports, record.chunks, { after: query.after ?? 0 })) {
    if (items.length === limit) return { items, next: items.at(-1)?.seq as number };
    items.push(entry);
  }
  return { items };
}

/** The chunks' events after a sequence number. `seen`: how many events the journal has before these chunks. */
export async function* historyOf(
  ports: Ports,
  chunks: Chunk[],
  { seen = 0, after = 0 }: { seen?: number; after?: number } = {},
): AsyncGenerator<HistoryEntry> {
  let seq = seen;
  for (const chunk of chunks) {
    for (const event of chunk.events) {
      seq += 1;
      if (seq > after) yield await entryOf(ports, event, seq, chunk.position);
    }
  }
}

const payloadFields = ['result', 'payload', 'output'] as const;
const timeFields = ['startedAt', 'retryAt', 'wakeAt', 'issuedAt', 'due'] as const;

async function entryOf(ports: Ports, event: JournalEvent, seq: number, position: number): Promise<HistoryEntry> {
  const { type, at, ...rest } = event;
  const fields: Record<string, unknown> = { ...rest };
  await showFields(ports, fields);
  if (event.type === 'child_settled') {
    const outcome: Record<string, unknown> = { ...event.outcome };
    await showFields(ports, outcome);
    fields.outcome = outcome;
  }
  if (event.type === 'run_reported') fields.details = fromJson(event.details);
  if (event.type === 'run_suspended') {
    fields.awaiting = event.awaiting.map((awaited) => ({
      ...awaited,
      ...(awaited.due !== undefined && { due: iso(awaited.due) }),
    }));
  }
  if (event.type === 'run_completed' && event.continuedAs) fields.continuedAs = event.continuedAs.id;
  return { seq, position, at: iso(at), type, ...fields };
}

async function showFields(ports: Ports, fields: Record<string, unknown>): Promise<void> {
  for (const field of payloadFields) {
    if (fields[field] !== undefined) fields[field] = await showPayload(ports, fields[field] as Payload);
  }
  for (const field of timeFields) {
    if (typeof fields[field] === 'number') fields[field] = iso(fields[field] as number);
  }
  if (fields.error !== undefined) fields.error = showError(fields.error as StoredError);
}

export async function showPayload(ports: Ports, payload: Payload | undefined): Promise<unknown> {
  return payload === undefined ? undefined : fromJson(await loadPayload(ports, payload));
}

export function showError(error: StoredError): ErrorView {
  const { details, cause, ...rest } = error;
  return {
    ...rest,
    ...(details !== undefined && { details: fromJson(details) }),
    ...(cause !== undefined && { cause: showError(cause) }),
  };
}

/** The farthest from the epoch that a date can be, in ms. */
const farthest = 8.64e15;

/** What no date can be, and only a damaged record holds, is shown as the farthest: it must not hide the rest of a list. */
export function iso(ms: number): string {
  return new Date(Math.max(-farthest, Math.min(farthest, ms))).toISOString();
}
