import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isDefinitionFile } from '../../lib/cli/workflow/definition-file.ts';
import { runView, type } from './fake-cli.ts';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'pawl-cli-'));
  for (const name of ['invoice', 'known', 'broken']) writeFileSync(join(cwd, `${name}.yaml`), `${name}: 1\n`);
  writeFileSync(join(cwd, 'invoice.json'), '{"name":"invoice"}');
  writeFileSync(
    join(cwd, 'flow.yaml'),
    'name: flow\ntasks:\n  - { id: a, type: wait, duration: 1s }\n  - { id: b, type: signal, dependsOn: [a] }\n',
  );
});
afterAll(() => rmSync(cwd, { recursive: true }));

const by = userInfo().username;

describe('pawl workflow', () => {
  test('register keeps a file, and prints nothing but the version to standard output', async () => {
    const ran = await type(['workflow', 'register', 'invoice.yaml'], { cwd });
    expect(ran).toMatchObject({ code: 0, out: ['invoice@2'] });
    expect(ran.err).toEqual(['Registered version 2 of invoice', 'New runs get version 1']);
    expect(ran.state.asked).toEqual([
      { call: 'registerWorkflow', args: [{ source: 'invoice: 1\n', format: 'yaml', by }] },
    ]);
    expect(ran.requests).toMatchObject([{ purpose: 'start', codeIsOptional: true }]);
  });

  test('register says if that version was there, takes JSON, and activates if told to', async () => {
    const known = await type(['workflow', 'register', 'known.yaml'], { cwd });
    expect(known.err[0]).toBe('This is version 2 of invoice already');
    const json = await type(['workflow', 'register', 'invoice.json', '--activate', '--json'], { cwd });
    expect(JSON.parse(json.out[0] ?? '')).toMatchObject({ name: 'invoice', version: 2, created: true });
    expect(json.state.asked).toMatchObject([{ args: [{ format: 'json', activate: true }] }]);
  });

  test('register shows what a server finds wrong, with its line', async () => {
    const ran = await type(['workflow', 'register', 'broken.yaml', '--url', 'http://h:1'], { cwd, remote: true });
    expect(ran).toMatchObject({ code: 2, out: [] });
    expect(ran.err).toEqual([
      'Error: broken.yaml has a problem',
      '  broken.yaml:1:3 tasks: "tasks" is missing (it is a list)',
      '      broken: 1',
      '        ^',
    ]);
  });

  test('validate asks a server what it would say, and it keeps nothing', async () => {
    const words = ['workflow', 'validate', 'invoice.yaml', 'broken.yaml', '--url', 'http://h:1'];
    const ran = await type(words, { cwd, remote: true });
    expect(ran.code).toBe(2);
    expect(ran.err.slice(0, 3)).toEqual([
      'invoice.yaml is right: workflow invoice',
      'Error: broken.yaml has a problem',
      '  broken.yaml:1:3 tasks: "tasks" is missing (it is a list)',
    ]);
    expect(ran.state.asked.map(({ args }) => args)).toMatchObject([[{ dryRun: true }], [{ dryRun: true }]]);
    const json = await type([...words, '--json'], { cwd, remote: true });
    expect(json.code).toBe(2);
    expect(JSON.parse(json.out[0] ?? '')).toMatchObject({ problems: [{ file: 'broken.yaml', line: 1, column: 3 }] });
  });

  test('a file that is not there is said to be missing', async () => {
    for (const words of [
      ['workflow', 'register', 'none.yaml'],
      ['workflow', 'validate', 'none.yaml'],
      ['run', 'none.yaml'],
      ['graph', 'none.yaml'],
    ]) {
      const ran = await type(words, { cwd });
      expect(ran.code).toBe(2);
      expect(ran.err[0]).toBe('Error: The definition none.yaml cannot be read: there is no such file');
    }
  });

  test.each([
    [['4'], [{ version: 4 }]],
    [['v4'], [{ version: 4 }]],
    [
      ['3=90', '4=10%'],
      [
        { version: 3, weight: 90 },
        { version: 4, weight: 10 },
      ],
    ],
  ])('activate %j gives new runs those versions', async (words, versions) => {
    const ran = await type(['workflow', 'activate', 'invoice', ...words]);
    expect(ran.state.asked).toEqual([{ call: 'activateWorkflow', args: ['invoice', { versions, by }] }]);
    expect(ran.err[0]).toMatch(/^New runs of invoice get version /);
    expect(ran.code).toBe(0);
  });

  test.each(['four', '4=', '-1', '3:90'])('activate %s is wrong usage', async (word) => {
    const ran = await type(['workflow', 'activate', 'invoice', '--', word]);
    expect(ran.code).toBe(2);
    expect(ran.err).toEqual([`Error: '${word}' is no version`, 'Write it like 4, or like 3=90 4=10.']);
  });

  test('rollback and deactivate say what new runs get then', async () => {
    const back = await type(['workflow', 'rollback', 'invoice']);
    expect(back.err).toEqual(['New runs of invoice get version 1']);
    const off = await type(['workflow', 'deactivate', 'invoice', '--json']);
    expect(JSON.parse(off.out[0] ?? '')).toMatchObject({ name: 'invoice', active: [] });
    expect((await type(['workflow', 'deactivate', 'invoice'])).err).toEqual([
      'New runs of invoice get nothing: the workflow is deactivated',
    ]);
  });

  test('show, diff and history print what there is, also as JSON', async () => {
    const shown = await type(['workflow', 'show', 'invoice']);
    expect(shown.out.slice(0, 2)).toEqual(['invoice', 'Bills an order']);
    const version = await type(['workflow', 'show', 'invoice', 'v2']);
    expect(version).toMatchObject({ out: ['name: invoice'], err: [expect.stringContaining('Version 2 of invoice')] });
    const diff = await type(['workflow', 'diff', 'invoice', '1', '2']);
    expect(diff.out[0]).toBe('invoice, version 1 to version 2: tasks added: pay');
    expect(diff.state.asked).toEqual([{ call: 'diffWorkflow', args: ['invoice', { from: 1, to: 2 }] }]);
    const history = await type(['workflow', 'history', 'invoice', '--limit', '1', '--before', '3']);
    expect(history.out[1]).toContain('registered version 2');
    expect(history.err).toEqual(['There are more: --before 2']);
    expect(history.state.asked).toEqual([{ call: 'getWorkflowHistory', args: ['invoice', { limit: 1, before: 3 }] }]);
    for (const words of [
      ['show', 'invoice'],
      ['show', 'invoice', '2'],
      ['diff', 'invoice'],
      ['history', 'invoice'],
    ]) {
      const ran = await type(['workflow', ...words, '--json']);
      expect(JSON.parse(ran.out[0] ?? '')).toBeTypeOf('object');
    }
  });

  test.each([
    ['show', 'odrer'],
    ['diff', 'odrer'],
    ['history', 'odrer'],
    ['rollback', 'odrer'],
    ['deactivate', 'odrer'],
    ['activate', 'odrer', '1'],
  ])('%s of a mistyped name says which was meant', async (...words) => {
    const ran = await type(['workflow', ...words]);
    expect(ran.code).toBe(2);
    expect(ran.err).toEqual(['Error: There is no workflow odrer', 'Did you mean order?']);
  });

  test('list is what "pawl workflows" prints', async () => {
    expect((await type(['workflow', 'list'])).out).toEqual((await type(['workflows'])).out);
  });

  test('wrong usage of a verb points to its help, which has examples', async () => {
    const ran = await type(['workflow', 'diff', 'invoice', 'one']);
    expect(ran.code).toBe(2);
    expect(ran.err.join('\n')).toContain('expected a version, like 4');
    expect(ran.err.join('\n')).toContain('"pawl workflow diff --help" shows the usage.');
    const help = await type(['workflow', '--help']);
    const verbs = help.out
      .flatMap((line) => /^ {2}([a-z]+) .*/.exec(line)?.[1] ?? [])
      .filter((verb) => verb !== 'help');
    expect(verbs).toHaveLength(9);
    for (const verb of verbs) expect((await type(['workflow', verb, '--help'])).out.join('\n')).toContain('Examples:');
  });
});

describe('pawl run of a file', () => {
  test('registers it and starts the version that it is', async () => {
    const ran = await type(['run', 'invoice.yaml', '--new', '--json'], { cwd, workflows: ['invoice'] });
    expect(ran.code).toBe(0);
    expect(ran.state.started).toEqual([{ workflow: 'invoice', version: 2, input: undefined, origin: 'pawl run' }]);
    expect(ran.err[0]).toContain('Registered version 2 of invoice');
    expect(ran.requests).toMatchObject([{ purpose: 'work', codeIsOptional: true }]);
  });

  test('goes on with a run of that version that was interrupted', async () => {
    const ran = await type(['run', 'known.yaml', '--input', '5'], { cwd, interrupted: 'run1', workflows: ['invoice'] });
    expect(ran.state.started).toEqual([]);
    const asked = ran.state.asked.find(({ call }) => call === 'findInterrupted');
    expect(asked?.args).toEqual(['invoice', 5, 'pawl run', 2]);
    expect(ran.state.asked.filter(({ call }) => call === 'registerWorkflow')).toHaveLength(1);
  });

  test('is what is wrong with it, if something is', async () => {
    const ran = await type(['run', 'broken.yaml'], { cwd });
    expect(ran.code).toBe(2);
    expect(ran.err[0]).toBe('Error: broken.yaml has a problem');
  });

  test.each([
    ['a.yaml', true],
    ['graphs/a.yml', true],
    ['A.JSON', true],
    ['order', false],
    ['order.v2', false],
    ['yaml', false],
  ])('%s: %s', (word, isFile) => {
    expect(isDefinitionFile(word)).toBe(isFile);
  });
});

describe('pawl graph', () => {
  test('draws a file without looking for a data directory', async () => {
    const ran = await type(['graph', 'flow.yaml'], { cwd });
    expect(ran).toMatchObject({ code: 0, err: [], requests: [] });
    expect(ran.out[0]).toBe('flowchart TD');
    expect(ran.out.join('\n')).toMatch(/t_a --> t_b/);
  });

  test('writes a picture where it is told to, by the name of the file or by the format', async () => {
    const named = await type(['graph', 'flow.yaml', '-o', 'flow.svg'], { cwd });
    expect(named).toMatchObject({ out: [], err: ['Drawn: flow.svg'] });
    const svg = readFileSync(join(cwd, 'flow.svg'), 'utf8');
    expect(svg).toMatch(/^<svg /);
    const printed = await type(['graph', 'flow.yaml', '--format', 'svg'], { cwd });
    expect(`${printed.out.join('\n')}\n`).toBe(svg);
  });

  test('colours tasks by their state in a run', async () => {
    const entries = {
      run1: [
        {
          seq: 1,
          position: 1,
          at: '2026-03-01T10:00:00.000Z',
          type: 'task_completed',
          key: 'sleep:a',
          kind: 'timer',
          attempt: 1,
        },
      ],
    };
    const ran = await type(['graph', 'flow.yaml', '--run', 'run1'], {
      cwd,
      runs: [runView({ workflow: 'flow' })],
      entries,
    });
    expect(ran.err).toEqual([]);
    const drawing = ran.out.join('\n');
    expect(drawing).toMatch(/class s_completed,t_a completed/);
    expect(drawing).toMatch(/class s_waiting,t_b waiting/);
  });

  test('says what is wrong with a file', async () => {
    const ran = await type(['graph', 'broken.yaml'], { cwd });
    expect(ran.code).toBe(2);
    expect(ran.err[0]).toMatch(/^Error: broken.yaml has \d problems/);
  });

  test.each([
    [['graph'], 'What is to be drawn? Name a file, a workflow, or a run with --run'],
    [['graph', 'order@2'], 'Workflow order is code: only graphs can be drawn'],
    [['graph', 'unknown'], 'There is no workflow unknown'],
    [['graph', '--run', 'none'], 'There is no run none'],
  ])('%j is refused: %s', async (words, message) => {
    const ran = await type(words, { workflows: ['a'] });
    expect(ran.code).toBe(2);
    expect(ran.err[0]).toContain(message);
  });
});
