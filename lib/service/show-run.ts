import type { Mail } from '../kernel/events.ts';
import { Fault } from '../kernel/faults.ts';
import { type Head, isOpen, isSettled, type RunStatus } from '../kernel/head.ts';
import { foldJournal, type Journal, settledError, settledStatus } from '../kernel/journal.ts';
import { neverStarted } from '../kernel/outbox.ts';
import { fromJson } from '../kernel/payload.ts';
import type { Ports } from '../kernel/ports.ts';
import type { RunRecord } from '../ports/store.ts';
import type { ListRunsQuery, RunPage, RunSummary, RunView } from './api.ts';
import { assertLimit, hasEnded, requireRun } from './checks.ts';
import { iso, showError, showPayload } from './history.ts';

type UnreadView = NonNullable<RunView['unread']>[number];
const maxUnread = 50;

/** The run as its journal says. */
export async function getRun(ports: Ports, id: string): Promise<RunView> {
  return showRun(ports, await requireRun(ports, id));
}

/** A run as it was created: whoever has just done that need not read it. */
export function showNewRun(ports: Ports, head: Head): Promise<RunView> {
  return showRun(ports, { head, chunks: [], mail: [] });
}

async function showRun(ports: Ports, record: RunRecord): Promise<RunView> {
  const journal = foldJournal(record.head.birth, record.chunks);
  const { birth } = journal;
  const input = await showPayload(ports, birth.input);
  return {
    id: birth.id,
    workflow: birth.workflow,
    version: birth.version,
    status: statusOf(journal, record.head),
    createdAt: iso(birth.createdAt),
    updatedAt: iso(journal.at),
    deadline: iso(birth.deadline),
    ...(input !== undefined && { input }),
    ...(await endFields(ports, journal, record.head)),
    ...openFields(journal),
    ...(journal.report !== undefined && { report: fromJson(journal.report) }),
    ...(birth.correlationId !== undefined && { correlationId: birth.correlationId }),
    ...(birth.idempotencyKey !== undefined && { key: birth.idempotencyKey }),
    ...(birth.origin !== undefined && { origin: birth.origin }),
    ...(birth.parent && { parent: { id: birth.parent.id, task: birth.parent.key } }),
    ...waitingFields(journal, record),
    events: journal.events.length,
  };
}

/** What is still mail counts too: a run that is blocked reads it once its code fits again. */
function waitingFields(journal: Journal, { head, mail }: RunRecord): Partial<RunView> {
  const unread = hasEnded(journal, head) ? [] : mail.filter(({ id }) => !journal.heard.has(id));
  const isCancelled = journal.cancel !== undefined || unread.some(({ event }) => event.type === 'run_cancel_requested');
  return {
    ...(isCancelled && { cancelRequested: true }),
    ...(unread.length > 0 && { unread: unread.slice(0, maxUnread).map(showMail) }),
  };
}

function showMail({ event }: Mail): UnreadView {
  const name = event.type === 'run_signalled' ? event.name : event.type === 'child_settled' ? event.key : undefined;
  return { type: event.type, ...(name !== undefined && { name }), at: iso(event.at) };
}

function statusOf(journal: Journal, head: Head): RunStatus {
  switch (journal.current.phase) {
    case 'fresh':
      return isSettled(head.state.status) ? head.state.status : 'pending';
    case 'claimed':
      return journal.paused ? 'paused' : 'running';
    case 'suspended':
      return journal.current.paused ? 'paused' : 'waiting';
    case 'blocked':
      return 'blocked';
    case 'settled':
      return hasEnded(journal, head) ? settledStatus(journal.current.end) : 'running';
  }
}

async function endFields(ports: Ports, journal: Journal, head: Head): Promise<Partial<RunView>> {
  const { current } = journal;
  if (current.phase !== 'settled') {
    if (!('closedAt' in head.state)) return {};
    return { error: showError(neverStarted), closedAt: iso(head.state.closedAt) };
  }
  if (!hasEnded(journal, head)) return {};
  const { end } = current;
  const error = settledError(end);
  const output = end.type === 'run_completed' ? await showPayload(ports, end.output) : undefined;
  return {
    closedAt: iso(end.at),
    ...(output !== undefined && { output }),
    ...(error && { error: showError(error) }),
    ...(end.type === 'run_completed' && end.continuedAs && { continuedAs: end.continuedAs.id }),
    ...(end.unawaited && { unawaited: end.unawaited }),
  };
}

function openFields({ current }: Journal): Partial<RunView> {
  if (current.phase === 'blocked') {
    const { code, message, retryAt } = current;
    return { blocked: { code, message, retryAt: iso(retryAt) } };
  }
  if (current.phase !== 'suspended') return {};
  return {
    wakeAt: iso(current.wakeAt),
    awaiting: current.awaiting.map(({ due, ...awaited }) => ({
      ...awaited,
      ...(due !== undefined && { due: iso(due) }),
    })),
  };
}

const defaultLimit = 50;
const maxLimit = 200;

/** Runs as their heads say, newest first. */
export async function listRuns(ports: Ports, query: ListRunsQuery): Promise<RunPage> {
  const { status, workflow, correlationId, cursor } = query;
  const limit = query.limit ?? defaultLimit;
  assertLimit(limit, maxLimit);
  const createdFrom = moment(query.createdFrom, 'createdFrom');
  const createdBefore = moment(query.createdBefore, 'createdBefore');
  const page = await ports.store.list(
    {
      ...(status !== undefined && { status }),
      ...(workflow !== undefined && { workflow }),
      ...(correlationId !== undefined && { correlationId }),
      ...(createdFrom !== undefined && { createdFrom }),
      ...(createdBefore !== undefined && { createdBefore }),
    },
    { limit, ...(cursor !== undefined && { cursor }) },
  );
  const items = page.items.flatMap((head) => summaryOf(head) ?? []);
  const { cursor: next, unreadable = [] } = page;
  for (const { id, message } of unreadable) {
    ports.observer?.troubled?.({ run: id, message: 'A list passed the run over', error: new Error(message) });
  }
  return {
    items,
    ...(next !== undefined && { cursor: next }),
    ...(unreadable.length > 0 && { unreadable: unreadable.map(({ id }) => id) }),
  };
}

function summaryOf({ birth, state }: Head): RunSummary | undefined {
  if (state.status === 'deleting') return undefined;
  return {
    id: birth.id,
    workflow: birth.workflow,
    version: birth.version,
    status: state.status,
    createdAt: iso(birth.createdAt),
    ...('closedAt' in state && { closedAt: iso(state.closedAt) }),
    ...(isOpen(state) && { wakeAt: iso(state.wakeAt) }),
    ...(birth.correlationId !== undefined && { correlationId: birth.correlationId }),
    ...(birth.idempotencyKey !== undefined && { key: birth.idempotencyKey }),
  };
}

function moment(text: string | undefined, what: string): number | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms))
    throw new Fault('invalid_input', `${what} is '${text}'; it is a time in ISO 8601, as 2026-01-31T09:00:00Z`);
  return ms;
}
