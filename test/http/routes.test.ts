import { describe, expect, test } from 'vitest';
import {
  acceptedView,
  exportedRun,
  historyPage,
  redrivenView,
  runPage,
  runView,
  taskList,
} from '../../lib/http/contract/schemas.ts';
import { createAsked } from './ask.ts';

const start = async (asked: ReturnType<typeof createAsked>, workflow = 'order'): Promise<string> =>
  (await asked.api.startRun({ workflow })).run.id;

describe('POST /v1/runs', () => {
  test('a new run is 201, with where it is', async () => {
    const { ask, api } = createAsked();
    const answer = await ask('POST /v1/runs', { body: { workflow: 'order', input: { total: 5 }, correlationId: 'c' } });
    expect(answer.status).toBe(201);
    const run = runView.parse(await answer.json());
    expect(answer.headers.get('location')).toBe(`/v1/runs/${run.id}`);
    expect(api.calls).toEqual([['startRun', { workflow: 'order', input: { total: 5 }, correlationId: 'c' }]]);
  });

  test('the same key and input is 200, with the same run', async () => {
    const { ask } = createAsked();
    const request = { body: { workflow: 'order', input: 1 }, headers: { 'Idempotency-Key': 'k1' } };
    const [first, second] = [await ask('POST /v1/runs', request), await ask('POST /v1/runs', request)];
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(await second.json()).toEqual(await first.json());
  });

  test('the same key with another input is 409', async () => {
    const { ask, refused } = createAsked();
    const headers = { 'Idempotency-Key': 'k1' };
    await ask('POST /v1/runs', { body: { workflow: 'order', input: 1 }, headers });
    expect(await refused('POST /v1/runs', { body: { workflow: 'order', input: 2 }, headers })).toMatchObject({
      status: 409,
      code: 'conflict',
    });
  });

  test.each([
    ['as it is', 'k 1', 'k 1'],
    ['quoted, as the draft of the header has it', '"k\\"1"', 'k"1'],
    ['as a Display String, for what HTTP cannot carry', '%"sch%c3%b6n"', 'schön'],
  ])('a key is understood %s', async (_how, header, key) => {
    const { ask, api } = createAsked();
    await ask('POST /v1/runs', { body: { workflow: 'order' }, headers: { 'Idempotency-Key': header } });
    expect(api.calls).toEqual([['startRun', { workflow: 'order', key }]]);
  });

  test.each([
    ['too long', 'k'.repeat(257)],
    ['empty', '""'],
    ['quoted and not closed', '"k'],
    ['not UTF-8', '%"%ff"'],
  ])('a key that is %s is refused by the name of its header', async (_how, header) => {
    const { refused, api } = createAsked();
    const problem = await refused('POST /v1/runs', {
      body: { workflow: 'order' },
      headers: { 'Idempotency-Key': header },
    });
    expect(problem).toMatchObject({ status: 400, problems: [{ path: 'Idempotency-Key' }] });
    expect(api.calls).toEqual([]);
  });

  test('a workflow that is unknown is 404', async () => {
    const { refused } = createAsked();
    expect(await refused('POST /v1/runs', { body: { workflow: 'unknown' } })).toMatchObject({ code: 'not_found' });
  });

  test('each thing that is wrong is named with its path', async () => {
    const { refused } = createAsked();
    const problem = await refused('POST /v1/runs', { body: { workflow: '', version: 0, inputs: 1 } });
    expect(problem.problems?.map(({ path }) => path)).toEqual(['workflow', 'version', 'inputs']);
    expect(problem.problems?.at(-1)?.message).toBe('is not known here');
  });

  test('no body at all is told as such', async () => {
    const { refused } = createAsked();
    expect(await refused('POST /v1/runs')).toMatchObject({ status: 400, code: 'invalid_input' });
  });
});

describe('GET /v1/runs', () => {
  test('lists runs page by page', async () => {
    const asked = createAsked();
    for (const name of ['one', 'two', 'three']) await start(asked, name);
    const first = runPage.parse(await (await asked.ask('GET /v1/runs?limit=2')).json());
    expect(first.items).toHaveLength(2);
    const second = runPage.parse(await (await asked.ask(`GET /v1/runs?limit=2&cursor=${first.cursor}`)).json());
    expect(second.items).toHaveLength(1);
    expect(second.cursor).toBeUndefined();
  });

  test('hands every filter on', async () => {
    const { ask, api } = createAsked();
    const query =
      'status=failed&workflow=order&correlationId=c&createdFrom=2026-01-01T00:00:00Z&createdBefore=2026-02-01T00:00:00%2B02:00&limit=7&cursor=0';
    expect((await ask(`GET /v1/runs?${query}`)).status).toBe(200);
    const filters = {
      status: 'failed',
      workflow: 'order',
      correlationId: 'c',
      createdFrom: '2026-01-01T00:00:00Z',
      createdBefore: '2026-02-01T00:00:00+02:00',
      limit: 7,
      cursor: '0',
    };
    expect(api.calls).toEqual([['listRuns', filters]]);
  });

  test.each([
    'status=done',
    'limit=0',
    'limit=201',
    'limit=',
    'limit=1e1',
    'limit=1&limit=2',
    'createdFrom=yesterday',
    'createdBefore=2026-01-01',
    'statuss=failed',
    'workflow=',
  ])('?%s is refused by its name', async (query) => {
    const { refused } = createAsked();
    const problem = await refused(`GET /v1/runs?${query}`);
    expect(problem.problems?.map(({ path }) => path)).toEqual([query.split('=')[0]]);
  });
});

describe('one run', () => {
  test('GET /v1/runs/{id} shows it', async () => {
    const asked = createAsked();
    const id = await start(asked);
    const answer = await asked.ask(`GET /v1/runs/${id}`);
    expect(answer.status).toBe(200);
    expect(runView.parse(await answer.json())).toEqual(await asked.api.getRun(id));
  });

  test('HEAD answers like GET, without the body', async () => {
    const asked = createAsked();
    const id = await start(asked);
    const answer = await asked.ask(`HEAD /v1/runs/${id}`);
    expect([answer.status, await answer.text()]).toEqual([200, '']);
  });

  test('an id may hold anything', async () => {
    const asked = createAsked();
    const id = 'order:a/b?c%20d ü#';
    await asked.api.startRun({ workflow: 'order', key: id.slice('order:'.length) });
    const answer = await asked.ask(`GET /v1/runs/${encodeURIComponent(id)}`);
    expect(((await answer.json()) as { id: string }).id).toBe(id);
  });

  test('GET /v1/runs/{id}/tasks lists its tasks', async () => {
    const asked = createAsked();
    const answer = await asked.ask(`GET /v1/runs/${await start(asked)}/tasks`);
    expect(taskList.parse(await answer.json()).items).toMatchObject([{ key: 'reserve', status: 'completed' }]);
  });

  test('GET /v1/runs/{id}/history reads its journal page by page, with every field of an event', async () => {
    const asked = createAsked();
    const id = await start(asked);
    for (const key of ['one', 'two', 'three']) asked.api.record(id, 'task_completed', { key });
    const first = historyPage.parse(await (await asked.ask(`GET /v1/runs/${id}/history?limit=2`)).json());
    expect(first).toMatchObject({ items: [{ seq: 1, key: 'one' }, { seq: 2 }], next: 2 });
    const second = historyPage.parse(await (await asked.ask(`GET /v1/runs/${id}/history?after=2`)).json());
    expect(second.items).toMatchObject([{ seq: 3, key: 'three' }]);
    expect(second.next).toBeUndefined();
  });

  test('GET /v1/runs/{id}/export gives the run in one piece', async () => {
    const asked = createAsked();
    const id = await start(asked);
    asked.api.record(id, 'task_completed', { key: 'one' });
    const exported = exportedRun.parse(await (await asked.ask(`GET /v1/runs/${id}/export`)).json());
    expect(exported).toMatchObject({ format: 1, run: { id, workflow: 'order' }, history: [{ seq: 1, key: 'one' }] });
  });

  test.each(['after=-1', 'limit=1001'])('history?%s is refused by its name', async (query) => {
    const { refused } = createAsked();
    expect((await refused(`GET /v1/runs/x/history?${query}`)).problems).toMatchObject([{ path: query.split('=')[0] }]);
  });

  test('POST …/signals/{name} is 202 and hands payload, key and sender on', async () => {
    const asked = createAsked();
    const id = await start(asked);
    const answer = await asked.ask(`POST /v1/runs/${id}/signals/approval%2F1`, {
      body: { payload: { ok: true }, by: 'ada' },
      headers: { 'Idempotency-Key': 'k1' },
    });
    expect(answer.status).toBe(202);
    acceptedView.parse(await answer.json());
    expect(asked.api.calls.at(-1)).toEqual([
      'signalRun',
      id,
      'approval/1',
      { payload: { ok: true }, by: 'ada', key: 'k1' },
    ]);
  });

  test.each(['pause', 'resume', 'cancel', 'signals/go'])('POST …/%s is 202, with a body or without', async (verb) => {
    const asked = createAsked();
    const id = await start(asked);
    expect((await asked.ask(`POST /v1/runs/${id}/${verb}`)).status).toBe(202);
    expect((await asked.ask(`POST /v1/runs/${id}/${verb}`, { body: { by: 'ada' } })).status).toBe(202);
  });

  test.each(['go', 'a b', 'a/b?c#d%', '..'])(
    'POST …/signals takes a name that a path cannot carry: %s',
    async (name) => {
      const asked = createAsked();
      const id = await start(asked);
      const request = { body: { name, payload: 1, by: 'ada' }, headers: { 'Idempotency-Key': 'k' } };
      const answer = await asked.ask(`POST /v1/runs/${id}/signals`, request);
      expect(answer.status).toBe(202);
      expect(asked.api.calls.at(-1)).toEqual(['signalRun', id, name, { payload: 1, by: 'ada', key: 'k' }]);
      expect(await asked.refused(`POST /v1/runs/${id}/signals`, { body: {} })).toMatchObject({
        problems: [{ path: 'name', message: 'is missing' }],
      });
    },
  );

  test('POST …/cancel hands the reason on', async () => {
    const asked = createAsked();
    const id = await start(asked);
    await asked.ask(`POST /v1/runs/${id}/cancel`, { body: { reason: 'mistake' } });
    expect(asked.api.calls.at(-1)).toEqual(['cancelRun', id, { reason: 'mistake' }]);
  });

  test.each(['pause', 'resume', 'cancel', 'signals/go'])('POST …/%s to a run that has ended is 409', async (verb) => {
    const asked = createAsked();
    const id = await start(asked);
    asked.api.settle(id, { status: 'completed' });
    expect(await asked.refused(`POST /v1/runs/${id}/${verb}`)).toMatchObject({ status: 409, code: 'settled' });
  });

  test('DELETE is 204 once it has ended, 409 before', async () => {
    const asked = createAsked();
    const id = await start(asked);
    expect(await asked.refused(`DELETE /v1/runs/${id}`)).toMatchObject({ status: 409, code: 'conflict' });
    asked.api.settle(id, { status: 'failed' });
    const answer = await asked.ask(`DELETE /v1/runs/${id}`);
    expect([answer.status, await answer.text()]).toEqual([204, '']);
  });

  test.each([
    'GET /v1/runs/none',
    'DELETE /v1/runs/none',
    'GET /v1/runs/none/tasks',
    'GET /v1/runs/none/history',
    'GET /v1/runs/none/events',
    'POST /v1/runs/none/pause',
    'POST /v1/runs/none/resume',
    'POST /v1/runs/none/cancel',
    'POST /v1/runs/none/signals/go',
  ])('%s is 404 for a run that is unknown', async (line) => {
    const { refused } = createAsked();
    expect(await refused(line)).toMatchObject({ status: 404, code: 'not_found' });
  });
});

describe('POST /v1/callbacks/{token}', () => {
  test.each([
    ['a result', { result: 5 }, { result: 5 }],
    ['an error', { error: { message: 'declined' } }, { error: { message: 'declined' } }],
    ['nothing', undefined, {}],
  ])('takes %s', async (_what, body, answer) => {
    const { ask, api } = createAsked();
    expect((await ask('POST /v1/callbacks/t1', { body })).status).toBe(202);
    expect(api.calls).toEqual([['answerCallback', 't1', answer]]);
  });

  test.each([
    ['both', { result: 1, error: { message: 'no' } }, ''],
    ['an error without a message', { error: {} }, 'error.message'],
    ['an error that is a text', { error: 'no' }, 'error'],
    ['something else', { output: 1 }, 'output'],
  ])('refuses %s by its path', async (_what, body, path) => {
    const { refused } = createAsked();
    expect((await refused('POST /v1/callbacks/t1', { body })).problems).toMatchObject([{ path }]);
  });

  test('is 404 for a token that is unknown', async () => {
    const { refused } = createAsked();
    expect(await refused('POST /v1/callbacks/unknown')).toMatchObject({ code: 'not_found' });
  });
});

describe('the server', () => {
  test('GET /health is 200, and 503 once unhealthy', async () => {
    const { ask, api } = createAsked();
    expect((await ask('GET /health')).status).toBe(200);
    api.setHealth({ status: 'unhealthy', checks: [], workers: 0, version: '0' });
    const answer = await ask('GET /health');
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ status: 'unhealthy', workers: 0 });
  });

  test('POST /v1/dead-letters/redrive says how many are sent once more', async () => {
    const { ask, api } = createAsked();
    api.setDeadLetters(3);
    const answer = await ask('POST /v1/dead-letters/redrive');
    expect(answer.status).toBe(200);
    expect(redrivenView.parse(await answer.json())).toEqual({ redriven: 3 });
  });

  test('GET /metrics counts requests by route and status, and adds the metrics from outside', async () => {
    let time = 0;
    const { ask } = createAsked({
      metrics: () => 'pawl_runs_open 7\n',
      now: () => {
        time += 15;
        return time;
      },
    });
    await ask('GET /v1/runs/a');
    await ask('GET /v1/runs/b');
    await ask('GET /nowhere');
    const text = await (await ask('GET /metrics')).text();
    expect(text).toContain('pawl_http_requests_total{method="GET",route="/v1/runs/{id}",status="404"} 2\n');
    expect(text).toContain('pawl_http_requests_total{method="GET",route="none",status="404"} 1\n');
    expect(text).toContain('duration_seconds_bucket{method="GET",route="/v1/runs/{id}",le="0.01"} 0\n');
    expect(text).toContain('duration_seconds_bucket{method="GET",route="/v1/runs/{id}",le="0.025"} 2\n');
    expect(text).toContain('duration_seconds_count{method="GET",route="/v1/runs/{id}"} 2\n');
    expect(text).toMatch(/\npawl_http_event_streams 0\npawl_runs_open 7\n$/);
  });

  test('every answer forbids sniffing and caching', async () => {
    const { ask } = createAsked();
    for (const line of ['GET /health', 'GET /docs', 'GET /nowhere']) {
      const { headers } = await ask(line);
      expect([headers.get('x-content-type-options'), headers.get('cache-control')]).toEqual(['nosniff', 'no-store']);
    }
  });
});
