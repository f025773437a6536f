import { afterEach, expect, test } from 'vitest';
import { type ClientOptions, createClient, type PawlClient } from '../../lib/client/index.ts';
import { createHttpApp } from '../../lib/http/app.ts';
import type { PawlApi } from '../../lib/service/api.ts';
import { createTestPawl, type TestPawl } from '../../lib/testing/index.ts';
import { createFakeApi } from '../http/fake-api.ts';

const opened: TestPawl[] = [];
afterEach(() => Promise.all(opened.splice(0).map((t) => t.close())));

/** A client of this API, without a server in between. */
function clientOf(api: PawlApi, options: Partial<ClientOptions> = {}): PawlClient {
  const app = createHttpApp({ api });
  const fetch = (async (input, init) => app.request(String(input), init)) as typeof globalThis.fetch;
  return createClient({ url: 'http://127.0.0.1:1', fetch, retry: { firstDelayMs: 1 }, ...options });
}

test('every verb of workflows arrives as it was called, and answers as in process', async () => {
  const api = createFakeApi();
  const client = clientOf(api);
  const versions = [{ version: 2, weight: 100 }];
  const calls: [name: keyof PawlApi, ...args: unknown[]][] = [
    ['listWorkflows'],
    ['getWorkflow', 'invoice'],
    ['getWorkflowVersion', 'invoice', 2],
    ['registerWorkflow', { source: '# ä🎉\nname: invoice', format: 'yaml' }],
    [
      'registerWorkflow',
      { source: '{"name":"invoice"}', format: 'json', activate: true, dryRun: true, by: 'Ada Ö. & Co' },
    ],
    ['activateWorkflow', 'invoice', { versions, by: 'Ada' }],
    ['rollbackWorkflow', 'invoice', { by: 'Ada', key: 'schön %"1"' }],
    ['deactivateWorkflow', 'invoice', { by: 'Ada' }],
    ['getWorkflowHistory', 'invoice', { limit: 5, before: 9 }],
    ['diffWorkflow', 'invoice', { from: 1, to: 2 }],
  ];
  for (const [name, ...args] of calls) {
    const own = createFakeApi();
    const answer = await (client[name] as (...given: unknown[]) => Promise<unknown>)(...args);
    expect(answer).toEqual(await (own[name] as (...given: unknown[]) => Promise<unknown>)(...args));
    expect(api.calls.at(-1)).toEqual([name, ...args]);
  }
  await client.registerWorkflow({ source: 'name: invoice' });
  expect(api.calls.at(-1)).toEqual(['registerWorkflow', { source: 'name: invoice', format: 'yaml' }]);
  await client.deactivateWorkflow('invoice');
  await client.diffWorkflow('invoice');
  await client.getWorkflowHistory('invoice');
  expect(api.calls.slice(-3)).toEqual([
    ['deactivateWorkflow', 'invoice', {}],
    ['diffWorkflow', 'invoice', {}],
    ['getWorkflowHistory', 'invoice', {}],
  ]);
});

test('problems of a definition keep their line, column and hint', async () => {
  await expect(clientOf(createFakeApi()).registerWorkflow({ source: 'broken' })).rejects.toMatchObject({
    code: 'invalid_input',
    problems: [{ path: 'tasks', message: '"tasks" is missing', line: 1, column: 3, hint: 'it is a list' }],
  });
});

test('a rollback whose answer is lost is sent again, and nothing more is rolled back', async () => {
  const t = await createTestPawl({ workflows: [] });
  opened.push(t);
  const app = createHttpApp({ api: t.api });
  let lost = 1;
  const fetch = (async (input, init) => {
    const answer = await app.request(String(input), init);
    if (!String(input).endsWith('/rollback') || lost === 0) return answer;
    lost -= 1;
    throw new TypeError('fetch failed');
  }) as typeof globalThis.fetch;
  const client = clientOf(t.api, { fetch });
  const source = (description: string) =>
    `name: flow\ndescription: ${description}\ntasks:\n  - { id: a, type: succeed }\n`;
  for (const description of ['one', 'two', 'three']) {
    await client.registerWorkflow({ source: source(description), activate: true });
  }
  expect((await client.rollbackWorkflow('flow')).active).toEqual([{ version: 2, weight: 100 }]);
  expect(lost).toBe(0);
  const changes = (await client.getWorkflowHistory('flow')).items.map(({ type }) => type);
  expect(changes.filter((type) => type === 'rolled_back')).toHaveLength(1);
});

test.each(['', '.', '..'])('%j is no name of a workflow', async (name) => {
  await expect(clientOf(createFakeApi()).getWorkflow(name)).rejects.toMatchObject({ code: 'invalid_input' });
});
