import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createProject, type Project } from './project.ts';

const workflows = `
import { appendFileSync } from 'node:fs';
import { workflow } from 'pawl';
import { greeting } from './text.ts';

export const hello = workflow({ name: 'hello' }, async (ctx, input: { name: string }) => {
  const text = await ctx.step('greet', async () => {
    appendFileSync('effects.txt', 'greet\\n');
    console.log('a line of the step');
    return greeting + ', ' + input.name + '!';
  });
  const answer = await ctx.signal('go');
  return { text, answer, end: greeting };
});

export const others = [workflow({ name: 'add', version: 2 }, async (_ctx, input: number[]) => input.reduce((a, b) => a + b, 0))];
`;

let project: Project;

beforeEach(() => {
  project = createProject({
    'package.json': '{ "name": "shop", "version": "1.0.0" }',
    'workflows/index.ts': workflows,
    'workflows/text.ts': `export const greeting = 'Hello';`,
  });
});

afterEach(() => project.dispose());

// Each test starts several processes.
vi.setConfig({ testTimeout: 40_000 });

const idIn = (text: string): string => /run ([0-9a-z]{20,})/.exec(text)?.[1] ?? '';

test('pawl run runs a workflow of a folder that has nothing but it', async () => {
  const ran = await project.pawl('run', 'add', '--input', '[1, 2, 3]');
  expect(ran).toMatchObject({ code: 0, out: '6\n' });
  const json = await project.pawl('run', 'add', '--input', '[4]', '--json');
  expect(JSON.parse(json.out)).toMatchObject({ workflow: 'add', version: 2, status: 'completed', output: 4 });
});

test('with a key the same command attaches to the same run, and another input is refused', async () => {
  const first = await project.pawl('run', 'add', '--input', '[1]', '--key', 'k', '--json');
  const again = await project.pawl('run', 'add', '--input', '[1]', '--key', 'k', '--json');
  expect(JSON.parse(again.out).id).toBe(JSON.parse(first.out).id);
  const other = await project.pawl('run', 'add', '--input', '[2]', '--key', 'k');
  expect(other.code).toBe(1);
  expect(other.err).toMatch(/belongs to run/);
});

test.each(['SIGINT', 'SIGKILL'] as const)(
  'after %s the same command goes on with the run, and no recorded step runs again',
  async (signal) => {
    const words = ['run', 'hello', '--input', '{"name": "Ada"}'];
    const first = project.start(...words);
    await first.says(/waiting for the signal go/);
    first.process.kill(signal);
    const ended = await first.ended;
    expect(ended.out).toBe('');
    if (signal === 'SIGINT') {
      expect(ended.code).toBe(130);
      expect(ended.err).toContain(`To go on with it:\n  pawl run hello --input '{"name": "Ada"}'\n`);
    }
    const second = project.start(...words);
    const [, id = ''] = await second.says(/Going on with run (\w+), interrupted at \d{4}-/);
    expect(id).toBe(idIn(ended.err));
    expect((await project.pawl('signal', id, 'go', '{"n": 1}')).code).toBe(0);
    const { code, out, err } = await second.ended;
    expect(code, err).toBe(0);
    expect(JSON.parse(out)).toEqual({ text: 'Hello, Ada!', answer: { n: 1 }, end: 'Hello' });
    expect(project.read('effects.txt')).toBe('greet\n');
  },
);

test('a run that changed code has blocked ends the command, and goes on at once with fitting code', async () => {
  const words = ['run', 'hello', '--input', '{"name": "Ada"}'];
  const first = project.start(...words);
  await first.says(/waiting for the signal go/);
  first.process.kill('SIGKILL');
  await first.ended;
  project.write('workflows/index.ts', workflows.replace("'greet'", "'welcome'"));
  const blocked = project.start(...words);
  const [, id = ''] = await blocked.says(/Going on with run (\w+)/);
  await project.pawl('signal', id, 'go');
  const { code, out, err } = await blocked.ended;
  expect(code).toBe(1);
  expect(out).toBe('');
  expect(err).toMatch(/Blocked \(non_deterministic\): .*'greet'.*'welcome'/);
  expect((await project.pawl(...words)).err).toMatch(/Blocked \(non_deterministic\)/);
  project.write('workflows/index.ts', workflows);
  const last = await project.pawl(...words);
  expect(last.code, last.err).toBe(0);
  expect(project.read('effects.txt')).toBe('greet\n');
});

test('pawl start leaves the run to a worker, and what there is can be looked at', async () => {
  const started = await project.pawl('start', 'hello', '-i', '{"name": "Bob"}');
  const id = started.out.trim();
  expect(started.err).toContain('No worker is running there');
  const listed = await project.pawl('list', '--json', '--workflow', 'hello');
  expect(JSON.parse(listed.out).items).toMatchObject([{ id, status: 'pending' }]);
  const cancelled = await project.pawl('cancel', id, '--reason', 'no need');
  expect(cancelled).toMatchObject({ code: 0, out: '' });
  const dev = project.start('dev', '--port', '0');
  const watched = await project.pawl('watch', id);
  expect(watched.code).toBe(1);
  expect(watched.err).toContain(`⊘ cancelled run ${id}`);
  const history = await project.pawl('history', id, '--json');
  expect(JSON.parse(history.out).items.at(-1)).toMatchObject({ type: 'run_cancelled' });
  dev.process.kill('SIGTERM');
  expect((await dev.ended).code).toBe(0);
});

test('pawl dev answers HTTP and takes over changed workflows, but not broken ones', async () => {
  const dev = project.start('dev', '--port', '0');
  const [url = ''] = await dev.says(/http:\/\/127\.0\.0\.1:\d+/);
  const started = await project.pawl('start', 'hello', '-i', '{"name": "Eve"}', '--url', url);
  const id = started.out.trim();
  await dev.says(/waiting for the signal go/);
  project.write('workflows/text.ts', `export const greeting = 'Hi`);
  await dev.says(/the old ones stay\n.*text\.ts:1/);
  project.write('workflows/text.ts', `export const greeting = 'Hi';`);
  await dev.says(/Reloaded/);
  const watching = project.start('watch', id, '--url', url);
  await watching.says(/greet completed/);
  expect((await project.pawl('signal', id, 'go', '--url', url)).code).toBe(0);
  const { code, out } = await watching.ended;
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual({ text: 'Hello, Eve!', end: 'Hi' });
  expect((await project.pawl('show', id, '--url', url)).out).toMatch(/greet +━/);
});

test('pawl serve asks for a token beyond this machine, logs JSON and drains when told to end', async () => {
  const refused = await project.pawl('serve', '--host', '0.0.0.0', '--port', '0');
  expect(refused.code).toBe(2);
  expect(refused.err).toContain('A token is required to listen on 0.0.0.0');

  project.write('token', 'secret-token\n');
  const server = project.start('serve', '--host', '0.0.0.0', '--port', '0', '--token-file', 'token');
  const [, url = ''] = await server.says(/"url":"([^"]+)"/);
  expect((await fetch(`${url}/v1/runs`)).status).toBe(401);
  const headers = { authorization: 'Bearer secret-token', 'content-type': 'application/json' };
  const body = JSON.stringify({ workflow: 'hello', input: { name: 'Kim' } });
  expect((await fetch(`${url}/v1/runs`, { method: 'POST', headers, body })).status).toBe(201);
  await server.says(/"message":"a line of the step"/);
  await server.says(/run_suspended/);
  server.process.kill('SIGTERM');
  const { code, out, err } = await server.ended;
  expect(code).toBe(0);
  expect(err).toBe('');
  const messages = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).message);
  expect(messages.at(0)).toBe('listening');
  expect(messages.slice(-2)).toEqual(['draining', 'stopped']);
});

test('a configuration is read from the folder, and what is wrong with it is named', async () => {
  project.write(
    'pawl.config.ts',
    `import { defineConfig } from 'pawl';\nexport default defineConfig({ dataDir: 'state' });\n`,
  );
  expect((await project.pawl('run', 'add', '-i', '[1]')).out).toBe('1\n');
  expect((await project.pawl('list', '--data-dir', 'state')).out).toContain('add v2');
  project.write('pawl.config.ts', `export default { prot: 1, store: 'redis' };`);
  const wrong = await project.pawl('list');
  expect(wrong.code).toBe(2);
  expect(wrong.err).toBe(
    'Error: pawl.config.ts does not parse\n' +
      '  store: expected "lmdb" or "memory"\n' +
      '  prot: there is no such setting; did you mean "port"?\n',
  );
});

test('pawl doctor is content with a new folder, and not with workflows that do not build', async () => {
  const fresh = await project.pawl('doctor');
  expect(fresh.code).toBe(0);
  expect(fresh.out).toMatch(/✓ workflows +2: hello, add/);
  project.write('workflows/index.ts', 'export const = 1;');
  const broken = await project.pawl('doctor', '--json');
  expect(broken.code).toBe(1);
  expect(JSON.parse(broken.out).status).toBe('critical');
});

test('without workflows there is an example to begin with', async () => {
  const ran = await project.pawl('run', 'hello', '--config', 'none.ts');
  expect(ran.code).toBe(2);
  const empty = createProject({});
  const missing = await empty.pawl('run', 'hello');
  await empty.dispose();
  expect(missing.code).toBe(2);
  expect(missing.err).toContain(`import { workflow } from 'pawl';`);
});

test('a promise that a workflow makes and forgets is reported, and the process goes on', async () => {
  project.write(
    'workflows/index.ts',
    `import { workflow } from 'pawl';
     export const stray = workflow({ name: 'stray' }, async (ctx) => {
       const failing = ctx.step('fails', () => { throw new Error('forgotten'); }, { retry: { attempts: 1 } });
       const helper = async () => { await failing; };
       void helper();
       await failing.catch(() => undefined);
       await ctx.step('goes on', () => undefined);
       return 'went on';
     });`,
  );
  const ran = await project.pawl('run', 'stray');
  expect(ran).toMatchObject({ code: 0, out: '"went on"\n' });
  expect(ran.err).toMatch(/A promise was rejected that nobody awaited:.*forgotten/s);
});
