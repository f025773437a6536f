import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createHttpApp, type HttpAppOptions } from '../../lib/http/app.ts';
import { isLoopback } from '../../lib/http/loopback.ts';
import { type HttpServer, serveHttp } from '../../lib/http/serve.ts';
import { messages } from './ask.ts';
import { createFakeApi, type FakeApi } from './fake-api.ts';

const open: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function served(
  options: Partial<HttpAppOptions> = {},
): Promise<{ url: string; api: FakeApi; server: HttpServer }> {
  const api = createFakeApi();
  const server = await serveHttp({ app: createHttpApp({ api, ...options }), port: 0, graceMs: 5_000 });
  open.push(server);
  return { url: server.url, api, server };
}

describe('serveHttp', () => {
  test('serves on loopback, on a free port if asked for 0', async () => {
    const { url } = await served();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  test('a port in use is a fault that says what to do', async () => {
    const { url } = await served();
    const app = createHttpApp({ api: createFakeApi() });
    await expect(serveHttp({ app, port: Number(new URL(url).port) })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/in use: stop what listens there, or choose another port/),
    });
  });

  test('an address that is none of this machine is a fault', async () => {
    const app = createHttpApp({ api: createFakeApi(), token: 't' });
    await expect(serveHttp({ app, host: '203.0.113.1', port: 0 })).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test.each(['0.0.0.0', '::', '192.168.0.7', 'pawl.example', ''])(
    'without a token it does not listen on %j, beyond loopback',
    async (host) => {
      const app = createHttpApp({ api: createFakeApi() });
      await expect(serveHttp({ app, host, port: 0 })).rejects.toMatchObject({
        code: 'unauthorized',
        message: expect.stringContaining('set a token'),
      });
    },
  );

  test('with a token it does', async () => {
    const api = createFakeApi();
    const app = createHttpApp({ api, token: 't', allowedHosts: 'any' });
    const server = await serveHttp({ app, host: '0.0.0.0', port: 0 });
    open.push(server);
    expect((await fetch(`${server.url}/v1/runs`, { headers: { Authorization: 'Bearer t' } })).status).toBe(200);
  });

  test('on a loopback address other host names are refused even with a token', async () => {
    const { url } = await served({ token: 't' });
    expect(await statusOf(url, 'evil.example')).toBe(403);
    expect(await statusOf(url, 'localhost')).toBe(200);
  });

  test('a body over the limit is 413, whether its length is told before or not', async () => {
    const { url } = await served();
    const body = `{"workflow":"${'a'.repeat(3 * 1024 * 1024)}"}`;
    const headers = { 'Content-Type': 'application/json' };
    expect((await fetch(`${url}/v1/runs`, { method: 'POST', headers, body })).status).toBe(413);
    const parts = new Blob([body]).stream();
    const streamed = { method: 'POST', headers, body: parts, duplex: 'half' as const };
    expect((await fetch(`${url}/v1/runs`, streamed)).status).toBe(413);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  test('a client that breaks off in its body starts nothing, and is no error of the server', async () => {
    const api = createFakeApi();
    const logged: string[] = [];
    const app = createHttpApp({ api, logger: { error: (message) => void logged.push(message) } });
    const answer = app.fetch;
    const answered = new Promise<Response>((resolve, reject) => {
      app.fetch = async (...request) => {
        const given = Promise.resolve(answer(...request));
        socket.destroy();
        given.then(resolve, reject);
        return given;
      };
    });
    const server = await serveHttp({ app, port: 0 });
    open.push(server);
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    const head = 'POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99';
    socket.write(`${head}\r\n\r\n{`);
    expect((await answered).status).toBe(400);
    expect([api.calls, logged]).toEqual([[], []]);
  });

  test('a client that leaves ends its watching', async () => {
    const { url, api } = await served();
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    api.record(id, 'task_completed');
    const leaving = new AbortController();
    const stream = messages(await fetch(`${url}/v1/runs/${id}/events`, { signal: leaving.signal }));
    await stream.next();
    await stream.next();
    expect(api.watchers()).toBe(1);
    leaving.abort();
    await expect.poll(api.watchers).toBe(0);
  });

  test('events reach the client as they are recorded', async () => {
    const { url, api } = await served();
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    const stream = messages(await fetch(`${url}/v1/runs/${id}/events`));
    expect((await stream.next()).value?.event).toBe('none');
    for (const key of ['one', 'two']) {
      const upcoming = stream.next();
      api.record(id, 'task_completed', { key });
      expect((await upcoming).value?.data).toMatchObject({ key });
    }
    await stream.return(undefined);
  });

  test('closing ends live streams without `end`, so that clients come back', async () => {
    const { url, api, server } = await served();
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    const stream = messages(await fetch(`${url}/v1/runs/${id}/events`));
    await stream.next();
    const begin = performance.now();
    await server.close();
    expect(performance.now() - begin).toBeLessThan(2_500);
    expect(await stream.next()).toMatchObject({ done: true });
    expect(api.watchers()).toBe(0);
  });

  test('closing lets a request end that is being answered, and takes no more', async () => {
    const { url, api, server } = await served();
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const listed = api.listWorkflows.bind(api);
    const reached = new Promise<void>((resolve) => {
      api.listWorkflows = async () => {
        resolve();
        await held;
        return listed();
      };
    });
    const answer = fetch(`${url}/v1/workflows`);
    await reached;
    const closed = server.close();
    release();
    expect((await answer).status).toBe(200);
    await closed;
    await expect(fetch(`${url}/health`)).rejects.toThrow();
  });

  test('where there are as many connections as may be, those between two requests make room for others', async () => {
    const limits = { connections: 1 };
    const server = await serveHttp({ app: createHttpApp({ api: createFakeApi() }), port: 0, limits });
    open.push(server);
    const agents = [new Agent({ keepAlive: true }), new Agent({ keepAlive: true })];
    const ask = (agent?: Agent) => statusOf(server.url, 'localhost', agent).catch(() => 'hung up on');
    expect(await ask(agents[0])).toBe(200);
    expect(await ask(agents[1])).toBe('hung up on');
    await expect.poll(() => ask(agents[1])).toBe(200);
    for (const agent of agents) agent.destroy();
  });

  test('many that come at once, and ask again and again, are all answered', async () => {
    const { url } = await served();
    const agent = new Agent({ keepAlive: true, maxSockets: 200 });
    const statuses = await Promise.all(Array.from({ length: 1_000 }, () => statusOf(url, 'localhost', agent)));
    agent.destroy();
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  test('closing twice is closing once', async () => {
    const { server } = await served();
    await Promise.all([server.close(), server.close()]);
  });
});

test.each([
  ['localhost', true],
  ['LOCALHOST', true],
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['[::1]', true],
  ['::ffff:127.0.0.1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['', false],
  ['127.0.0.1.evil.example', false],
  ['localhost.evil.example', false],
  ['10.0.0.1', false],
])('%j is loopback: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});

/** fetch does not let its caller choose the Host. */
function statusOf(url: string, host: string, agent?: Agent): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/health`, { headers: { Host: host }, agent }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    sent.on('error', reject);
    sent.end();
  });
}
