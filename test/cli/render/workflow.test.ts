import { expect, test } from 'vitest';
import {
  activeInWords,
  changeTable,
  diffLines,
  versionHead,
  workflowList,
  workflowPage,
} from '../../../lib/cli/render/workflow.ts';
import type { WorkflowView } from '../../../lib/service/api.ts';
import { plain } from '../plain.ts';

const at = '2026-03-01T10:00:00.000Z';
const all = (version: number) => [{ version, weight: 100 }];
const shared = [
  { version: 3, weight: 90 },
  { version: 4, weight: 10 },
];
const input = { type: 'object', properties: { id: { type: 'number' }, note: { type: 'string' } }, required: ['id'] };
const code = (name: string, version: number, more: Partial<WorkflowView> = {}): WorkflowView => ({
  name,
  kind: 'code',
  version,
  latest: version,
  active: all(version),
  ...more,
});

test('workflows in code are listed with the first level of their inputs', () => {
  expect(workflowList([code('order', 12, { input }), code('b', 1)], plain(80))).toEqual([
    'WORKFLOW  VERSION  INPUT',
    'order          12  { id: number, note?: string }',
    'b               1',
  ]);
});

test('with registered ones among them, what is active, the latest, and who registered it are there, too', () => {
  const graph = { kind: 'graph' as const, registeredAt: at, registeredBy: 'Ada' };
  expect(
    workflowList(
      [
        code('bill', 4, { ...graph, active: shared, input }),
        code('order', 12),
        code('ship', 2, { ...graph, active: [] }),
      ],
      plain(120),
    ),
  ).toEqual([
    'WORKFLOW        ACTIVE  LATEST  KIND   REGISTERED                        INPUT',
    'bill      3 90%, 4 10%       4  graph  2026-03-01T10:00:00+00:00 by Ada  { id: number, note?: string }',
    'order               12      12  code',
    'ship              none       2  graph  2026-03-01T10:00:00+00:00 by Ada',
  ]);
});

test('what new runs get is said in words', () => {
  expect(activeInWords(all(4))).toBe('version 4');
  expect(activeInWords(shared)).toBe('version 3 (90 %) or version 4 (10 %)');
  expect(activeInWords([])).toBe('nothing: the workflow is deactivated');
});

test('a workflow is shown with its versions, and what of new runs each of them gets', () => {
  const workflow = code('bill', 3, { kind: 'graph', latest: 4, active: shared, description: 'Bills\u001b[31m', input });
  const versions = [
    { version: 4, registeredAt: at, registeredBy: 'Ada' },
    { version: 3, registeredAt: at },
    { version: 2, registeredAt: at },
  ];
  expect(workflowPage({ ...workflow, versions }, plain(100))).toEqual([
    'bill',
    'Bills\u{fffd}[31m',
    '  kind          graph, changed without a deployment',
    '  new runs get  version 3 (90 %) or version 4 (10 %)',
    '  latest        version 4',
    '  input         { id: number, note?: string }',
    '',
    'VERSION  ACTIVE  REGISTERED',
    '      4     10%  2026-03-01T10:00:00+00:00 by Ada',
    '      3     90%  2026-03-01T10:00:00+00:00',
    '      2          2026-03-01T10:00:00+00:00',
  ]);
});

test('a version says whose it is, or that it is code', () => {
  expect(versionHead({ name: 'order', kind: 'code', version: 2 })).toBe(
    'Version 2 of order is code: there is no text of it here',
  );
  const source = { text: '', format: 'yaml' as const };
  expect(versionHead({ name: 'bill', kind: 'graph', version: 2, source, registeredAt: at, registeredBy: 'Ada' })).toBe(
    'Version 2 of bill, registered 2026-03-01T10:00:00+00:00 by Ada',
  );
});

test('changes are listed with what is active since', () => {
  expect(
    changeTable(
      [
        { number: 3, at, type: 'deactivated', active: [] },
        { number: 2, at, type: 'activated', active: shared, by: 'Ada' },
        { number: 1, at, type: 'registered', version: 3, active: all(3), by: 'Ada' },
      ],
      plain(100),
    ),
  ).toEqual([
    'NO  AT                         CHANGE                ACTIVE SINCE  BY',
    ' 3  2026-03-01T10:00:00+00:00  deactivated           none',
    ' 2  2026-03-01T10:00:00+00:00  activated             3 90%, 4 10%  Ada',
    ' 1  2026-03-01T10:00:00+00:00  registered version 3  3             Ada',
  ]);
});

test('a difference begins with the tasks that differ', () => {
  const tasks = { added: ['pay'], removed: [], changed: ['ship', 'bill'] };
  const hunks = [{ from: 2, to: 2, lines: [' a', '-b', '+c'] }];
  expect(diffLines({ name: 'order', from: 1, to: 3, tasks, hunks }, plain(80))).toEqual([
    'order, version 1 to version 3: tasks added: pay; changed: ship, bill',
    '@@ line 2 of version 1, line 2 of version 3 @@',
    ' a',
    '-b',
    '+c',
  ]);
  const none = { added: [], removed: [], changed: [] };
  expect(diffLines({ name: 'order', from: 1, to: 3, tasks: none, hunks: [] }, plain(80))).toEqual([
    'order, version 1 to version 3: no task differs',
  ]);
});
