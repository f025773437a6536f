import type { Birth, Chunk, JournalEvent, Mail } from '../../lib/kernel/events.ts';
import type { Head } from '../../lib/kernel/head.ts';

/** When the clocks of these suites begin. */
export const T0 = Date.UTC(2030, 0, 1);

export function aHead({ birth = {}, ...rest }: { birth?: Partial<Birth> } & Partial<Omit<Head, 'birth'>> = {}): Head {
  return {
    birth: {
      format: 1,
      id: 'run-1',
      nonce: 'nonce-1',
      workflow: 'order',
      version: 1,
      inputDigest: 'digest',
      createdAt: T0,
      deadline: T0 + 1_000_000,
      retention: 1_000,
      ...birth,
    },
    position: 0,
    state: { status: 'pending', wakeAt: T0 + 30_000 },
    expiresAt: T0 + 10_000_000,
    ...rest,
  };
}

export function aChunk(position: number, rest: Partial<Chunk> = {}): Chunk {
  return {
    format: 1,
    nonce: 'nonce-1',
    position,
    id: `append-${position}`,
    at: T0 + position,
    driver: { id: 'process.turn', leaseUntil: T0 + 60_000 },
    events: [stepCompleted(`step-${position}`, position)],
    ...rest,
  };
}

function stepCompleted(key: string, at = 0, result = '{"ok":true}'): JournalEvent {
  return { type: 'task_completed', at: T0 + at, key, kind: 'step', attempt: 1, startedAt: T0 + at - 1, result };
}

export function aSignal(id: string, at = 0): Mail {
  return { id, event: { type: 'run_signalled', id, at: T0 + at, name: 'approved', payload: '{"by":"Zoë"}' } };
}

/** One event of each kind, with all that it can carry. */
export const everyEvent: JournalEvent[] = [
  { type: 'task_started', at: T0, key: 'a', kind: 'step', attempt: 2, alone: true },
  { type: 'task_started', at: T0, key: 'b', kind: 'child', attempt: 1, child: 'run-2', detached: true },
  {
    type: 'task_retried',
    at: T0 + 5,
    key: 'a',
    attempt: 2,
    error: { name: 'E', message: 'm', cause: { name: 'C', message: 'because', stack: 'at x' } },
    retryAt: T0 + 9_000,
    startedAt: T0 - 70,
  },
  stepCompleted('c', 7),
  { type: 'task_completed', at: T0, key: 'timer', kind: 'timer' },
  {
    type: 'task_completed',
    at: T0 + 0.5,
    key: 'large',
    kind: 'step',
    result: { blob: 'run-1/x', bytes: 1_000_000, digest: 'abc' },
  },
  {
    type: 'task_failed',
    at: T0,
    key: 'd',
    kind: 'step',
    attempt: 1,
    error: { name: 'E', message: '', details: '[1]' },
  },
  { type: 'run_timed_out', at: T0 },
  { type: 'run_versioned', at: T0, change: 'new-rule' },
  { type: 'run_reported', at: T0, details: '"50 %"' },
  {
    type: 'run_suspended',
    at: T0,
    wakeAt: T0 + 400_000_000_000,
    awaiting: [{ key: 'timer', kind: 'timer', due: T0 + 400_000_000_000 }],
    paused: true,
  },
  { type: 'run_blocked', at: T0, code: 'non_deterministic', message: 'expected a, got b', retryAt: T0 + 60_000 },
  {
    type: 'run_completed',
    at: T0,
    output: 'null',
    continuedAs: { id: 'run-3', input: '1' },
    openChildren: [{ key: 'b', id: 'run-2' }],
    unawaited: ['e'],
  },
  { type: 'run_failed', at: T0, error: { name: 'E', message: 'm' }, openChildren: [{ key: 'b', id: 'run-2' }] },
  { type: 'run_cancelled', at: T0, error: { name: 'E', message: 'm' }, unawaited: ['e'] },
  { type: 'run_signalled', id: 's', at: T0, name: 'approved', payload: '1', by: 'zoë' },
  { type: 'run_cancel_requested', id: 'c', at: T0, epoch: 0, reason: 'changed my mind', by: 'cli' },
  { type: 'run_paused', id: 'p', at: T0, epoch: 1, issuedAt: T0 - 5 },
  { type: 'run_resumed', id: 'r', at: T0, epoch: 1, issuedAt: T0 - 4, by: 'api' },
  { type: 'child_settled', id: 'k', at: T0, key: 'b', outcome: { status: 'completed', output: '1' } },
  {
    type: 'child_settled',
    id: 'l',
    at: T0,
    key: 'b',
    outcome: { status: 'failed', error: { name: 'E', message: 'm' } },
  },
];
