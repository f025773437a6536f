import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunView } from '../../lib/service/api.ts';
import { iso, runView, type } from './fake-cli.ts';

const { output: _output, closedAt: _closedAt, ...rest } = runView({ status: 'running' });
const unfinished: RunView = rest;

const done = [
  { seq: 1, position: 1, at: iso(0), type: 'task_completed', key: 'a', kind: 'step', startedAt: iso(-5) },
  { seq: 2, position: 1, at: iso(0), type: 'run_completed', output: { total: 3 } },
];

describe('pawl run', () => {
  test('shows the progress beside, prints the output alone to standard output, and ends with 0', async () => {
    const ran = await type(['run', 'order', '--input', '{"id": 7}'], { entries: { run1: done } });
    expect(ran.out.join('\n')).toBe('{\n  "total": 3\n}');
    expect(ran.err).toEqual([
      'Started run run1 of order version 1',
      '2026-03-01T10:00:00.000+00:00  ✓ a completed in 5 ms',
      '2026-03-01T10:00:00.000+00:00  ✓ run completed',
      '✓ completed run run1 of order, after 1.2 s',
    ]);
    expect(ran.code).toBe(0);
    expect(ran.state.started).toEqual([{ workflow: 'order', input: { id: 7 }, origin: 'pawl run' }]);
    expect(ran.requests[0]?.purpose).toBe('work');
  });

  test('--json prints the run as one object and nothing else', async () => {
    const ran = await type(['run', 'order', '--json']);
    expect(ran.out).toHaveLength(1);
    expect(JSON.parse(ran.out[0] ?? '')).toEqual(runView());
  });

  test('a run that fails ends with 1 and says why', async () => {
    const { output: _output, ...failed } = runView({
      status: 'failed',
      error: { name: 'PaymentError', message: 'declined' },
    });
    const ran = await type(['run', 'order'], { runs: [failed] });
    expect(ran.code).toBe(1);
    expect(ran.out).toEqual([]);
    expect(ran.err.slice(-2)).toEqual(['✗ failed run run1 of order, after 1.2 s', 'PaymentError: declined']);
  });

  test('a workflow that returns nothing prints null', async () => {
    const { output: _output, ...rest } = runView();
    expect((await type(['run', 'order'], { runs: [rest] })).out).toEqual(['null']);
  });

  test('without a key it goes on with an interrupted run of the same input, before any worker begins, and says so', async () => {
    const ran = await type(['run', 'order', '-i', '5'], { interrupted: 'run1' });
    expect(ran.err[0]).toBe(
      'Going on with run run1, interrupted at 2026-03-01T09:59:59+00:00 (--new would start another)',
    );
    expect(ran.state.started).toEqual([]);
    expect(ran.state.asked[0]).toEqual({ call: 'findInterrupted', args: ['order', 5, 'pawl run'] });
  });

  test('--new starts afresh', async () => {
    const ran = await type(['run', 'order', '--new'], { interrupted: 'run1' });
    expect(ran.err[0]).toBe('Started run run1 of order version 1');
  });

  test('with a key it attaches to the run of that key', async () => {
    const ran = await type(['run', 'order', '--key', 'k'], { runs: [runView({ key: 'k' })], interrupted: 'other' });
    expect(ran.err[0]).toBe('Attached to run run1 of order version 1, which the key stands for');
    expect(ran.state.started[0]?.key).toBe('k');
    expect(ran.code).toBe(0);
  });

  test('Ctrl-C ends the turn, leaves the run open and says how to go on', async () => {
    const ran = await type(['run', 'order', '--input', '{"a": "it\'s"}', '--new'], {
      runs: [unfinished],
      endless: true,
      stopping: (stop) => setTimeout(() => stop('SIGINT'), 5),
    });
    expect(ran.code).toBe(130);
    expect(ran.state.asked.map(({ call }) => call)).toContain('drain');
    expect(ran.out).toEqual([]);
    expect(ran.err.slice(-2)).toEqual([
      'Interrupted. Run run1 of order is kept. To go on with it:',
      `  npx pawl run order --input '{"a": "it'\\''s"}'`,
    ]);
  });

  test('Ctrl-C while a server works only stops watching', async () => {
    const ran = await type(['run', 'order', '--url', 'http://h:1'], {
      runs: [unfinished],
      endless: true,
      remote: true,
      stopping: (stop) => setTimeout(() => stop('SIGINT'), 5),
    });
    expect(ran.code).toBe(130);
    expect(ran.err.slice(-2)).toEqual([
      'Stopped watching. Run run1 of order goes on at the server. To see it:',
      '  npx pawl watch run1 --url http://h:1',
    ]);
  });

  test('Ctrl-C at the moment of the end changes nothing', async () => {
    const ran = await type(['run', 'order'], { entries: { run1: done }, stopping: (stop) => stop('SIGINT') });
    expect(ran.code).toBe(0);
    expect(ran.out).toHaveLength(3);
  });

  test('a second Ctrl-C quits at once', async () => {
    const ran = await type(['run', 'order'], {
      endless: true,
      stopping: (stop) => setTimeout(() => [stop('SIGINT'), stop('SIGINT')], 5),
    });
    expect(ran.state.asked).toContainEqual({ call: 'quit', args: [130] });
  });

  test('a run that becomes blocked is not waited for', async () => {
    const {
      output: _output,
      closedAt: _closedAt,
      ...open
    } = runView({
      status: 'blocked',
      blocked: { code: 'non_deterministic', message: 'expected a, got b', retryAt: iso(9) },
    });
    const blocked = (at: number) => ({
      seq: 1,
      position: 1,
      at: iso(at),
      type: 'run_blocked',
      code: 'c',
      message: 'm',
    });
    const ran = await type(['run', 'order'], { runs: [open], entries: { run1: [blocked(1)] }, endless: true });
    expect(ran.code).toBe(1);
    expect(ran.err.at(-1)).toBe('Blocked (non_deterministic): expected a, got b');
    expect(ran.state.asked).toContainEqual({ call: 'resumeRun', args: ['run1', { by: 'pawl run' }] });
  });

  test('a run that goes on as another is followed to the end', async () => {
    const first = runView({ continuedAs: 'run2' });
    const ran = await type(['run', 'order'], { runs: [first, runView({ id: 'run2', output: 'end' })] });
    expect(ran.err).toContain('goes on as run run2');
    expect(ran.out).toEqual(['"end"']);
  });

  test('what a step writes to the console is not mixed with the output', async () => {
    const before = globalThis.console;
    const ran = await type(['run', 'order'], {
      entries: { run1: done },
      stopping: () => queueMicrotask(() => console.log('from a step\nin two lines')),
    });
    expect(ran.err.slice(0, 2)).toEqual(['from a step', 'in two lines']);
    expect(ran.out).toEqual(['{', '  "total": 3', '}']);
    expect(globalThis.console).toBe(before);
  });
});

describe('wrong usage ends with 2 and says what to do', () => {
  test('an unknown command', async () => {
    const ran = await type(['rnu']);
    expect(ran.code).toBe(2);
    expect(ran.err.join('\n')).toBe(
      'Error: unknown command \'rnu\'\n(Did you mean run?)\n"pawl --help" shows what there is.',
    );
  });

  test('an unknown workflow', async () => {
    const ran = await type(['run', 'odrer'], { workflows: ['order', 'nightly'] });
    expect(ran.code).toBe(2);
    expect(ran.err).toEqual(['Error: There is no workflow odrer', 'Did you mean order?']);
    const far = await type(['start', 'xyz'], { workflows: ['order', 'nightly'] });
    expect(far.err).toEqual(['Error: There is no workflow xyz', 'Workflows: nightly, order']);
  });

  test('an unknown run', async () => {
    const ran = await type(['show', 'rnu1']);
    expect(ran.code).toBe(2);
    expect(ran.err).toEqual(['Error: There is no run rnu1', 'Did you mean run1?']);
  });

  test('input that is not JSON, with its place', async () => {
    const ran = await type(['run', 'order', '--input', '{"a": 1,\n "b": }']);
    expect(ran.code).toBe(2);
    expect(ran.err[0]).toBe("Error: The input is not JSON, line 2, column 7: expected a value, found '}'");
    expect(ran.err.slice(1)).toEqual(['   "b": }', '        ^']);
    expect(ran.requests).toEqual([]);
  });

  test('an input file that is not there', async () => {
    const ran = await type(['run', 'order', '--input', 'missing.json']);
    expect(ran.err[0]).toBe('Error: The input file missing.json cannot be read: there is no such file');
    expect(ran.code).toBe(2);
  });

  test.each([
    [['run', 'order', '--key', 'k', '--new'], '--new and --key exclude each other'],
    [['run'], "missing required argument 'workflow'"],
    [['list', '--limit', 'x'], 'expected a whole number from 1 to 200'],
    [['list', '--status', 'done'], 'Allowed choices are pending, running'],
    [['list', '--since', 'soon'], '--since soon is neither a time nor a duration'],
    [['show', 'a', 'b'], 'too many arguments'],
    [['list', '--stat', 'x'], '(Did you mean --status?)'],
  ])('%j', async (words, said) => {
    const ran = await type(words);
    expect(ran.code).toBe(2);
    expect(ran.err.join('\n')).toContain(said);
  });
});

test('input comes from a file, from standard input or as it stands', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'pawl-cli-'));
  writeFileSync(join(cwd, 'in.json'), '\u{feff}[1]');
  const inputOf = async (given: string) =>
    (await type(['run', 'order', '--input', given], { cwd, stdin: '{"from": "stdin"}' })).state.started[0]?.input;
  expect(await inputOf('in.json')).toEqual([1]);
  expect(await inputOf('-')).toEqual({ from: 'stdin' });
  expect(await inputOf('"text"')).toBe('text');
  expect(await inputOf('-1.5e3')).toBe(-1500);
  expect(await inputOf('null')).toBe(null);
});

test('help is printed to standard output, for every command with examples', async () => {
  const ran = await type(['--help']);
  expect(ran.code).toBe(0);
  const names = ran.out
    .flatMap((line) => /^ {2}([a-z]+) .* {2}/.exec(line)?.[1] ?? [])
    .filter((name) => name !== 'help');
  expect(names.length).toBe(19);
  for (const name of names) {
    const help = await type([name, '--help']);
    expect(help.code, name).toBe(0);
    expect(help.out.join('\n'), name).toMatch(
      new RegExp(`Usage: pawl ${name}.*Examples:\\n {2}\\$ .*pawl ${name}`, 's'),
    );
  }
});

test('--verbose shows where an error comes from', async () => {
  const plainly = await type(['show', 'zzz']);
  expect(plainly.err.join('\n')).not.toContain('at ');
  const verbosely = await type(['show', 'zzz', '--verbose']);
  expect(verbosely.err.join('\n')).toMatch(/\n {4}at .*caused by Fault: There is no run zzz\n/s);
});
