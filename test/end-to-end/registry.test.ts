/** Workflows that are data, by the command line: on a data directory, and on a server. Each command is a process of its own. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createProject, type Project } from '../cli/project.ts';

const handlers = `
import { appendFileSync } from 'node:fs';
import { handlers } from 'pawl';

export const work = handlers({
  greet: (input: { name: string }) => {
    appendFileSync('effects.txt', 'greet\\n');
    return 'Hello, ' + input.name + '!';
  },
  shout: (input: string) => input.toUpperCase(),
});
`;

const greeting = `# Says hello.
name: greeting
inputSchema: { type: object, required: [name], properties: { name: { type: string } } }
tasks:
  - { id: greet, type: executor, handler: greet, input: "{% $input %}" }
  - { id: go, type: signal, dependsOn: [greet] }
  - { id: shout, type: executor, handler: shout, dependsOn: [go], when: "{% $tasks.go.output.loud %}", input: "{% $tasks.greet.output %}" }
output: "{% $tasks.shout.status = 'completed' ? $tasks.shout.output : $tasks.greet.output %}"
`;
const quick = 'name: quick\ntasks:\n  - { id: say, type: transform, output: "{% $run.version %}" }\n';
const input = ['--input', '{"name": "Ada"}'];

let project: Project;

beforeEach(() => {
  project = createProject({
    'package.json': '{ "name": "shop", "version": "1.0.0" }',
    'workflows/index.ts': handlers,
    'greeting.yaml': greeting,
    'quick.yaml': quick,
  });
});

afterEach(() => project.dispose());

// Each test starts many processes.
vi.setConfig({ testTimeout: 90_000 });

const json = (text: string) => JSON.parse(text);

test('a graph runs from its file, and goes on after its process was killed, in the version that it began with', async () => {
  const words = ['run', 'greeting.yaml', ...input];
  const first = project.start(...words);
  await first.says(/Registered version 1 of greeting/);
  await first.says(/waiting for the signal go/);
  first.process.kill('SIGKILL');
  await first.ended;

  // Another content is another version, and no reason to go on with a run of this one.
  project.write('greeting.yaml', greeting.replace('# Says hello.', 'description: Greets'));
  const other = project.start(...words);
  const [, otherId = ''] = await other.says(/Started run (\w+) of greeting version 2/);
  await other.says(/waiting for the signal go/);
  other.process.kill('SIGKILL');
  await other.ended;

  project.write('greeting.yaml', `${greeting}# nothing new\n`);
  const again = project.start(...words);
  const [, id = ''] = await again.says(/Going on with run (\w+)/);
  expect(id).not.toBe(otherId);
  await project.pawl('signal', id, 'go', '{"loud": true}');
  const { code, out, err } = await again.ended;
  expect(code, err).toBe(0);
  expect(json(out)).toBe('HELLO, ADA!');
  expect(project.read('effects.txt')).toBe('greet\ngreet\n');

  const drawn = await project.pawl('graph', '--run', id);
  expect(drawn.out).toMatch(/class s_completed,t_greet,t_go,t_shout completed/);
  const open = await project.pawl('graph', 'greeting@2', '--run', otherId, '-o', 'open.svg');
  expect(open.code, open.err).toBe(0);
  expect(project.read('open.svg')).toContain('greeting, version 2');
});

test('what is wrong with a file is said at once, place by place, and nothing is kept', async () => {
  project.write(
    'bad.yaml',
    'name: bad\ntasks:\n  - { id: a, type: executor, handler: gret }\n  - { id: a, type: nap }\n',
  );
  const validated = await project.pawl('workflow', 'validate', 'quick.yaml', 'bad.yaml');
  expect(validated).toMatchObject({ code: 2, out: '' });
  expect(validated.err).toContain('quick.yaml is right: workflow quick\n');
  expect(validated.err).toContain(
    '  bad.yaml:3:39 tasks[0].handler: there is no handler "gret" (did you mean "greet"?)\n' +
      '      - { id: a, type: executor, handler: gret }\n' +
      '                                          ^\n',
  );
  expect(validated.err).toMatch(/bad\.yaml:4:20 .*nap/);
  const registered = await project.pawl('workflow', 'register', 'bad.yaml');
  expect(registered.code).toBe(2);
  expect(registered.err.split('\n').slice(1)).toEqual(validated.err.split('\n').slice(2));
  expect((await project.pawl('run', 'bad.yaml')).code).toBe(2);
  const listed = await project.pawl('workflows', '--json');
  expect(json(listed.out).items).toEqual([]);
  const right = await project.pawl('workflow', 'validate', 'greeting.yaml', '--json');
  expect(right).toMatchObject({ code: 0, out: '{"problems":[]}\n' });
});

test('versions are registered, activated and rolled back, and the history knows of all of it', async () => {
  expect(await project.pawl('workflow', 'register', 'quick.yaml')).toMatchObject({ code: 0, out: 'quick@1\n' });
  project.write('quick.yaml', `version: 7\n${quick}`);
  const refused = await project.pawl('workflow', 'register', 'quick.yaml');
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('there is no version 6 of quick before it. Its next version is 2');
  project.write('quick.yaml', quick.replace('$run.version', '$run.version * 10'));
  expect((await project.pawl('workflow', 'register', 'quick.yaml')).out).toBe('quick@2\n');
  const diff = await project.pawl('workflow', 'diff', 'quick');
  expect(diff.out).toContain('+  - { id: say, type: transform, output: "{% $run.version * 10 %}" }\n');
  expect((await project.pawl('workflow', 'activate', 'quick', '2')).code).toBe(0);
  expect((await project.pawl('run', 'quick')).out).toBe('20\n');
  expect((await project.pawl('workflow', 'rollback', 'quick')).err).toBe('New runs of quick get version 1\n');
  expect((await project.pawl('workflow', 'deactivate', 'quick')).code).toBe(0);
  const off = await project.pawl('run', 'quick');
  expect(off.code).toBe(1);
  expect(off.err).toContain('Workflow quick is deactivated');
  const history = json((await project.pawl('workflow', 'history', 'quick', '--json')).out);
  expect(history.items.map(({ type, version }: { type: string; version?: number }) => [type, version])).toEqual([
    ['deactivated', undefined],
    ['rolled_back', undefined],
    ['activated', undefined],
    ['registered', 2],
    ['registered', 1],
  ]);
  for (const { at, by } of history.items) expect([Number.isNaN(Date.parse(at)), by.length > 0]).toEqual([false, true]);
});

test('on a server it is the same: registered there without a restart, run from a file, drawn', async () => {
  const dev = project.start('dev', '--port', '0');
  const [url = ''] = await dev.says(/http:\/\/127\.0\.0\.1:\d+/);
  const there = ['--url', url];
  expect((await project.pawl('workflow', 'validate', 'greeting.yaml', ...there)).code).toBe(0);
  expect((await project.pawl('workflow', 'list', '--json', ...there)).out).toBe('{"items":[]}\n');
  expect((await project.pawl('workflow', 'register', 'quick.yaml', ...there)).out).toBe('quick@1\n');
  expect((await project.pawl('run', 'quick', ...there)).out).toBe('1\n');

  project.write('bad.yaml', 'name: bad\ntasks:\n  - { id: a, type: executor, handler: gret }\n');
  const bad = await project.pawl('workflow', 'register', 'bad.yaml', ...there);
  expect(bad.code).toBe(2);
  expect(bad.err).toContain('bad.yaml:3:39 tasks[0].handler: there is no handler "gret" (did you mean "greet"?)');

  const running = project.start('run', 'greeting.yaml', ...input, ...there);
  const [, id = ''] = await running.says(/Started run (\w+) of greeting version 1/);
  await running.says(/waiting for the signal go/);
  expect((await project.pawl('graph', '--run', id, ...there)).out).toMatch(/class s_waiting,t_go waiting/);
  await project.pawl('signal', id, 'go', '{"loud": false}', ...there);
  const { code, out, err } = await running.ended;
  expect(code, err).toBe(0);
  expect(json(out)).toBe('Hello, Ada!');
  // Another process on the same directory sees what the server was told.
  expect((await project.pawl('workflow', 'show', 'quick')).out).toContain('new runs get  version 1');
  const drawn = await project.pawl('graph', 'greeting.yaml', '--run', id, ...there);
  expect(drawn.out).toMatch(/class s_skipped,t_shout skipped/);
});

test('a graph that needs no handler runs in a folder that has nothing but it', async () => {
  const empty = createProject({ 'quick.yaml': quick });
  expect(await empty.pawl('run', 'quick.yaml')).toMatchObject({ code: 0, out: '1\n' });
  expect((await empty.pawl('workflow', 'activate', 'quick', '1')).code).toBe(0);
  expect((await empty.pawl('run', 'quick')).out).toBe('1\n');
  const dev = empty.start('dev', '--port', '0');
  await dev.says(/No workflows in code; registered ones run/);
  expect(json((await empty.pawl('workflows', '--json')).out).items).toMatchObject([{ name: 'quick', kind: 'graph' }]);
  await empty.dispose();
});
