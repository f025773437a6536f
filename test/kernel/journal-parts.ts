/** Pieces of journals, for tests of what needs no driver. */
import type { Birth, Chunk, JournalEvent, RunEvent } from '../../lib/kernel/events.ts';

export function testBirth(fields: Partial<Birth> = {}): Birth {
  return {
    format: 1,
    id: 'run1',
    nonce: 'nonce1',
    workflow: 'test',
    version: 1,
    createdAt: 1_000,
    deadline: 1_000_000_000,
    retention: 1_000,
    ...fields,
  };
}

export function completedEvent(at: number): Extract<RunEvent, { type: 'run_completed' }> {
  return { type: 'run_completed', at };
}

/** A driver's append. */
export function driven(position: number, events: JournalEvent[], fields: Partial<Chunk> = {}): Chunk {
  return {
    format: 1,
    nonce: 'nonce1',
    position,
    id: `a.1.${position}`,
    at: 1_000 + position,
    driver: { id: 'a.1', leaseUntil: 31_000 },
    events,
    ...fields,
  };
}

export function started(key: string, attempt = 1, alone = false): JournalEvent {
  return { type: 'task_started', at: 1_000, key, kind: 'step', attempt, ...(alone && { alone: true as const }) };
}

export function done(key: string): JournalEvent {
  return { type: 'task_completed', at: 1_000, key, kind: 'step', attempt: 1, result: '1' };
}

export function command(type: 'run_paused' | 'run_resumed', id: string, issuedAt: number, epoch = 0): JournalEvent {
  return { type, id, at: issuedAt, epoch, issuedAt };
}
