import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isWorkflow } from 'pawl';
import { createTestPawl } from 'pawl/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { defaultHttpLimits } from '../../lib/http/contract/limits.ts';
import { defaultLimits } from '../../lib/kernel/limits.ts';
import { defaultLoadLimits } from '../../lib/service/load.ts';
import { loadNames, parseConfig } from '../../lib/wiring/parse-config.ts';
import { type } from '../cli/fake-cli.ts';
import { anchorsOf, blocksOf, commandsOf, linksOf, moduleOf, pages, root } from './snippets.ts';

const folder = mkdtempSync(join(tmpdir(), 'pawl-docs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const blocks = pages.flatMap(blocksOf);
const modules = blocks.filter(({ language }) => language === 'ts').map((block) => ({ block, ...moduleOf(block) }));
const tenLines = modules.find(({ block, path }) => block.page === 'README.md' && path === 'workflows/index.ts');

/** Each page has a folder of its own, in which the README's workflow stands already. */
function folderOf(page: string): string {
  return join(folder, page.replace(/\W/g, '-'));
}

function write(file: string, text: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const written = new Map(
  modules.flatMap(({ block, path, text }) => {
    const from = `${block.page}:${block.line}`;
    const base = join(folderOf(block.page), 'workflows/index.ts');
    return [
      [write(base, tenLines?.text ?? ''), 'README.md'] as const,
      [write(join(folderOf(block.page), path), text), from] as const,
    ];
  }),
);
symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));

test('every TypeScript snippet of the documentation type-checks', { timeout: 60_000 }, () => {
  expect(modules.length).toBeGreaterThan(20);
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      // Results that a snippet only names.
      noUnusedLocals: false,
      paths: {
        pawl: [join(root, 'lib/index.ts')],
        'pawl/client': [join(root, 'lib/client/index.ts')],
        'pawl/testing': [join(root, 'lib/testing/index.ts')],
        'pawl/cdk': [join(root, 'infra/index.ts')],
      },
    },
    include: [],
    files: [...written.keys()],
  };
  const project = write(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(root, 'node_modules/.bin/tsc');
  const { stdout, status } = spawnSync(tsc, ['-p', project, '--pretty', 'false'], { cwd: folder, encoding: 'utf8' });
  const errors = stdout.split('\n').filter((line) => /^\S.*error TS/.test(line));
  expect(status === 0).toBe(errors.length === 0);
  const ours = errors.filter((line) => !/\/(lib|infra)\//.test(line) || line.startsWith('infra/'));
  expect(ours).toEqual([]);
});

test('the workflow in ten lines has ten lines, and runs', async () => {
  const text = tenLines?.text ?? '';
  expect(text.trimEnd().split('\n')).toHaveLength(10);
  const module = (await import(join(folderOf('README.md'), 'workflows/index.ts'))) as Record<string, unknown>;
  const [welcome] = Object.values(module).filter(isWorkflow);
  if (!welcome) throw new Error('the README exports no workflow');
  const t = await createTestPawl({ workflows: [welcome] });
  t.step('send-*', () => null);
  const run = await t.start('welcome', { email: 'ada@example.com' });
  expect(await run.result()).toEqual({ email: 'ada@example.com', code: expect.stringMatching(/^[a-z0-9]+$/) });
  expect((await run.tasks()).map(({ key }) => key)).toEqual(['make-code', 'send-code', 'sleep:3s', 'send-tip']);
  await t.close();
});

describe('the tests that the documentation shows', async () => {
  const shown = [...written.keys()].filter((file) => file.endsWith('.test.ts'));
  expect(shown).not.toEqual([]);
  for (const file of shown) await import(file);
});

test.each(pages)('%s: every link leads somewhere', (page) => {
  for (const { target, path, anchor } of linksOf(page)) {
    expect(existsSync(join(root, path)), `${page} links to ${target}`).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(path), `${page} links to ${target}`).toContain(anchor);
  }
});

const commands = [
  ...new Map(
    blocks
      .filter(({ language }) => language === 'sh')
      .flatMap(commandsOf)
      .map((words) => [words.join(' '), words] as const),
  ),
];

test.each(commands)('the command line knows: pawl %s', async (_line, [name = '', ...words]) => {
  const { out, code } = await type([name, '--help']);
  expect(code).toBe(0);
  const help = out.join('\n');
  expect(help).toContain(`Usage: pawl ${name} `);
  for (const option of words.filter((word) => word.startsWith('--'))) expect(help).toContain(` ${option} `);
});

test('the README lists every command, and no other', async () => {
  const { out } = await type(['--help']);
  const known = out.flatMap((line) => /^ {2}([a-z]+) \[options\]/.exec(line)?.[1] ?? []);
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const listed = [...readme.matchAll(/^\| `pawl ([a-z]+)/gm)].map(([, name]) => name);
  expect(listed.toSorted()).toEqual(known.toSorted());
});

test('the documentation lists every limit and every setting, with its default', () => {
  const page = readFileSync(join(root, 'docs/configuration.md'), 'utf8');
  const inWords = (text: string) => {
    if (text === 'none') return Number.POSITIVE_INFINITY;
    const [, amount = '', unit = ''] = /^([\d,]+) ?(\w*)$/.exec(text) ?? [];
    const units: Record<string, number> = { '': 1, ms: 1, s: 1_000, min: 60_000, KiB: 1_024, MiB: 1_024 ** 2 };
    return Number(amount.replaceAll(',', '')) * (units[unit] ?? Number.NaN);
  };
  const rows = [...page.matchAll(/^\| `(\w+)` \| .* \| (.*) \|$/gm)].map(([, name = '', value = '']) => [name, value]);
  const traffic = Object.entries(defaultHttpLimits).filter(([name]) => (loadNames as string[]).includes(name));
  const defaults: Record<string, number> = { ...defaultLimits, ...defaultLoadLimits, ...Object.fromEntries(traffic) };
  const limits = Object.fromEntries(rows.filter(([name = '']) => name in defaults));
  expect(Object.keys(limits).toSorted()).toEqual(Object.keys(defaults).toSorted());
  for (const [name, value] of Object.entries(limits)) expect(inWords(String(value)), name).toBe(defaults[name]);
  const settings = rows.map(([name]) => name);
  for (const name of Object.keys(parseConfig({}, 'no file'))) if (name !== 'limits') expect(settings).toContain(name);
});
