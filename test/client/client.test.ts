import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, expectTypeOf, test } from 'vitest';
import {
  type ClientOptions,
  createClient,
  isFault,
  type PawlClient,
  type RunHandle,
  RunNotCompleted,
} from '../../lib/client/index.ts';
import { createHttpApp, type HttpAppOptions } from '../../lib/http/app.ts';
import { type HttpServer, serveHttp } from '../../lib/http/serve.ts';
import { Fault, type FaultCode } from '../../lib/kernel/faults.ts';
import { workflow } from '../../lib/workflow/workflow.ts';
import { createFakeApi, type FakeApi } from '../http/fake-api.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

const quickly = { firstDelayMs: 1, maxDelayMs: 5, maxRetryAfterMs: 5 };

interface Served {
  api: FakeApi;
  client: PawlClient;
  server: HttpServer;
  /** Requests that left the client: the method and the path. */
  sent: string[];
}

async function served(
  options: Partial<HttpAppOptions> = {},
  clientOptions: Partial<ClientOptions> = {},
): Promise<Served> {
  const api = createFakeApi();
  const app = createHttpApp({ api, ...options, limits: { reconnectMs: 5, ...options.limits } });
  const server = await serveHttp({ app, port: 0, graceMs: 100 });
  closing.push(server.close);
  const sent: string[] = [];
  const client = createClient({
    url: server.url,
    token: options.token,
    retry: quickly,
    fetch: (input, init) => {
      sent.push(`${init?.method} ${new URL(String(input)).pathname}`);
      return fetch(input, init);
    },
    ...clientOptions,
  });
  return { api, client, server, sent };
}

/** A server that answers what a test wants, one request after the other; the last answer stays. */
async function answering(...answers: RequestListener[]): Promise<{ url: string; requests: () => number }> {
  let requests = 0;
  const server: Server = createServer((request, response) => {
    const answer = answers[Math.min(requests, answers.length - 1)];
    requests += 1;
    request.resume();
    answer?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests: () => requests };
}

const status =
  (code: number, body = '', headers: Record<string, string> = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(code, headers).end(body);
  };
const json = (value: unknown, code = 200) =>
  status(code, JSON.stringify(value), { 'Content-Type': 'application/json' });

describe('every verb arrives as it was called', () => {
  test('startRun, with and without a key', async () => {
    const { api, client } = await served();
    const request = {
      workflow: 'order',
      version: 2,
      input: { a: 1 },
      key: 'schön %"1"',
      correlationId: 'c',
      origin: 'ada',
    };
    const first = await client.startRun(request);
    expect(api.calls).toEqual([['startRun', request]]);
    expect(first).toEqual({ run: await api.getRun(first.run.id), created: true });
    expect(await client.startRun(request)).toEqual({ run: first.run, created: false });
    expect((await client.startRun({ workflow: 'order' })).created).toBe(true);
  });

  test('getRun, listTasks, exportRun, listWorkflows and health answer what is there', async () => {
    const { api, client } = await served();
    const { id } = (await api.startRun({ workflow: 'order', key: 'a/b?ü' })).run;
    expect(await client.getRun(id)).toEqual(await api.getRun(id));
    expect(await client.listTasks(id)).toEqual(await api.listTasks(id));
    expect(await client.exportRun(id)).toEqual(await api.exportRun(id));
    expect(await client.listWorkflows()).toEqual(await api.listWorkflows());
    expect(await client.health()).toEqual(await api.health());
  });

  test('listRuns and getHistory hand their queries on', async () => {
    const { api, client } = await served();
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    for (const key of ['a', 'b', 'c']) api.record(id, 'task_completed', { key });
    const filters = { status: 'pending' as const, createdFrom: '2026-01-01T00:00:00+02:00', limit: 5 };
    expect(await client.listRuns(filters)).toEqual(await api.listRuns(filters));
    expect(await client.listRuns()).toEqual(await api.listRuns());
    expect(await client.getHistory(id, { after: 1, limit: 1 })).toEqual(
      await api.getHistory(id, { after: 1, limit: 1 }),
    );
    expect(await client.getHistory(id)).toEqual(await api.getHistory(id));
  });

  test('signalRun, pauseRun, resumeRun and cancelRun are accepted', async () => {
    const { api, client } = await served();
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    const signal = { payload: [1], key: 'k', by: 'ada' };
    expect(await client.signalRun(id, 'go/on', signal)).toEqual({ accepted: true, eventId: 'signal:go/on:k' });
    expect(await client.pauseRun(id, { by: 'ada' })).toEqual({ accepted: true, eventId: 'pause:1' });
    expect(await client.resumeRun(id)).toEqual({ accepted: true, eventId: 'resume:1' });
    expect(await client.cancelRun(id, { reason: 'mistake' })).toEqual({ accepted: true, eventId: 'cancel:1' });
    expect(api.calls.slice(1)).toEqual([
      ['signalRun', id, 'go/on', signal],
      ['pauseRun', id, { by: 'ada' }],
      ['resumeRun', id, {}],
      ['cancelRun', id, { reason: 'mistake' }],
    ]);
  });

  test('answerCallback, and deleteRun of a run that has ended', async () => {
    const { api, client } = await served();
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    expect(await client.answerCallback('t/1', { result: 5 })).toEqual({ accepted: true, eventId: 'callback:t/1' });
    await client.answerCallback('t/2', { error: { message: 'declined' } });
    expect(api.calls.at(-1)).toEqual(['answerCallback', 't/2', { error: { message: 'declined' } }]);
    api.settle(id, { status: 'completed' });
    await client.deleteRun(id);
    await expect(client.getRun(id)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('health tells that it is unhealthy, which is no failure to ask', async () => {
    const { api, client, sent } = await served();
    api.setHealth({ status: 'unhealthy', checks: [], workers: 0, version: '0' });
    expect(await client.health()).toMatchObject({ status: 'unhealthy' });
    expect(sent).toHaveLength(1);
  });

  test('redriveDeadLetters says how many are sent once more', async () => {
    const { api, client } = await served();
    api.setDeadLetters(2);
    expect(await client.redriveDeadLetters()).toEqual({ redriven: 2 });
    expect(await client.redriveDeadLetters()).toEqual({ redriven: 0 });
  });

  test('the token is sent', async () => {
    const { client } = await served({ token: 'secret' });
    expect((await client.listRuns()).items).toEqual([]);
  });

  test('an address may have a path, and a slash at its end', async () => {
    const { url } = await answering((request, response) => json({ id: request.url })(request, response));
    expect(await createClient({ url: `${url}/stage/` }).getRun('x')).toEqual({ id: '/stage/v1/runs/x' });
  });
});

describe('what goes wrong is a fault, as in process', () => {
  const codes: FaultCode[] = [
    'invalid_input',
    'not_found',
    'conflict',
    'settled',
    'too_large',
    'unauthorized',
    'unavailable',
    'overloaded',
    'storage_full',
    'corrupt',
    'newer_format',
    'non_deterministic',
    'closed',
  ];

  test.each(codes)('%s keeps its code, message and problems', async (code) => {
    const { api, client } = await served();
    api.failWith(new Fault(code, 'What went wrong', { problems: [{ path: 'a[0]', message: 'is odd' }] }));
    const fault = await client.getRun('x').catch((error: unknown) => error);
    expect(isFault(fault)).toBe(true);
    expect(fault).toMatchObject({ code, message: 'What went wrong', problems: [{ path: 'a[0]', message: 'is odd' }] });
  });

  test('an error that nobody foresaw is unavailable, with the reference into the log', async () => {
    const { api, client, sent } = await served();
    api.failWith(new Error('secret'));
    await expect(client.listRuns()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/\(urn:uuid:.+\)$/),
    });
    expect(sent).toHaveLength(1);
  });

  test('no token where one is needed is unauthorized', async () => {
    const { client } = await served({ token: 'secret' }, { token: undefined });
    await expect(client.listRuns()).rejects.toMatchObject({ code: 'unauthorized' });
  });

  test.each([
    [403, 'unauthorized'],
    [413, 'too_large'],
    [404, 'unavailable'],
    [500, 'unavailable'],
  ])('a %i without problem details, from something else than Pawl, is %s', async (code, expected) => {
    const { url } = await answering(status(code, '<html>', { 'Content-Type': 'text/html' }));
    const fault = await createClient({ url })
      .getRun('x')
      .catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: expected, message: expect.stringContaining(`${url} answered ${code}`) });
  });

  test('a success that is no JSON is no success', async () => {
    const { url } = await answering(status(200, '<html>'));
    await expect(createClient({ url }).listRuns()).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('a server that is not there is named, with what to do', async () => {
    const { client, server, sent } = await served();
    await server.close();
    const fault = await client.getRun('x').catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: 'unavailable', message: expect.stringContaining(server.url) });
    expect((fault as Fault).message).toMatch(/ECONNREFUSED.*"pawl dev" or "pawl serve"/);
    expect(sent).toHaveLength(4);
  });

  test('a server that does not answer in time is unavailable', async () => {
    const { url } = await answering(() => {});
    const client = createClient({ url, timeoutMs: 20, retry: { ...quickly, attempts: 2 } });
    await expect(client.getRun('x')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('timeout'),
    });
  });

  test.each(['127.0.0.1:8787', 'ftp://127.0.0.1', ''])('%j is no address', (url) => {
    expect(() => createClient({ url })).toThrow('no address of a server');
  });

  test.each(['', '.', '..'])('%j is no run id: another route would be asked', async (id) => {
    const { client, sent } = await served();
    await expect(client.getRun(id)).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(client.watchRun(id)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'invalid_input' });
    expect(sent).toEqual([]);
  });

  test('an input that JSON cannot hold is not sent', async () => {
    const { client, sent } = await served();
    await expect(client.startRun({ workflow: 'order', input: 1n })).rejects.toMatchObject({ code: 'invalid_input' });
    expect(sent).toEqual([]);
  });
});

describe('what may work later is tried again', () => {
  const busy = status(503, JSON.stringify({ code: 'unavailable', detail: 'busy' }), {
    'Content-Type': 'application/problem+json',
  });
  const dropped: RequestListener = (request) => {
    request.socket.destroy();
  };

  test.each([
    ['503', busy],
    ['429', status(429)],
    ['502 of a proxy', status(502, '<html>')],
    ['504 of a proxy', status(504)],
    ['a connection that breaks', dropped],
    ['an answer that breaks off', status(200, '{"id', { 'Content-Length': '99' })],
  ])('after %s', async (_what, trouble) => {
    const { url, requests } = await answering(trouble, trouble, json({ id: 'x' }));
    expect(await createClient({ url, retry: quickly, timeoutMs: 200 }).getRun('x')).toEqual({ id: 'x' });
    expect(requests()).toBe(3);
  });

  test('but not for ever', async () => {
    const { url, requests } = await answering(busy);
    await expect(createClient({ url, retry: quickly }).getRun('x')).rejects.toMatchObject({
      code: 'unavailable',
      message: 'busy',
    });
    expect(requests()).toBe(4);
  });

  test.each([
    ['as many seconds as it asks for', '1', 1_000],
    ['until the date that it names', () => new Date(Date.now() + 2_000).toUTCString(), 900],
    ['a second where it does not say', undefined, 1_000],
  ])('a server that has too much to do is left alone: %s', async (_what, after, atLeastMs) => {
    const { url, requests } = await answering(
      (request, response) => {
        const text = typeof after === 'function' ? after() : after;
        status(429, '', text === undefined ? {} : { 'Retry-After': text })(request, response);
      },
      json({ id: 'x' }),
    );
    const began = performance.now();
    expect(await createClient({ url, retry: { firstDelayMs: 1 } }).getRun('x')).toEqual({ id: 'x' });
    expect(performance.now() - began).toBeGreaterThan(atLeastMs - 5);
    expect(requests()).toBe(2);
  });

  test('and is asked so often and no more, then the caller hears that it is overloaded', async () => {
    const overloaded = status(429, JSON.stringify({ code: 'overloaded', detail: 'too much' }), {
      'Content-Type': 'application/problem+json',
      'Retry-After': '3600',
    });
    const { url, requests } = await answering(overloaded);
    await expect(createClient({ url, retry: quickly }).getRun('x')).rejects.toMatchObject({ code: 'overloaded' });
    expect(requests()).toBe(4);
  });

  test('what was refused is not', async () => {
    const { client, sent } = await served();
    await expect(client.getRun('none')).rejects.toMatchObject({ code: 'not_found' });
    expect(sent).toHaveLength(1);
  });

  test('a start whose answer is lost is repeated with the same key, so that it happens once', async () => {
    const { api, server } = await served();
    let first = true;
    const client = createClient({
      url: server.url,
      retry: quickly,
      fetch: async (input, init) => {
        const answer = await fetch(input, init);
        if (!first) return answer;
        first = false;
        throw new TypeError('the answer is lost');
      },
    });
    const { run, created } = await client.startRun({ workflow: 'order', input: 1 });
    expect(created).toBe(true);
    expect((await api.listRuns()).items.map(({ id }) => id)).toEqual([run.id]);
    const keys = api.calls
      .filter(([method]) => method === 'startRun')
      .map(([, request]) => (request as { key: string }).key);
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
  });

  test('a delete whose answer is lost has succeeded when the run is gone', async () => {
    const { url } = await answering(
      dropped,
      status(404, '{"detail":"No run x"}', { 'Content-Type': 'application/problem+json' }),
    );
    await createClient({ url, retry: quickly }).deleteRun('x');
  });

  test('a delete of a run that was never there has not', async () => {
    const { client } = await served();
    await expect(client.deleteRun('none')).rejects.toMatchObject({ code: 'not_found', message: 'No run none' });
  });
});

describe('watchRun', () => {
  const collect = async (client: PawlClient, id: string, options?: Parameters<PawlClient['watchRun']>[1]) => {
    const seen: unknown[] = [];
    for await (const entry of client.watchRun(id, options)) seen.push(entry.key ?? entry.type);
    return seen;
  };

  test('gives what is there and what comes, and ends with the run', async () => {
    const { api, client } = await served();
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    api.record(id, 'task_completed', { key: 'a' });
    const seen = collect(client, id);
    await expect.poll(api.watchers).toBe(1);
    api.record(id, 'task_completed', { key: 'b' });
    api.settle(id, { status: 'completed' });
    expect(await seen).toEqual(['a', 'b', 'run_completed']);
  });

  test('begins after what was seen', async () => {
    const { api, client } = await served();
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    for (const key of ['a', 'b']) api.record(id, 'task_completed', { key });
    api.settle(id, { status: 'failed' });
    expect(await collect(client, id, { after: 1 })).toEqual(['b', 'run_failed']);
  });

  test('throws not_found for a run that is unknown', async () => {
    const { client } = await served();
    await expect(collect(client, 'none')).rejects.toMatchObject({ code: 'not_found' });
  });

  test('ends quietly when its signal aborts, and the server stops too', async () => {
    const { api, client } = await served();
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    const stopping = new AbortController();
    const seen = collect(client, id, { signal: stopping.signal });
    await expect.poll(api.watchers).toBe(1);
    stopping.abort();
    expect(await seen).toEqual([]);
    await expect.poll(api.watchers).toBe(0);
  });

  test('leaving the loop ends it on the server too', async () => {
    const { api, client } = await served();
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    api.record(id, 'task_completed');
    for await (const _entry of client.watchRun(id)) break;
    await expect.poll(api.watchers).toBe(0);
  });

  test('goes on over a restart of the server, with nothing lost or twice', async () => {
    const { api, client, server } = await served();
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    api.record(id, 'task_completed', { key: 'a' });
    const seen = collect(client, id);
    await expect.poll(api.watchers).toBe(1);
    await server.close();
    api.record(id, 'task_completed', { key: 'while away' });
    const again = await serveHttp({ app: createHttpApp({ api }), port: Number(new URL(server.url).port) });
    closing.push(again.close);
    await expect.poll(api.watchers).toBe(1);
    api.settle(id, { status: 'completed' });
    expect(await seen).toEqual(['a', 'while away', 'run_completed']);
    expect(api.calls.filter(([method]) => method === 'watchRun').map(([, , after]) => after)).toEqual([0, 1]);
  });

  const stream =
    (...texts: string[]): RequestListener =>
    (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(texts.join(''));
      response.end();
    };
  const entry = (seq: number) => `id: ${seq}\ndata: {"seq":${seq},"key":"task${seq}"}\n\n`;

  test('comes back after a stream that ended before the run did, as the server asked', async () => {
    const after: unknown[] = [];
    const part =
      (text: string): RequestListener =>
      (request, response) => {
        after.push(request.headers['last-event-id']);
        stream(text)(request, response);
      };
    const { url } = await answering(
      part(`retry: 1\n\n${entry(1)}`),
      part('retry: 1\n\n'),
      part(`${entry(2)}event: end\ndata: {}\n\n`),
    );
    expect(await collect(createClient({ url, retry: quickly }), 'x')).toEqual(['task1', 'task2']);
    expect(after).toEqual([undefined, '1', '1']);
  });

  test('comes back when a stream has been silent for too long', async () => {
    const silent: RequestListener = (_request, response) => {
      response.writeHead(200).write(entry(1));
    };
    const { url, requests } = await answering(silent, stream(entry(2), 'event: end\ndata: {}\n\n'));
    expect(await collect(createClient({ url, retry: quickly, silenceMs: 30 }), 'x')).toEqual(['task1', 'task2']);
    expect(requests()).toBe(2);
  });

  test('comes back from a server that says it is closing', async () => {
    const closed = `${entry(1)}event: problem\ndata: {"code":"closed","detail":"The server is closing"}\n\n`;
    const { url } = await answering(stream(closed), stream(entry(2), 'event: end\ndata: {}\n\n'));
    expect(await collect(createClient({ url, retry: quickly }), 'x')).toEqual(['task1', 'task2']);
  });

  test('throws what went wrong on the way', async () => {
    const problem = 'event: problem\ndata: {"code":"corrupt","detail":"Record 2 is damaged"}\n\n';
    const { url } = await answering(stream(entry(1), problem));
    await expect(collect(createClient({ url }), 'x')).rejects.toMatchObject({
      code: 'corrupt',
      message: 'Record 2 is damaged',
    });
  });

  test('follows a server that answers with whole replies, event by event, in as many requests as there were replies', async () => {
    const limits = { gatherMs: 1, comeBackMs: 1 };
    const { api, client, sent } = await served({ streams: { waitMs: 60_000 }, limits });
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    api.record(id, 'task_completed', { key: 'first' });
    const seen: unknown[] = [];
    for await (const { key, seq, type } of client.watchRun(id)) {
      seen.push(key ?? type);
      if (seq === 3) api.settle(id, { status: 'completed' });
      else if (seq < 3) api.record(id, 'task_completed', { key: `after ${seq}` });
    }
    expect(seen).toEqual(['first', 'after 1', 'after 2', 'run_completed']);
    const asked = api.calls.filter(([method]) => method === 'watchRun').map(([, , after]) => after);
    expect(asked).toEqual([...new Set(asked)]);
    expect(sent.length).toBe(asked.length);
  });

  test('being kept waiting with nothing is no failure, however often', async () => {
    const limits = { gatherMs: 1, comeBackMs: 1 };
    const retry = { ...quickly, attempts: 1 };
    const { api, client } = await served({ streams: { waitMs: 5 }, limits }, { retry, reconnectForMs: 0 });
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    const seen = collect(client, id);
    await expect.poll(() => api.calls.filter(([method]) => method === 'watchRun').length).toBeGreaterThan(10);
    api.settle(id, { status: 'completed' });
    expect(await seen).toEqual(['run_completed']);
  });

  test('result() waits by whole replies, too', async () => {
    const { api, client } = await served({ streams: { waitMs: 60_000 } });
    const run = await client.start('order');
    const result = run.result();
    await expect.poll(api.watchers).toBe(1);
    api.settle(run.id, { status: 'completed', output: 42 });
    expect(await result).toBe(42);
  });

  test('does not ask a hasty server that has nothing to say again and again', async () => {
    const { url, requests } = await answering(stream('retry: 0\n\n'));
    const client = createClient({ url, retry: { maxDelayMs: 100, maxRetryAfterMs: 100 } });
    const begun = performance.now();
    const stopping = new AbortController();
    const seen = collect(client, 'x', { signal: stopping.signal });
    await expect.poll(requests).toBe(4);
    expect(performance.now() - begun).toBeGreaterThan(290);
    stopping.abort();
    expect(await seen).toEqual([]);
  });

  test('gives up on a server that is not there, and on one that stays away', async () => {
    const { client, server } = await served();
    await server.close();
    await expect(collect(client, 'x')).rejects.toMatchObject({ code: 'unavailable' });
    const { url } = await answering(stream(entry(1)), (request) => void request.socket.destroy());
    const patient = createClient({ url, retry: quickly, reconnectForMs: 20 });
    await expect(collect(patient, 'x')).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('a run to hold', () => {
  test('result() waits for the output by one stream, without polling', async () => {
    const { api, client, sent } = await served();
    const run = await client.start('order', { total: 5 }, { key: 'k1', correlationId: 'c' });
    expect(run.id).toBe('order:k1');
    const result = run.result();
    await expect.poll(api.watchers).toBe(1);
    api.record(run.id, 'task_completed');
    api.settle(run.id, { status: 'completed', output: 42 });
    expect(await result).toBe(42);
    const path = '/v1/runs/order%3Ak1';
    expect(sent).toEqual(['POST /v1/runs', `GET ${path}/events`, `GET ${path}`]);
    expect(api.calls).toContainEqual(['watchRun', run.id, 0, 'end']);
  });

  test('result() of a run that has ended is there at once', async () => {
    const { api, client } = await served();
    const run = await client.start('order');
    api.settle(run.id, { status: 'completed', output: 1 });
    expect(await run.result()).toBe(1);
  });

  test('result() follows a run that continues as another', async () => {
    const { api, client } = await served();
    const first = await client.start('order', undefined, { key: '1' });
    await client.start('order', undefined, { key: '2' });
    api.settle('order:1', { status: 'completed', continuedAs: 'order:2' });
    api.settle('order:2', { status: 'completed', output: 'last' });
    expect(await first.result()).toBe('last');
  });

  test('result() throws the final view of a run that failed', async () => {
    const { api, client } = await served();
    const run = await client.start('order');
    api.settle(run.id, { status: 'failed', error: { name: 'Error', message: 'declined' } });
    const error = await run.result().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RunNotCompleted);
    expect(error).toMatchObject({ run: { status: 'failed' }, message: expect.stringContaining('declined') });
  });

  test('result() throws when its signal aborts', async () => {
    const { api, client } = await served();
    const run = await client.start('order');
    const stopping = new AbortController();
    const result = run.result({ signal: stopping.signal });
    await expect.poll(api.watchers).toBe(1);
    stopping.abort(new Error('enough'));
    await expect(result).rejects.toThrow('enough');
  });

  test('has the verbs of a run', async () => {
    const { api, client } = await served();
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    const run = client.run(id);
    await run.signal('go', { ok: true }, { key: 'k' });
    await run.pause();
    await run.resume();
    await run.cancel('mistake');
    expect((await run.get()).events).toBe(4);
    expect(api.calls.slice(1, 5).map(([method]) => method)).toEqual([
      'signalRun',
      'pauseRun',
      'resumeRun',
      'cancelRun',
    ]);
  });

  test('a workflow gives its name, version and types', async () => {
    const { api, client } = await served();
    const order = workflow({ name: 'order', version: 3 }, async (_ctx, input: { total: number }) => input.total);
    const run = await client.start(order, { total: 1 });
    expectTypeOf(run).toEqualTypeOf<RunHandle<number>>();
    // @ts-expect-error: the input is the workflow's
    await client.start(order, { sum: 1 });
    expect(api.calls[0]).toMatchObject(['startRun', { workflow: 'order', version: 3, input: { total: 1 } }]);
  });
});
