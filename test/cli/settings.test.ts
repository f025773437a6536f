import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { createConnect } from '../../lib/cli/connect.ts';
import { checkDirectory, checkNode, spaceCheck } from '../../lib/cli/examine.ts';
import { shellWords, withoutOption } from '../../lib/cli/shell-words.ts';
import type { Fault } from '../../lib/kernel/faults.ts';
import { readEnvironment, wantsColor } from '../../lib/wiring/cli-environment.ts';
import { defaultConfig, defineConfig } from '../../lib/wiring/config.ts';
import { parseConfig } from '../../lib/wiring/parse-config.ts';
import { nearest } from '../../lib/workflow/nearest.ts';

function problemsOf(value: unknown): string[] {
  try {
    parseConfig(value, 'pawl.config.ts');
    return [];
  } catch (error) {
    return ((error as Fault).problems ?? []).map(({ path, message }) => `${path}: ${message}`);
  }
}

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

test('an empty configuration has all defaults, as no configuration has', () => {
  expect(parseConfig(defineConfig({}), 'pawl.config.ts')).toEqual(defaultConfig);
  expect(defaultConfig).toEqual({
    workflows: 'workflows/index.ts',
    store: 'lmdb',
    dataDir: '.pawl',
    fsync: 'batch',
    host: '127.0.0.1',
    port: 8787,
    limits: {},
    load: {},
  });
});

test('a configuration that does not parse names each path and what is allowed there', () => {
  expect(problemsOf({ port: '80', store: 'redis', limits: { leaseMs: -1, eventPerRun: 3 } })).toEqual([
    'store: expected "lmdb" or "memory"',
    'port: expected a whole number from 0 to 65535',
    'limits.leaseMs: expected a positive number',
    'limits.eventPerRun: there is no such setting; did you mean "eventsPerRun"?',
  ]);
  expect(problemsOf({ dataDirectory: '.' })).toEqual([
    'dataDirectory: there is no such setting; did you mean "dataDir"?',
  ]);
  expect(problemsOf({ zzz: 1 })[0]).toContain('there are workflows, store, dataDir');
  expect(problemsOf(7)[0]).toContain('export default defineConfig');
});

test('hosts that graphs may ask are lists of hosts', () => {
  const http = { allow: ['api.example.com'], allowPrivate: ['localhost:9000'], timeoutMs: 5_000 };
  expect(parseConfig({ http }, 'pawl.config.ts').http).toEqual(http);
  expect(problemsOf({ http: { allow: 'a', timeoutMs: 0, alow: [] } })).toEqual([
    'http.allow: expected a list of hosts, like ["api.example.com"]',
    'http.timeoutMs: expected a positive number',
    'http.alow: there is no such setting; did you mean "allow"?',
  ]);
  expect(problemsOf({ http: true })).toEqual([
    'http: expected hosts that graphs may ask, like { allow: ["api.example.com"] }',
  ]);
  expect(() => parseConfig({ http: { allow: ['https://a/b'] } }, 'pawl.config.ts')).toThrow(
    "'https://a/b' is not a host",
  );
});

test('the environment is read once, and what cannot be used is named', async () => {
  expect(await readEnvironment({ PAWL_URL: 'http://h:1', PAWL_TOKEN: '', CI: 'true', npm_command: 'exec' })).toEqual({
    url: 'http://h:1',
    ci: true,
    program: 'npx pawl',
  });
  expect(await readEnvironment({})).toEqual({ ci: false, program: 'pawl' });
  await expect(readEnvironment({ PAWL_URL: 'ftp://h' })).rejects.toMatchObject({
    code: 'invalid_input',
    problems: [{ path: 'PAWL_URL', message: 'expected an address like http://127.0.0.1:8787' }],
  });
});

test('colours are for terminals, unless wished otherwise', () => {
  expect(wantsColor(true, {})).toBe(true);
  expect(wantsColor(true, { NO_COLOR: '1' })).toBe(false);
  expect(wantsColor(false, { FORCE_COLOR: '1' })).toBe(true);
  expect(wantsColor(true, { TERM: 'dumb' })).toBe(false);
});

test.each([
  ['odrer', 'order'],
  ['ordr', 'order'],
  ['nightly-reprot', 'nightly-report'],
  ['nigh', 'nightly-report'],
  ['ORDER', 'order'],
  ['xyz', undefined],
  ['a', undefined],
])('%s probably means %s', (typed, meant) => {
  expect(nearest(typed, ['order', 'nightly-report', 'word-count'])).toBe(meant);
});

test('a command is shown so that a shell reads it again as it was', () => {
  expect(shellWords(['run', 'a b', "it's", '', '--x=1'])).toBe("run 'a b' 'it'\\''s' '' --x=1");
  expect(withoutOption(['run', '--new', 'w', '--new'], '--new', false)).toEqual(['run', 'w']);
});

test('the command line goes to a directory or a server, and says when both are meant', async () => {
  const connect = createConnect('/nowhere', async () => ({ ci: false, program: 'pawl', url: 'http://h:1' }));
  const both = connect({ purpose: 'read', url: 'http://h:1', dataDir: 'd' });
  await expect(both).rejects.toThrow('--url goes with neither --data-dir nor --config');
  await expect(connect({ purpose: 'read', url: 'h:1' })).rejects.toThrow('h:1 is no address of a server');
  const empty = mkdtempSync(join(tmpdir(), 'pawl-cli-'));
  const local = createConnect(empty, async () => ({ ci: false, program: 'pawl' }));
  await expect(local({ purpose: 'read' })).rejects.toThrow(`There are no runs in ${join(empty, '.pawl')}`);
  await expect(local({ purpose: 'start' })).rejects.toThrow(
    'There is no workflows/index.ts, where the workflows are to be',
  );
  await expect(local({ purpose: 'read', config: 'x.ts' })).rejects.toThrow('There is no configuration file x.ts');
});

test.each([
  ['by its name', 'https://abc.execute-api.eu-central-1.amazonaws.com', {}, 'eu-central-1/execute-api'],
  ['by PAWL_AWS_REGION', 'https://pawl.example.com', { awsRegion: 'us-east-1' }, 'us-east-1/execute-api'],
])('a server that is known to be on AWS %s is asked with signed requests', async (_how, url, environment, scope) => {
  const sent: Record<string, string>[] = [];
  vi.stubGlobal('fetch', async (_url: string, { headers }: { headers: Record<string, string> }) => {
    sent.push(headers);
    return Response.json({ items: [] });
  });
  vi.stubEnv('AWS_PROFILE', undefined);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDADA');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  const ask = async (more: object) => {
    const connect = createConnect('/nowhere', async () => ({
      ci: false,
      program: 'pawl',
      url,
      ...environment,
      ...more,
    }));
    await (await connect({ purpose: 'read' })).api.listRuns();
  };
  await ask({});
  await ask({ token: 't' });
  expect(sent[0]?.authorization).toMatch(new RegExp(`Credential=AKIDADA/\\d{8}/${scope}/`));
  expect(sent[1]?.Authorization).toBe('Bearer t');
});

test('PAWL_AWS_REGION is a region', async () => {
  expect(await readEnvironment({ PAWL_AWS_REGION: 'eu-central-1' })).toMatchObject({ awsRegion: 'eu-central-1' });
  await expect(readEnvironment({ PAWL_AWS_REGION: 'Frankfurt am Main' })).rejects.toMatchObject({
    problems: [{ path: 'PAWL_AWS_REGION', message: 'expected a region like eu-central-1' }],
  });
});

test('the doctor knows an old Node, little space and a directory that is open to others', async () => {
  expect(checkNode('20.18.9').status).toBe('unhealthy');
  expect(checkNode('20.19.0').status).toBe('healthy');
  expect(checkNode('22.0.0').status).toBe('healthy');
  expect(spaceCheck(5e9)).toMatchObject({ status: 'healthy', message: '5.0 GB free' });
  expect(spaceCheck(5e8).status).toBe('warning');
  expect(spaceCheck(5e6).status).toBe('unhealthy');
  expect(await checkDirectory('/nowhere/at/all')).toMatchObject({ usable: false, checks: [{ status: 'healthy' }] });
  expect((await checkDirectory('/etc/hostname')).checks[0]?.message).toBe('/etc/hostname is no directory');
});
