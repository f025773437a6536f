import { expect, test } from 'vitest';
import { iso, runView, type } from './fake-cli.ts';

const entries = [
  { seq: 1, position: 1, at: iso(-900), type: 'task_completed', key: 'a', kind: 'step' },
  { seq: 2, position: 2, at: iso(-800), type: 'run_suspended', awaiting: [] },
  { seq: 3, position: 3, at: iso(0), type: 'run_completed', output: 1 },
];

test('pawl start prints the id alone and says how to see the run', async () => {
  const ran = await type(['start', 'order', '--correlation', 'c']);
  expect(ran.out).toEqual(['run1']);
  expect(ran.err).toEqual(['Started a run of order version 1', 'To see it: npx pawl watch run1']);
  expect(ran.state.started).toEqual([
    { workflow: 'order', input: undefined, origin: 'pawl start', correlationId: 'c' },
  ]);
});

test('pawl start says when no worker is there, and how to get one', async () => {
  const ran = await type(['start', 'order'], { workers: 0 });
  expect(ran.err.slice(-2)).toEqual([
    'No worker is running there, so the run waits. Start one and leave it running with:',
    '  npx pawl dev',
  ]);
  expect(ran.code).toBe(0);
});

test('pawl list passes its filters on', async () => {
  const ran = await type(['list', '--status', 'failed', '--workflow', 'order', '--since', '2h', '-n', '5']);
  expect(ran.state.asked[0]?.args).toEqual([
    { status: 'failed', workflow: 'order', createdFrom: iso(-7_200_000), limit: 5 },
  ]);
  expect(ran.out[0]).toMatch(/^RUN +WORKFLOW +STATUS +CREATED +TIME$/);
});

test('pawl list says beside that there are none', async () => {
  const ran = await type(['list'], { runs: [] });
  expect(ran.out).toEqual([]);
  expect(ran.err).toEqual(['There are no such runs.']);
  expect((await type(['list', '--json'], { runs: [] })).out).toEqual(['{"items":[]}']);
});

test('pawl show prints head, tasks and timeline', async () => {
  const tasks = [
    { key: 'a', kind: 'step', status: 'completed', attempts: 1, startedAt: iso(-1_200), endedAt: iso(-600) },
  ] as const;
  const ran = await type(['show', 'run1'], { tasks: [...tasks] });
  expect(ran.out[0]).toBe('run1  ✓ completed');
  expect(ran.out).toContain('✓  a     completed         1  600 ms');
  expect(ran.out.at(-2)).toMatch(/^a {2}━+ +600 ms$/);
  const json = JSON.parse((await type(['show', 'run1', '--json'], { tasks: [...tasks] })).out[0] ?? '');
  expect(json).toEqual({ run: runView(), tasks });
});

test('pawl history reads all pages, or as many events as are asked for', async () => {
  const all = await type(['history', 'run1', '--json'], { entries: { run1: entries } });
  expect(JSON.parse(all.out[0] ?? '')).toEqual({ items: entries });
  const some = await type(['history', 'run1', '-n', '1', '--after', '1'], { entries: { run1: entries } });
  expect(some.out).toHaveLength(2);
  expect(some.err).toEqual(['There is more: --after 2']);
});

test('pawl history --export prints the run in one piece', async () => {
  const ran = await type(['history', 'run1', '--export'], { entries: { run1: entries } });
  expect(JSON.parse(ran.out[0] ?? '')).toMatchObject({ format: 1, run: { id: 'run1' }, history: entries });
});

test('pawl watch follows to the end and prints the output', async () => {
  const ran = await type(['watch', 'run1'], { entries: { run1: entries } });
  expect(ran.out).toEqual(['{', '  "total": 3', '}']);
  expect(ran.requests[0]?.purpose).toBe('read');
  const failed = await type(['watch', 'run1'], { runs: [runView({ status: 'cancelled' })] });
  expect(failed.code).toBe(1);
});

test('pawl watch --json prints an event a line', async () => {
  const ran = await type(['watch', 'run1', '--json'], { entries: { run1: entries } });
  expect(ran.out.map((line) => JSON.parse(line))).toEqual(entries);
});

test('pawl signal sends the payload once per key', async () => {
  const ran = await type(['signal', 'run1', 'approve', '{"ok": true}', '--key', 'k']);
  expect(ran.state.asked).toEqual([
    { call: 'signalRun', args: ['run1', 'approve', { payload: { ok: true }, by: 'cli', key: 'k' }] },
  ]);
  expect(ran.out).toEqual([]);
  expect(ran.err).toEqual(['Signal approve is accepted.']);
});

test.each(['pause', 'resume', 'cancel'])(
  'pawl %s says what is accepted, and whether somebody acts on it',
  async (verb) => {
    const ran = await type([verb, 'run1', '--json'], { workers: 0 });
    expect(ran.state.asked).toEqual([{ call: `${verb}Run`, args: ['run1', { by: 'cli' }] }]);
    expect(ran.err[0]).toMatch(/ is accepted\. It has its effect once a worker runs/);
    expect(JSON.parse(ran.out[0] ?? '')).toEqual({ accepted: true, eventId: 'e1' });
  },
);

test.each([
  [0, 'There are no dead letters.'],
  [1, '1 message is sent once more.'],
  [7, '7 messages are sent once more.'],
])('pawl redrive says how many messages are sent once more: %i', async (deadLetters, said) => {
  const ran = await type(['redrive', '--url', 'http://h:1'], { deadLetters, remote: true });
  expect(ran).toMatchObject({ code: 0, out: [], err: [said] });
  expect(ran.requests[0]).toMatchObject({ purpose: 'read', url: 'http://h:1' });
  const json = await type(['redrive', '--json'], { deadLetters });
  expect(json.out).toEqual([`{"redriven":${deadLetters}}`]);
});

test('pawl redrive on a directory says that a worker there keeps its own', async () => {
  const ran = await type(['redrive']);
  expect(ran.err).toEqual([
    'There are no dead letters.',
    'A worker on this directory keeps its dead letters to itself: ask it with --url.',
  ]);
});

test('pawl show says what the run has not read yet', async () => {
  const unread = [
    { type: 'run_signalled', name: 'approve', at: iso(-2_000) },
    { type: 'run_cancel_requested', at: iso(-1_000) },
  ];
  const {
    output: _output,
    closedAt: _closedAt,
    ...open
  } = runView({ status: 'blocked', cancelRequested: true, unread });
  const ran = await type(['show', 'run1'], { runs: [open] });
  const at = ran.out.indexOf('Accepted, and not read by the run yet:');
  expect(ran.out.slice(at + 1, at + 3)).toEqual([
    expect.stringMatching(/^ {2}signal approve, at .*\d\d:\d\d/),
    expect.stringMatching(/^ {2}cancel, at .*\d\d:\d\d/),
  ]);
});

test('pawl workflows lists them', async () => {
  const ran = await type(['workflows', '--json']);
  expect(JSON.parse(ran.out[0] ?? '')).toMatchObject({ items: [{ name: 'order', version: 1 }] });
});
