import { expect, test } from 'vitest';
import { checkList } from '../../../lib/cli/render/check-list.ts';
import { historyTable } from '../../../lib/cli/render/history.ts';
import { runHead } from '../../../lib/cli/render/run-head.ts';
import { runList } from '../../../lib/cli/render/run-list.ts';
import { table } from '../../../lib/cli/render/table.ts';
import { taskTable } from '../../../lib/cli/render/tasks.ts';
import { timeline } from '../../../lib/cli/render/timeline.ts';
import type { RunView } from '../../../lib/service/api.ts';
import { plain } from '../plain.ts';

const now = Date.parse('2026-03-01T10:00:00Z');
const at = (seconds: number) => new Date(now + seconds * 1_000).toISOString();

test('a table that is too wide takes columns from what may shrink, the widest first', () => {
  const lines = table(
    [
      { title: 'NAME', shrinkTo: 4 },
      { title: 'SIZE', align: 'right' },
    ],
    [
      [{ text: 'a-rather-long-name' }, { text: '7' }],
      [{ text: 'b' }, { text: '1000' }],
    ],
    plain(16),
  );
  expect(lines).toEqual([
    'NAME        SIZE', //
    'a-rather-…     7',
    'b           1000',
  ]);
});

test('tasks are a table with state, attempts and time', () => {
  const lines = taskTable(
    [
      { key: 'reserve', kind: 'step', status: 'completed', attempts: 1, startedAt: at(-10), endedAt: at(-8.8) },
      {
        key: 'charge',
        kind: 'step',
        status: 'retrying',
        attempts: 2,
        startedAt: at(-8),
        due: at(2),
        error: { name: 'E', message: 'declined' },
      },
      { key: 'approval', kind: 'signal', status: 'waiting', name: 'approve', startedAt: at(-5), due: at(3_600) },
      { key: 'pause', kind: 'timer', status: 'waiting', startedAt: at(-5), due: at(90) },
      {
        key: 'ship',
        kind: 'child',
        status: 'failed',
        name: 'r2',
        startedAt: at(-5),
        endedAt: at(-1),
        error: { name: 'E', message: 'no van' },
      },
    ],
    now,
    plain(100),
  );
  expect(lines).toEqual([
    '   TASK      STATE                                                           ATTEMPTS   TIME',
    '✓  reserve   completed                                                              1  1.2 s',
    '↻  charge    retrying in 2.0 s: declined                                            2  8.0 s',
    '◦  approval  waiting for the signal approve until 2026-03-01T11:00:00+00:00            5.0 s',
    '◦  pause     waiting in 1 min 30 s                                                     5.0 s',
    '✗  ship      failed: no van                                                            4.0 s',
  ]);
});

test('a timeline has a bar per task over the life of the run', () => {
  const lines = timeline(
    [
      { key: 'reserve', kind: 'step', status: 'completed', startedAt: 0, endedAt: 1_000 },
      { key: 'approval', kind: 'signal', status: 'completed', startedAt: 1_000, endedAt: 3_000 },
      { key: 'ship', kind: 'step', status: 'running', startedAt: 3_000 },
      { key: 'not begun', kind: 'step', status: 'waiting' },
    ],
    0,
    4_000,
    plain(37),
  );
  expect(lines).toEqual([
    'reserve   ━━━━━                 1.0 s', //
    'approval       ╌╌╌╌╌╌╌╌╌╌       2.0 s',
    'ship                     ━━━━▸  1.0 s',
    '          0              4.0 s',
  ]);
});

test('a task of no length is still to be seen, also at the end', () => {
  const task = { key: 'k', kind: 'step', status: 'completed', startedAt: 100, endedAt: 100 } as const;
  expect(timeline([task], 0, 100, plain(30))[0]).toBe('k                      ━  0 ms');
  expect(timeline([task], 100, 100, plain(30))[0]).toBe('k  ━                      0 ms');
  expect(timeline([], 0, 100, plain(30))).toEqual([]);
});

test('of a wait whose end is not known only the beginning is drawn', () => {
  const wait = { key: 'w', kind: 'signal', status: 'completed', startedAt: 50 } as const;
  expect(timeline([wait], 0, 100, plain(25))[0]).toBe('w            ╌');
});

const run: RunView = {
  id: 'r1',
  workflow: 'order',
  version: 2,
  status: 'failed',
  createdAt: at(-90),
  updatedAt: at(0),
  closedAt: at(0),
  deadline: at(1_000),
  input: { orderId: 7 },
  error: {
    name: 'PaymentError',
    message: 'declined\ntwice',
    code: 'declined',
    cause: { name: 'Error', message: 'HTTP 402' },
  },
  key: 'o-7',
  events: 9,
};

test("a run's head shows the fields that it has, and its error with the cause", () => {
  expect(runHead(run, now, plain(60))).toEqual([
    'r1  ✗ failed',
    '  workflow  order version 2',
    '  created   2026-03-01T09:58:30+00:00',
    '  ended     2026-03-01T10:00:00+00:00, after 1 min 30 s',
    '  key       o-7',
    '  input     {"orderId":7}',
    '  events    9',
    '',
    'PaymentError (declined): declined',
    '  twice',
    '  caused by Error: HTTP 402',
  ]);
});

test('a blocked run says why and when it is looked at again', () => {
  const { error: _error, closedAt: _closedAt, key: _key, ...open } = run;
  const blocked = { code: 'non_deterministic', message: 'Expected a, got b', retryAt: at(60) };
  const lines = runHead({ ...open, status: 'blocked', blocked }, now, plain(60));
  expect(lines.slice(-2)).toEqual([
    'Blocked (non_deterministic), looked at again at 2026-03-01T10:01:00+00:00:',
    '  Expected a, got b',
  ]);
});

test('a list of runs has columns for keys and correlations only where there are some', () => {
  const { id, workflow, version, createdAt } = run;
  const open = { id, workflow, version, createdAt, status: 'running' } as const;
  expect(runList([open], now, plain(100))).toEqual([
    'RUN  WORKFLOW  STATUS     CREATED                          TIME',
    'r1   order v2  ▸ running  2026-03-01T09:58:30+00:00  1 min 30 s',
  ]);
  expect(runList([{ ...open, key: 'o-7' }], now, plain(100))[0]).toContain('TIME  KEY');
});

test('a journal is shown event by event with its fields', () => {
  const entries = [
    { seq: 1, position: 1, at: at(0), type: 'task_completed', key: 'a b', attempt: 1, result: { n: 1 } },
    { seq: 2, position: 2, at: at(1), type: 'run_completed', output: 'ok' },
  ];
  expect(historyTable(entries, plain(120))).toEqual([
    'SEQ  AT                             EVENT           FIELDS',
    '  1  2026-03-01T10:00:00.000+00:00  task_completed  key="a b" attempt=1 result={"n":1}',
    '  2  2026-03-01T10:00:01.000+00:00  run_completed   output=ok',
  ]);
});

test("a doctor's list ends with the worst that was found", () => {
  const checks = [
    { name: 'node', status: 'healthy', message: 'Node 20' },
    { name: 'workers', status: 'critical', message: 'None\nStart one' },
  ] as const;
  expect(checkList('critical', [...checks], plain(80))).toEqual([
    '✓ node     Node 20', //
    '✗ workers  None',
    '           Start one',
    '',
    'critical',
  ]);
});
