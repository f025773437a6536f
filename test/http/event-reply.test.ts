import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { createHttpApp } from '../../lib/http/app.ts';
import { endOfStream, historyEntry } from '../../lib/http/contract/schemas.ts';
import { type HttpServer, serveHttp } from '../../lib/http/serve.ts';
import { Fault } from '../../lib/kernel/faults.ts';
import { createAsked, messages } from './ask.ts';
import { createFakeApi } from './fake-api.ts';

const patient = 60_000;

async function waiting(waitMs: number, recorded = 0, limits: Record<string, number> = {}) {
  const asked = createAsked({ streams: { waitMs }, limits: { gatherMs: 5, comeBackMs: 70, ...limits } });
  const { id } = (await asked.api.startRun({ workflow: 'order' })).run;
  for (let seq = 1; seq <= recorded; seq += 1) asked.api.record(id, 'task_completed', { key: `task${seq}` });
  const path = `/v1/runs/${id}/events`;
  return { ...asked, id, path, look: (headers: Record<string, string> = {}) => asked.ask(`GET ${path}`, { headers }) };
}

async function all(answer: Response) {
  const found: Awaited<ReturnType<ReturnType<typeof messages>['next']>>['value'][] = [];
  for await (const message of messages(answer)) found.push(message);
  return found;
}

const comeBack = { event: 'none', data: { retry: '70' } };

describe('where answers cannot be sent in parts, GET /v1/runs/{id}/events', () => {
  test('is one reply with what is there, and says when to come back', async () => {
    const { look } = await waiting(patient, 2);
    const answer = await look();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    const text = await answer.clone().text();
    expect(answer.headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
    const [first, second, ...rest] = await all(answer);
    expect(first).toMatchObject({ event: 'message', id: '1', data: { seq: 1, key: 'task1' } });
    expect(historyEntry.parse(second?.data)).toMatchObject({ seq: 2, key: 'task2' });
    expect(rest).toEqual([comeBack]);
  });

  test('says nothing twice: it goes on after Last-Event-ID, or ?after', async () => {
    const { look, ask, path } = await waiting(patient, 3);
    expect((await all(await look({ 'Last-Event-ID': '2' }))).map((message) => message?.id)).toEqual(['3', undefined]);
    expect((await all(await ask(`GET ${path}?after=1`))).map((message) => message?.id)).toEqual(['2', '3', undefined]);
  });

  test('with ?only=end waits for the end alone', async () => {
    const { api, id, ask, path } = await waiting(patient, 2);
    const answer = ask(`GET ${path}?only=end`);
    await setImmediate();
    api.record(id, 'task_completed', { key: 'more' });
    api.settle(id, { status: 'completed', output: 1 });
    expect(await all(await answer)).toEqual([{ event: 'end', data: { id, status: 'completed' } }]);
  });

  test('waits for the first event if there is none, and brings those that come with it', async () => {
    const { look, api, id } = await waiting(patient, 1, { gatherMs: 100 });
    const answer = look({ 'Last-Event-ID': '1' });
    await expect.poll(api.watchers).toBe(1);
    api.record(id, 'task_completed', { key: 'a' });
    await setImmediate();
    api.record(id, 'task_completed', { key: 'b' });
    const found = await all(await answer);
    expect(found).toMatchObject([{ data: { key: 'a' } }, { data: { key: 'b' } }, comeBack]);
    expect(api.watchers()).toBe(0);
  });

  test('gives up waiting after waitMs: the reply has nothing but when to come back', async () => {
    const { look, api } = await waiting(20, 1);
    expect(await (await look({ 'Last-Event-ID': '1' })).text()).toBe('retry: 70\n\n');
    expect(api.watchers()).toBe(0);
  });

  test('ends with `end` when the run has ended, at once', async () => {
    const { look, api, id } = await waiting(patient, 1);
    const answer = look({ 'Last-Event-ID': '1' });
    await expect.poll(api.watchers).toBe(1);
    api.settle(id, { status: 'failed' });
    const found = await all(await answer);
    expect(found).toMatchObject([{ data: { type: 'run_failed' } }, { event: 'end' }]);
    expect(endOfStream.parse(found[1]?.data)).toEqual({ id, status: 'failed' });
    expect((await all(await look({ 'Last-Event-ID': '2' }))).map((message) => message?.event)).toEqual(['end']);
  });

  test('holds no more than fits: the rest comes with the next reply, and at least one event with each', async () => {
    const { look } = await waiting(patient, 3, { replyBytes: 1 });
    const seen: unknown[] = [];
    for (let after = 0; after < 3; after += 1) {
      const found = await all(await look({ 'Last-Event-ID': String(after) }));
      seen.push(found.map((message) => message?.id ?? message?.data));
    }
    expect(seen).toEqual([
      ['1', { retry: '70' }],
      ['2', { retry: '70' }],
      ['3', { retry: '70' }],
    ]);
  });

  test('a run that is unknown is told by the status', async () => {
    const { refused } = await waiting(patient);
    expect(await refused('GET /v1/runs/none/events')).toMatchObject({ status: 404, code: 'not_found' });
  });

  test('what goes wrong on the way is told by the status', async () => {
    const { refused, api, path } = await waiting(patient);
    api.failWith(new Fault('unavailable', 'The store is away'));
    expect(await refused(`GET ${path}`)).toMatchObject({ status: 503, code: 'unavailable' });
    expect(api.watchers()).toBe(0);
  });

  test('HEAD does not wait', async () => {
    const { ask, path, api } = await waiting(patient);
    expect((await ask(`HEAD ${path}`)).status).toBe(200);
    expect((await ask('HEAD /v1/runs/none/events')).status).toBe(404);
    expect(api.calls.filter(([method]) => method === 'watchRun')).toEqual([]);
  });

  test('who waits is counted', async () => {
    const { ask, look, api, id } = await waiting(patient);
    const streams = async () => /event_streams (\d)/.exec(await (await ask('GET /metrics')).text())?.[1];
    const answer = look();
    await expect.poll(api.watchers).toBe(1);
    expect(await streams()).toBe('1');
    api.record(id, 'task_completed');
    await answer;
    expect(await streams()).toBe('0');
  });
});

describe('a server that makes its clients wait', () => {
  const open: HttpServer[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.close()));
  });

  async function served() {
    const api = createFakeApi();
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    const app = createHttpApp({ api, streams: { waitMs: patient } });
    const server = await serveHttp({ app, port: 0, graceMs: 5_000 });
    open.push(server);
    return { api, server, url: `${server.url}/v1/runs/${id}/events` };
  }

  test('stops to watch when the client leaves', async () => {
    const { api, url } = await served();
    const leaving = new AbortController();
    const answer = fetch(url, { signal: leaving.signal });
    await expect.poll(api.watchers).toBe(1);
    leaving.abort();
    await expect(answer).rejects.toThrow();
    await expect.poll(api.watchers).toBe(0);
  });

  test('lets them go when it closes', async () => {
    const { api, server, url } = await served();
    const answer = fetch(url);
    await expect.poll(api.watchers).toBe(1);
    await server.close();
    expect(await (await answer).text()).toBe('retry: 100\n\n');
    expect(api.watchers()).toBe(0);
  });
});
