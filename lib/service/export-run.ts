import type { Awaiting, Birth, JournalEvent, StoredError } from '../kernel/events.ts';
import { FORMAT } from '../kernel/events.ts';
import { Fault } from '../kernel/faults.ts';
import type { Ports } from '../kernel/ports.ts';
import { seedOf } from '../kernel/program.ts';
import type { ErrorView, ExportedRun, HistoryEntry } from './api.ts';
import { requireRun } from './checks.ts';
import { historyOf, iso, showPayload } from './history.ts';

/** Throws `Fault` not_found. */
export async function exportRun(ports: Ports, id: string): Promise<ExportedRun> {
  const record = await requireRun(ports, id);
  const { birth } = record.head;
  const history: HistoryEntry[] = [];
  for await (const entry of historyOf(ports, record.chunks)) history.push(entry);
  const input = await showPayload(ports, birth.input);
  return {
    format: 1,
    run: {
      id,
      workflow: birth.workflow,
      version: birth.version,
      createdAt: iso(birth.createdAt),
      deadline: iso(birth.deadline),
      ...(birth.correlationId !== undefined && { correlationId: birth.correlationId }),
      seed: seedOf(ports.ids, birth),
    },
    ...(input !== undefined && { input }),
    history,
  };
}

/** What a program needs of an exported run. The nonce is not the run's: tokens come out different. */
export interface ImportedRun {
  birth: Birth;
  seed: string;
  events: JournalEvent[];
}

/** Throws `Fault` invalid_input for what no `exportRun` has made. */
export function importRun(exported: ExportedRun): ImportedRun {
  const { run, history } = exported;
  if (exported.format !== 1 || typeof run?.seed !== 'string' || !Array.isArray(history)) {
    throw new Fault(
      'invalid_input',
      'This is not an exported run of format 1. Export one with run.export() or `pawl history <id> --export`.',
    );
  }
  return {
    birth: {
      format: FORMAT,
      id: run.id,
      nonce: 'exported',
      workflow: run.workflow,
      version: run.version,
      ...(exported.input !== undefined && { input: JSON.stringify(exported.input) }),
      createdAt: Date.parse(run.createdAt),
      deadline: Date.parse(run.deadline),
      retention: 0,
      ...(run.correlationId !== undefined && { correlationId: run.correlationId }),
    },
    seed: run.seed,
    events: history.map(toEvent),
  };
}

const payloadFields = ['result', 'payload', 'output'] as const;
const timeFields = ['at', 'startedAt', 'retryAt', 'wakeAt', 'issuedAt'] as const;

/** The inverse of how history shows an event. */
function toEvent({ seq: _seq, position: _position, ...entry }: HistoryEntry): JournalEvent {
  const event = storedFields(entry);
  if (event.outcome !== undefined) event.outcome = storedFields(event.outcome as Record<string, unknown>);
  if (event.type === 'run_reported') event.details = JSON.stringify(event.details);
  if (event.awaiting !== undefined) event.awaiting = (event.awaiting as ShownAwaiting[]).map(toAwaiting);
  if (event.continuedAs !== undefined) event.continuedAs = { id: event.continuedAs };
  return event as unknown as JournalEvent;
}

function storedFields(shown: Record<string, unknown>): Record<string, unknown> {
  const fields = { ...shown };
  for (const name of payloadFields) if (fields[name] !== undefined) fields[name] = JSON.stringify(fields[name]);
  for (const name of timeFields) if (typeof fields[name] === 'string') fields[name] = Date.parse(fields[name]);
  if (fields.error !== undefined) fields.error = toStoredError(fields.error as ErrorView);
  return fields;
}

type ShownAwaiting = Omit<Awaiting, 'due'> & { due?: string };

function toAwaiting({ due, ...awaited }: ShownAwaiting): Awaiting {
  return { ...awaited, ...(due !== undefined && { due: Date.parse(due) }) };
}

function toStoredError({ details, cause, ...error }: ErrorView): StoredError {
  return {
    ...error,
    ...(details !== undefined && { details: JSON.stringify(details) }),
    ...(cause !== undefined && { cause: toStoredError(cause) }),
  };
}
