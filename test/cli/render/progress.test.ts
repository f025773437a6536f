import { expect, test } from 'vitest';
import { createProgress } from '../../../lib/cli/progress.ts';
import { entryLine, startLine } from '../../../lib/cli/render/entry-line.ts';
import { progressTable } from '../../../lib/cli/render/tasks.ts';
import type { HistoryEntry } from '../../../lib/service/api.ts';
import { plain } from '../plain.ts';

const begin = Date.parse('2026-03-01T10:00:00Z');
const at = (ms: number) => new Date(begin + ms).toISOString();
let seq = 0;

function entry(ms: number, type: string, fields: Record<string, unknown> = {}): HistoryEntry {
  seq += 1;
  return { seq, position: seq, at: at(ms), type, ...fields };
}

function drawn(entries: HistoryEntry[], nowMs: number, rows = 20): string[] {
  const progress = createProgress();
  for (const each of entries) progress.record(each);
  return progressTable(progress.state(), begin + nowMs, { ...plain(90), rows });
}

const completed = (ms: number, key: string) =>
  entry(ms, 'task_completed', { key, kind: 'step', attempt: 1, startedAt: at(ms - 100) });

test('a run is drawn as its journal tells: done, retried, waiting', () => {
  const lines = drawn(
    [
      completed(100, 'reserve'),
      entry(300, 'task_retried', {
        key: 'charge',
        attempt: 1,
        startedAt: at(200),
        retryAt: at(5_300),
        error: { message: 'declined' },
      }),
      entry(310, 'run_suspended', {
        wakeAt: at(5_300),
        awaiting: [
          { key: 'charge', kind: 'step', due: at(5_300) },
          { key: 'approval', kind: 'signal', name: 'approve' },
        ],
      }),
    ],
    1_300,
  );
  expect(lines).toEqual([
    '✓  reserve   completed                       1  100 ms',
    '↻  charge    retrying in 4.0 s: declined     1   1.1 s',
    '◦  approval  waiting for the signal approve      1.0 s',
  ]);
});

test('a step that began in this process runs before the journal says so', () => {
  const progress = createProgress();
  progress.started('reserve', 1, begin);
  expect(progressTable(progress.state(), begin + 1_500, { ...plain(80), rows: 9 })).toEqual([
    '▸  reserve  running  1  1.5 s',
  ]);
  progress.record(completed(1_600, 'reserve'));
  progress.started('reserve', 1, begin);
  expect(progress.state().tasks[0]?.status).toBe('completed');
});

test('a wait ends with its signal, with its child, or because nothing waits for it any more', () => {
  const waits = entry(0, 'run_suspended', {
    awaiting: [
      { key: 'approval', kind: 'signal', name: 'approve' },
      { key: 'report', kind: 'child', name: 'r2' },
      { key: 'reminder', kind: 'timer', due: at(9_000) },
    ],
  });
  const lines = drawn(
    [
      waits,
      entry(1_000, 'run_signalled', { name: 'approve' }),
      entry(2_000, 'child_settled', { key: 'report', outcome: { status: 'failed', error: { message: 'no paper' } } }),
      entry(2_100, 'run_completed'),
    ],
    5_000,
  );
  expect(lines).toEqual([
    '✓  approval  completed (signal)    1.0 s',
    '✗  report    failed: no paper      2.0 s',
    '⊘  reminder  cancelled (timer)     2.1 s',
  ]);
});

test('where there is no room for all tasks, the open ones and the latest are shown', () => {
  const entries = Array.from({ length: 50 }, (_, index) => completed(1_000 + index, `step ${index}`));
  const lines = drawn([...entries, entry(2_000, 'task_started', { key: 'last', kind: 'step', attempt: 1 })], 3_000, 4);
  expect(lines.map((line) => line.trim().split(/ {2,}/).slice(0, 2).join('|'))).toEqual([
    '… and 48 more tasks',
    '✓|step 48',
    '✓|step 49',
    '▸|last',
  ]);
});

test.each([
  ['pending', []],
  ['waiting', [entry(0, 'run_suspended', { awaiting: [] })]],
  ['paused', [entry(0, 'run_paused'), completed(200, 'a')]],
  ['running', [entry(0, 'run_paused'), entry(1, 'run_resumed')]],
  ['blocked', [entry(0, 'run_blocked', { code: 'c', message: 'm' })]],
  ['failed', [entry(0, 'run_failed', { error: { message: 'm' } })]],
])('the state of a run is %s', (status, entries) => {
  const progress = createProgress();
  for (const each of entries) progress.record(each);
  expect(progress.state().status).toBe(status);
});

test('without a terminal each change is a line', () => {
  const told = [
    entry(0, 'run_signalled', { name: 'approve' }),
    completed(1_200, 'reserve'),
    entry(2_000, 'task_retried', {
      key: 'charge',
      attempt: 2,
      startedAt: at(1_500),
      retryAt: at(9_000),
      error: { message: 'a\nb' },
    }),
    entry(2_000, 'task_failed', {
      key: 'charge',
      kind: 'step',
      attempt: 3,
      startedAt: at(1_990),
      error: { message: 'declined' },
    }),
    entry(2_100, 'run_suspended', { awaiting: [{ key: 'nap', kind: 'timer', due: at(60_000) }] }),
    entry(2_200, 'run_versioned', { change: 'x' }),
    entry(2_300, 'run_completed'),
  ].map(entryLine);
  const time = '2026-03-01T10:00:0';
  expect(told).toEqual([
    `${time}0.000+00:00  ▸ signal approve received`,
    `${time}1.200+00:00  ✓ reserve completed in 100 ms`,
    `${time}2.000+00:00  ↻ charge attempt 2 failed in 500 ms, again in 7.0 s: a b`,
    `${time}2.000+00:00  ✗ charge failed at attempt 3 in 10 ms: declined`,
    `${time}2.100+00:00  ◦ waiting for nap until 2026-03-01T10:01:00+00:00`,
    undefined,
    `${time}2.300+00:00  ✓ run completed`,
  ]);
  expect(startLine('reserve', 2, begin)).toBe(`${time}0.000+00:00  ▸ reserve running (attempt 2)`);
});
