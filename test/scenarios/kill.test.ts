/** Real processes on a data directory, which die in the middle of what they do: the built command line, typed again and again. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openPawl } from 'pawl';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const cli = resolve(import.meta.dirname, '../../dist/cli.mjs');

const workflows = `
import { appendFileSync } from 'node:fs';
import { workflow } from 'pawl';

const did = (what: string) => appendFileSync('done.txt', what + '\\n');

export const resizing = workflow({ name: 'resizing' }, async (ctx) => {
  await ctx.step('fetch', () => did('fetch'));
  const end = await ctx
    .step('resize', () => {
      did('resize');
      process.kill(process.pid, 'SIGKILL');
      return new Promise<string>(() => {});
    })
    .catch(({ name, code }) => name + ' ' + code);
  await ctx.step('report', () => did('report'));
  return end;
});
`;

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'pawl-scenario-'));
  writeFileSync(join(dir, 'package.json'), '{ "name": "killed" }');
  writeFileSync(join(dir, 'workflows.ts'), workflows);
  writeFileSync(join(dir, 'pawl.config.json'), '{ "workflows": "workflows.ts" }');
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function type(...words: string[]): Promise<{ signal: string | null; out: string }> {
  const child = spawn(process.execPath, [cli, ...words], { cwd: dir, stdio: ['ignore', 'pipe', 'ignore'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { signal, out };
}

describe('scenario 12: a step takes its process with it, each time', () => {
  // Guards: after a takeover a mark comes before the step (K12); a death while it runs alone counts; the count ends it.
  test('typed again after each death, the command ends: the step has failed, and what came before was done once', {
    timeout: 60_000,
  }, async () => {
    const ends: (string | null)[] = [];
    let out = '';
    while (ends.at(-1) !== null && ends.length < 10) {
      const ended = await type('run', 'resizing', '--key', 'image-1', '--json');
      ends.push(ended.signal);
      ({ out } = ended);
    }
    // Once before there was a mark of it, once under a mark, perhaps beside others, and three times alone.
    expect(ends).toEqual([...Array(5).fill('SIGKILL'), null]);
    const run = JSON.parse(out) as { id: string; status: string; output: string };
    expect(run).toMatchObject({ status: 'completed', output: 'CrashedError crashed' });
    expect(readFileSync(join(dir, 'done.txt'), 'utf8').trim().split('\n')).toEqual([
      'fetch',
      ...Array(5).fill('resize'),
      'report',
    ]);

    const pawl = await openPawl({ workflows: [], dataDir: join(dir, '.pawl'), worker: false });
    const { items } = await pawl.getHistory(run.id);
    const listed = await pawl.listRuns({});
    await pawl.close();
    expect(items.filter(({ type, key }) => type === 'task_started' && key === 'resize').length).toBeGreaterThanOrEqual(
      3,
    );
    expect(items.filter(({ type }) => /task_(completed|failed)/.test(type)).map(({ key }) => key)).toEqual([
      'fetch',
      'resize',
      'report',
    ]);
    expect(listed.items).toMatchObject([{ id: run.id, status: 'completed' }]);
  });
});
