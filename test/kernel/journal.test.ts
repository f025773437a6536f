import { describe, expect, test } from 'vitest';
import type { Chunk, JournalEvent } from '../../lib/kernel/events.ts';
import { foldJournal, headStateOf } from '../../lib/kernel/journal.ts';
import { command, completedEvent, done, driven, started, testBirth } from './journal-parts.ts';

const birth = testBirth();
const fold = (...chunks: Chunk[]) => foldJournal(birth, chunks);
const suspendedEvent: JournalEvent = { type: 'run_suspended', at: 2_000, wakeAt: 9_000, awaiting: [] };

describe('positions and claims', () => {
  test('K6: a gap is damage', () => {
    expect(() => fold(driven(1, []), driven(3, []))).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });

  test('K26: a chunk in a newer format is refused', () => {
    expect(() => fold(driven(1, [], { format: 2 }))).toThrow(expect.objectContaining({ code: 'newer_format' }));
    expect(() => foldJournal(testBirth({ format: 2 }), [])).toThrow(expect.objectContaining({ code: 'newer_format' }));
  });

  test("K8: a driver's append claims the run, a mailbox append does not", () => {
    const signal: JournalEvent = { type: 'run_signalled', id: 's', at: 1_500, name: 'go' };
    const { driver: _none, ...foreign } = driven(1, [signal]);
    expect(fold(foreign).current).toEqual({ phase: 'fresh' });
    expect(fold(driven(1, [signal])).current).toEqual({ phase: 'claimed', driver: 'a.1', leaseUntil: 31_000 });
  });

  test('time never goes back', () => {
    expect(fold(driven(1, [], { at: 5_000 }), driven(2, [], { at: 4_000 })).at).toBe(5_000);
  });

  test('a suspend ends the claim', () => {
    const journal = fold(driven(1, [done('a'), suspendedEvent]));
    expect(journal.current).toEqual({ phase: 'suspended', wakeAt: 9_000, awaiting: [], paused: false });
    expect(headStateOf(journal, 0)).toEqual({ status: 'waiting', wakeAt: 9_000 });
  });
});

describe('crashes', () => {
  test('K12: a takeover makes every started step without outcome a suspect', () => {
    const journal = fold(driven(1, [started('a'), started('b'), done('b')]), driven(2, [], { takeover: true }));
    expect([...journal.suspects]).toEqual(['a']);
    expect(journal.crashes.size).toBe(0);
  });

  test('K12: only a crash while alone counts as the step’s own', () => {
    const journal = fold(
      driven(1, [started('a', 1, true)]),
      driven(2, [started('a', 1, true)], { takeover: true }),
      driven(3, [], { takeover: true }),
    );
    expect(journal.crashes.get('a')).toBe(2);
    expect(journal.takeovers).toBe(2);
  });

  test('K12: laziness comes back when no suspect is left', () => {
    const journal = fold(driven(1, [started('a')]), driven(2, [done('a')], { takeover: true }));
    expect(journal.takeovers).toBe(0);
  });

  test('K12: a suspend with a suspect stays strict', () => {
    const journal = fold(driven(1, [started('a')]), driven(2, [suspendedEvent], { takeover: true }));
    expect(journal.takeovers).toBe(0);
  });
});

describe('commands', () => {
  test.each([
    ['pause then resume', [command('run_paused', 'a', 1), command('run_resumed', 'b', 2)], false],
    ['the same, arriving the other way round', [command('run_resumed', 'b', 2), command('run_paused', 'a', 1)], false],
    ['at the same time the greater id decides', [command('run_paused', 'b', 1), command('run_resumed', 'a', 1)], true],
    ['another epoch is absorbed', [command('run_paused', 'a', 1, 1)], false],
  ])('K20: %s', (_title, events, paused) => {
    expect(fold(driven(1, events)).paused).toBe(paused);
  });

  test('K20: cancel opens a paused run, and a pause after it is void', () => {
    const cancel: JournalEvent = { type: 'run_cancel_requested', id: 'c', at: 5, epoch: 0 };
    expect(fold(driven(1, [command('run_paused', 'a', 1), cancel])).paused).toBe(false);
    expect(fold(driven(1, [cancel, command('run_paused', 'a', 1)])).paused).toBe(false);
  });

  test('K25: the deadline opens a paused run, and a pause after it is void', () => {
    const timedOut: JournalEvent = { type: 'run_timed_out', at: 5 };
    expect(fold(driven(1, [command('run_paused', 'a', 1), timedOut])).paused).toBe(false);
    expect(fold(driven(1, [timedOut, command('run_paused', 'a', 1)])).paused).toBe(false);
  });
});

describe('settled', () => {
  test('K21: a settled run absorbs everything', () => {
    const end = completedEvent(2_000);
    const late: JournalEvent[] = [
      { type: 'run_failed', at: 3_000, error: { name: 'Error', message: 'late' } },
      suspendedEvent,
      started('a'),
      command('run_paused', 'a', 1),
      { type: 'run_cancel_requested', id: 'c', at: 3_000, epoch: 0 },
    ];
    const journal = fold(driven(1, [end]), driven(2, late, { takeover: true }));
    expect(journal.current).toEqual({ phase: 'settled', end });
    expect(journal).toMatchObject({ paused: false, cancel: undefined, takeovers: 0, position: 2 });
    expect(headStateOf(journal, 0)).toEqual({ status: 'completed', closedAt: 2_000 });
  });
});
