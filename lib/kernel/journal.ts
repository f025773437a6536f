import type { Awaiting, Birth, Chunk, JournalEvent, OpenChild, OutsideEvent, RunEvent, StoredError } from './events.ts';
import { FORMAT } from './events.ts';
import { Fault } from './faults.ts';
import type { HeadState, SettledStatus } from './head.ts';

/**
 * The fold: what a journal says about its run. Owns every rule by which an event changes the run's state; knows nothing
 * of programs, drivers or time.
 *
 * A journal is extended chunk by chunk as it is read, and event by event while a driver fills its next chunk.
 */

export type Phase =
  /** No driver has written yet (K10). */
  | { phase: 'fresh' }
  /** A driver claims it until the lease ends. */
  | { phase: 'claimed'; driver: string; leaseUntil: number }
  | { phase: 'suspended'; wakeAt: number; awaiting: Awaiting[]; paused: boolean }
  | { phase: 'blocked'; at: number; code: string; message: string; retryAt: number }
  | { phase: 'settled'; end: SettledEvent };

export type SettledEvent = Extract<RunEvent, { type: 'run_completed' | 'run_failed' | 'run_cancelled' }>;

export interface Journal {
  readonly birth: Birth;
  /** Position of the last append. */
  position: number;
  /** All events in their order, those included that are not yet written. */
  events: JournalEvent[];
  /** Time of the latest event; never goes back. */
  at: number;
  current: Phase;
  /** By a person's command. */
  paused: boolean;
  cancel: { at: number; reason: string | undefined } | undefined;
  timedOut: boolean;
  /** Counts reopenings; commands for another epoch are absorbed (K20, K21). */
  epoch: number;
  /** Takeovers since a step ended or a turn did. */
  takeovers: number;
  /** How often the run was blocked since it last went on. */
  blocks: number;
  /** Steps with a `task_started` and no outcome. */
  started: Map<string, { attempt: number; alone: boolean }>;
  /** Steps during which a driver died; some of them the program may not want any more. */
  suspects: Set<string>;
  /** How often a driver died while just this step ran. */
  crashes: Map<string, number>;
  /** Outside events that the journal holds, by id. */
  heard: Set<string>;
  report: string | undefined;
  /** The latest pause or resume, by the API's time and id (K20). */
  command: { issuedAt: number; id: string } | undefined;
}

export function openJournal(birth: Birth): Journal {
  if (birth.format > FORMAT) throw newerFormat(birth.id, birth.format);
  return {
    birth,
    position: 0,
    events: [],
    at: birth.createdAt,
    current: { phase: 'fresh' },
    paused: false,
    cancel: undefined,
    timedOut: false,
    epoch: 0,
    takeovers: 0,
    blocks: 0,
    started: new Map(),
    suspects: new Set(),
    crashes: new Map(),
    heard: new Set(),
    report: undefined,
    command: undefined,
  };
}

export function foldJournal(birth: Birth, chunks: Chunk[]): Journal {
  const journal = openJournal(birth);
  for (const chunk of chunks) extendJournal(journal, chunk);
  return journal;
}

/** Adds what one append wrote. Throws `Fault` corrupt on a gap, newer_format on a chunk from the future (K6, K26). */
export function extendJournal(journal: Journal, chunk: Chunk): void {
  beginChunk(journal, chunk);
  for (const event of chunk.events) applyEvent(journal, event);
}

/** The part of a chunk that is not events: position, claim, takeover. */
function beginChunk(journal: Journal, chunk: Chunk): void {
  if (chunk.format > FORMAT) throw newerFormat(journal.birth.id, chunk.format);
  if (chunk.position !== journal.position + 1) {
    throw new Fault(
      'corrupt',
      `Journal of run ${journal.birth.id}: position ${journal.position + 1} is missing, found ${chunk.position}`,
    );
  }
  journal.position = chunk.position;
  journal.at = Math.max(journal.at, chunk.at);
  if (journal.current.phase === 'settled') return;
  if (chunk.takeover) takeOver(journal);
  if (chunk.driver)
    journal.current = { phase: 'claimed', driver: chunk.driver.id, leaseUntil: chunk.driver.leaseUntil };
}

function takeOver(journal: Journal): void {
  journal.takeovers += 1;
  for (const [key, { alone }] of journal.started) {
    journal.suspects.add(key);
    if (alone) journal.crashes.set(key, (journal.crashes.get(key) ?? 0) + 1);
  }
  journal.started.clear();
}

/** Whether the event still counts: a settled run absorbs everything, and commands of another epoch are void. */
function counts(journal: Journal, event: JournalEvent): boolean {
  if (journal.current.phase === 'settled') return false;
  return !('epoch' in event) || event.epoch === journal.epoch;
}

function applyEvent(journal: Journal, event: JournalEvent): void {
  journal.events.push(event);
  if (isOutside(event)) journal.heard.add(event.id);
  journal.at = Math.max(journal.at, event.at);
  if (!counts(journal, event)) return;
  switch (event.type) {
    case 'task_started':
      if (event.kind === 'step')
        journal.started.set(event.key, { attempt: event.attempt, alone: event.alone === true });
      return;
    case 'task_retried':
    case 'task_completed':
    case 'task_failed':
      journal.started.delete(event.key);
      journal.suspects.delete(event.key);
      if (event.type === 'task_retried' || event.kind === 'step') {
        journal.takeovers = 0;
        journal.blocks = 0;
      }
      return;
    case 'run_cancel_requested':
      journal.cancel ??= { at: event.at, reason: event.reason };
      journal.paused = false;
      return;
    case 'run_paused':
    case 'run_resumed':
      if (isLater(event, journal.command)) {
        journal.command = { issuedAt: event.issuedAt, id: event.id };
        journal.paused = event.type === 'run_paused' && journal.cancel === undefined && !journal.timedOut;
      }
      return;
    case 'run_timed_out':
      journal.timedOut = true;
      // The deadline holds pause or not, and so does the compensation behind it (K25).
      journal.paused = false;
      return;
    case 'run_reported':
      journal.report = event.details;
      return;
    case 'run_suspended':
      journal.current = {
        phase: 'suspended',
        wakeAt: event.wakeAt,
        awaiting: event.awaiting,
        paused: event.paused === true,
      };
      journal.started.clear();
      journal.takeovers = 0;
      journal.blocks = 0;
      return;
    case 'run_blocked':
      journal.current = {
        phase: 'blocked',
        at: event.at,
        code: event.code,
        message: event.message,
        retryAt: event.retryAt,
      };
      journal.blocks += 1;
      return;
    case 'run_completed':
    case 'run_failed':
    case 'run_cancelled':
      journal.current = { phase: 'settled', end: event };
      return;
    case 'run_versioned':
    case 'run_signalled':
    case 'child_settled':
      return;
    default:
      event satisfies never;
  }
}

/** It puts the run aside, and ends the claim of whoever wrote it. */
export function isParking({ type }: JournalEvent): boolean {
  return type === 'run_suspended' || type === 'run_blocked';
}

export function isSettling(event: JournalEvent): event is SettledEvent {
  return event.type === 'run_completed' || event.type === 'run_failed' || event.type === 'run_cancelled';
}

export function isOutside(event: JournalEvent): event is OutsideEvent {
  return 'id' in event;
}

/** Ids of those of the events that came from outside. */
export function outsideIds(events: readonly JournalEvent[]): string[] {
  const ids: string[] = [];
  for (const event of events) if (isOutside(event)) ids.push(event.id);
  return ids;
}

function isLater(event: { issuedAt: number; id: string }, than: { issuedAt: number; id: string } | undefined): boolean {
  if (!than) return true;
  return event.issuedAt > than.issuedAt || (event.issuedAt === than.issuedAt && event.id > than.id);
}

function newerFormat(id: string, format: number): Fault {
  return new Fault(
    'newer_format',
    `Run ${id} was written in format ${format}; this Pawl knows up to ${FORMAT}. Install the version that wrote it, or a later one.`,
  );
}

export function settledStatus(end: SettledEvent): SettledStatus {
  if (end.type === 'run_completed') return 'completed';
  return end.type === 'run_failed' ? 'failed' : 'cancelled';
}

/** The children that the journal shows as started and not as ended, by key. */
export function startedChildren({ events }: Journal): Map<string, OpenChild> {
  const children = new Map<string, OpenChild>();
  for (const event of events) {
    if (event.type === 'task_started' && event.child !== undefined) {
      children.set(event.key, { key: event.key, id: event.child });
    } else if (event.type === 'child_settled') children.delete(event.key);
  }
  return children;
}

/** What a head should say about this journal (invariant 6). `fresh` and `claimed` runs keep the `wakeAt` they have. */
export function headStateOf(journal: Journal, wakeAt: number): HeadState {
  const { current } = journal;
  switch (current.phase) {
    case 'fresh':
      return { status: 'pending', wakeAt };
    case 'claimed':
      return { status: 'running', wakeAt: current.leaseUntil };
    case 'suspended':
      return { status: current.paused ? 'paused' : 'waiting', wakeAt: current.wakeAt };
    case 'blocked':
      return { status: 'blocked', wakeAt: current.retryAt, reason: current.message };
    case 'settled':
      return { status: settledStatus(current.end), closedAt: current.end.at };
  }
}

/** The error with which a settled run ended, if it did not complete. */
export function settledError(end: SettledEvent): StoredError | undefined {
  return end.type === 'run_completed' ? undefined : end.error;
}
