import { describe, expect, test } from 'vitest';
import {
  registeredView,
  workflowDetail,
  workflowDiff,
  workflowHistoryPage,
  workflowList,
  workflowVersionView,
  workflowView,
} from '../../lib/http/contract/workflow-schemas.ts';
import { createAsked } from './ask.ts';

const yaml = { 'Content-Type': 'application/yaml' };

describe('workflows', () => {
  test('GET /v1/workflows lists those in code and those that are registered', async () => {
    const { ask } = createAsked();
    const list = workflowList.parse(await (await ask('GET /v1/workflows')).json());
    expect(list.items).toMatchObject([
      { name: 'invoice', kind: 'graph', latest: 2, registeredBy: 'Ada' },
      { name: 'order', kind: 'code', version: 1, input: { type: 'object' } },
    ]);
  });

  test('one of them, one version of it, its history and what differs are asked for by its name', async () => {
    const { ask, api } = createAsked();
    const get = async (path: string) => (await ask(`GET /v1/workflows/invoice${path}`)).json();
    expect(workflowDetail.parse(await get('')).versions).toHaveLength(2);
    expect(workflowVersionView.parse(await get('/versions/2')).source?.format).toBe('yaml');
    expect(workflowHistoryPage.parse(await get('/history?limit=1&before=3')).next).toBe(2);
    expect(workflowDiff.parse(await get('/diff?from=1&to=2')).tasks.added).toEqual(['pay']);
    await get('/diff');
    expect(api.calls).toEqual([
      ['getWorkflow', 'invoice'],
      ['getWorkflowVersion', 'invoice', 2],
      ['getWorkflowHistory', 'invoice', { limit: 1, before: 3 }],
      ['diffWorkflow', 'invoice', { from: 1, to: 2 }],
      ['diffWorkflow', 'invoice', {}],
    ]);
  });

  test.each(['', '/versions/1', '/history', '/diff'])('GET /v1/workflows/unknown%s is 404', async (path) => {
    const { refused } = createAsked();
    expect(await refused(`GET /v1/workflows/unknown${path}`)).toMatchObject({ status: 404, code: 'not_found' });
  });

  test.each([
    ['GET /v1/workflows/invoice/versions/one', 'version'],
    ['GET /v1/workflows/invoice/versions/0', 'version'],
    ['GET /v1/workflows/invoice/diff?from=-1', 'from'],
    ['GET /v1/workflows/invoice/history?limit=201', 'limit'],
    [`GET /v1/workflows/${'x'.repeat(129)}`, 'name'],
    ['POST /v1/workflows?activate=yes', 'activate'],
  ])('%s is refused, and says that it is for %s', async (line, path) => {
    const { refused } = createAsked();
    const request = line.startsWith('POST') ? { body: 'name: a', headers: yaml } : {};
    expect((await refused(line, request)).problems).toMatchObject([{ path }]);
  });
});

describe('POST /v1/workflows', () => {
  test.each([
    ['application/yaml', 'yaml'],
    ['text/yaml; charset=utf-8', 'yaml'],
    ['application/x-yaml', 'yaml'],
    ['application/json', 'json'],
    ['Application/JSON; charset="UTF-8"', 'json'],
  ])('takes the definition as it is, with the type %s as %s', async (type, format) => {
    const { ask, api } = createAsked();
    const body = '# a comment\n{ "name": "invoice" }\n';
    const answer = await ask('POST /v1/workflows', { body, headers: { 'Content-Type': type } });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe('/v1/workflows/invoice/versions/2');
    expect(registeredView.parse(await answer.json())).toMatchObject({ version: 2, created: true });
    expect(api.calls).toEqual([['registerWorkflow', { source: body, format }]]);
  });

  test('is 200 for what is that version already, and for what was only checked', async () => {
    const { ask, api } = createAsked();
    expect((await ask('POST /v1/workflows', { body: 'known', headers: yaml })).status).toBe(200);
    const checked = await ask('POST /v1/workflows?dryRun=true&activate=false&by=Ada', { body: 'a', headers: yaml });
    expect(checked.status).toBe(200);
    expect(checked.headers.get('location')).toBeNull();
    expect(api.calls.at(-1)).toEqual([
      'registerWorkflow',
      { source: 'a', format: 'yaml', dryRun: true, activate: false, by: 'Ada' },
    ]);
  });

  test('what is wrong with the definition comes with line, column and a hint', async () => {
    const { refused } = createAsked();
    expect(await refused('POST /v1/workflows', { body: 'broken', headers: yaml })).toMatchObject({
      status: 400,
      code: 'invalid_input',
      problems: [{ path: 'tasks', message: '"tasks" is missing', line: 1, column: 3, hint: 'it is a list' }],
    });
  });

  test.each(['text/plain', 'application/yaml; charset=latin1', 'application/yam', 'yaml'])(
    'the type %s is 415',
    async (type) => {
      const { refused, api } = createAsked();
      const request = { body: 'name: a', headers: { 'Content-Type': type } };
      expect(await refused('POST /v1/workflows', request)).toMatchObject({
        code: 'unsupported_media_type',
        detail: expect.stringContaining('send application/yaml or application/json'),
      });
      expect(api.calls).toEqual([]);
    },
  );

  test('no body is refused', async () => {
    const { refused } = createAsked();
    expect((await refused('POST /v1/workflows')).detail).toContain('The body is empty');
  });

  test('the limit is 4 MiB unless given, and named', async () => {
    const { refused, ask } = createAsked();
    const long = ' '.repeat(4 * 1024 * 1024);
    expect((await ask('POST /v1/workflows', { body: long, headers: yaml })).status).toBe(201);
    expect(await refused('POST /v1/workflows', { body: `${long} `, headers: yaml })).toMatchObject({
      status: 413,
      detail: 'The body is longer than 4194304 bytes (definitionBytes)',
    });
    const small = createAsked({ limits: { definitionBytes: 10 } });
    expect((await small.refused('POST /v1/workflows', { body: 'name: abcdef', headers: yaml })).code).toBe('too_large');
  });
});

describe('which versions new runs get', () => {
  test('is chosen, rolled back and ended by a POST each, answered with the workflow as it is then', async () => {
    const { ask, api } = createAsked();
    const post = async (path: string, request: Parameters<typeof ask>[1] = {}) =>
      workflowView.parse(await (await ask(`POST /v1/workflows/invoice${path}`, request)).json());
    const versions = [
      { version: 1, weight: 90 },
      { version: 2, weight: 10 },
    ];
    expect((await post('/activate', { body: { versions, by: 'Ada' } })).active).toEqual(versions);
    await post('/activate', { body: { versions: [{ version: 2 }] } });
    await post('/rollback', { body: { by: 'Ada' }, headers: { 'Idempotency-Key': 'k' } });
    await post('/rollback');
    expect((await post('/deactivate')).active).toEqual([]);
    expect(api.calls).toEqual([
      ['activateWorkflow', 'invoice', { versions, by: 'Ada' }],
      ['activateWorkflow', 'invoice', { versions: [{ version: 2 }] }],
      ['rollbackWorkflow', 'invoice', { by: 'Ada', key: 'k' }],
      ['rollbackWorkflow', 'invoice', {}],
      ['deactivateWorkflow', 'invoice', {}],
    ]);
  });

  test.each([
    [{}, 'versions'],
    [{ versions: [{ version: '2' }] }, 'versions[0].version'],
    [{ versions: [{ version: 2, weight: 0 }] }, 'versions[0].weight'],
    [{ versions: [{ version: 2, share: 1 }] }, 'versions[0].share'],
  ])('%j is refused, and says that it is for %s', async (body, path) => {
    const { refused } = createAsked();
    expect((await refused('POST /v1/workflows/invoice/activate', { body })).problems).toMatchObject([{ path }]);
  });

  test.each(['activate', 'rollback', 'deactivate'])('of an unknown workflow is 404 for %s', async (verb) => {
    const { refused } = createAsked();
    const body = verb === 'activate' ? { versions: [{ version: 1 }] } : {};
    expect((await refused(`POST /v1/workflows/unknown/${verb}`, { body })).code).toBe('not_found');
  });
});
