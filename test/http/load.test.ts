import { request } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { createHttpApp, type HttpAppOptions } from '../../lib/http/app.ts';
import { type HttpServer, serveHttp } from '../../lib/http/serve.ts';
import { Fault } from '../../lib/kernel/faults.ts';
import { createAsked } from './ask.ts';
import { createFakeApi } from './fake-api.ts';

const start = { body: { workflow: 'order' } };

/** An API whose calls last until the test lets them go on. */
function held(options: Partial<HttpAppOptions> = {}) {
  const asked = createAsked(options);
  const gates: (() => void)[] = [];
  const hold =
    <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
    async (...args: Args) => {
      await new Promise<void>((resolve) => gates.push(resolve));
      return work(...args);
    };
  const { api } = asked;
  Object.assign(api, { startRun: hold(api.startRun), listRuns: hold(api.listRuns) });
  return {
    ...asked,
    /** Until so many calls have begun. */
    async began(count: number) {
      while (gates.length < count) await new Promise((resolve) => setImmediate(resolve));
    },
    release() {
      for (const open of gates.splice(0)) open();
    },
  };
}

describe('a server with more to do than it can', () => {
  const overloaded = () => {
    throw new Fault('overloaded', 'too much waits', { retryAfterMs: 6_200 });
  };
  const load = { admitStart: overloaded, admitMessage() {} };

  test('refuses to start a run with 429, and says when to come back', async () => {
    const { ask, refused, api, logged } = createAsked({ load });
    const answer = await ask('POST /v1/runs', start);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '7']);
    expect(await refused('POST /v1/runs', start)).toMatchObject({ code: 'overloaded', detail: 'too much waits' });
    expect(api.calls).toEqual([]);
    expect(logged).toEqual([]);
  });

  test('does so before it reads the body', async () => {
    const { ask } = createAsked({ load });
    expect((await ask('POST /v1/runs', { body: '{"broken' })).status).toBe(429);
  });

  test('first asks who it is', async () => {
    const { ask } = createAsked({ load, token: 'secret' });
    expect((await ask('POST /v1/runs', start)).status).toBe(401);
  });

  test('still takes what lets open runs end, and tells how they are', async () => {
    const { ask, api } = createAsked({ load });
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    const statuses = [];
    for (const line of [
      `POST /v1/runs/${id}/signals/go`,
      `POST /v1/runs/${id}/pause`,
      `POST /v1/runs/${id}/cancel`,
      `GET /v1/runs/${id}`,
      'GET /health',
    ]) {
      statuses.push((await ask(line)).status);
    }
    expect(statuses).toEqual([202, 202, 202, 200, 200]);
  });

  test('does not take even that without end', async () => {
    const { ask, api } = createAsked({ load: { admitStart() {}, admitMessage: overloaded } });
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    expect((await ask(`POST /v1/runs/${id}/signals`, { body: { name: 'go' } })).status).toBe(429);
    expect((await ask(`POST /v1/runs/${id}/cancel`)).status).toBe(429);
    expect((await ask(`GET /v1/runs/${id}`)).status).toBe(200);
  });
});

describe('requests at once', () => {
  test('that start runs are bounded, and leave room for others', async () => {
    const { ask, began, release } = held({ limits: { startsInFlight: 2, requestsInFlight: 3 } });
    const starting = [ask('POST /v1/runs', start), ask('POST /v1/runs', start)];
    await began(2);
    const refused = await ask('POST /v1/runs', start);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect((await ask('GET /v1/workflows')).status).toBe(200);
    release();
    expect((await Promise.all(starting)).map(({ status }) => status)).toEqual([201, 201]);
    const next = ask('POST /v1/runs', start);
    await began(1);
    release();
    expect((await next).status).toBe(201);
  });

  test('of all kinds are bounded; whether the server lives can be asked all the same', async () => {
    const { ask, began, release } = held({ limits: { requestsInFlight: 2 } });
    const listing = [ask('GET /v1/runs'), ask('GET /v1/runs')];
    await began(2);
    expect((await ask('GET /v1/workflows')).status).toBe(429);
    expect((await ask('GET /health')).status).toBe(200);
    expect((await ask('GET /metrics')).status).toBe(200);
    release();
    await Promise.all(listing);
    expect((await ask('GET /v1/workflows')).status).toBe(200);
  });

  test('have bodies of a bounded length together', async () => {
    const { ask, refused, began, release } = held({ limits: { bodiesBytes: 1_000 } });
    const long = { body: { workflow: 'order', input: 'x'.repeat(600) } };
    const first = ask('POST /v1/runs', long);
    await began(1);
    expect(await refused('POST /v1/runs', long)).toMatchObject({
      code: 'overloaded',
      detail: expect.stringContaining('bodiesBytes is 1000'),
    });
    release();
    expect((await first).status).toBe(201);
    const next = ask('POST /v1/runs', long);
    await began(1);
    release();
    expect((await next).status).toBe(201);
  });

  test('that fail give their room back', async () => {
    const { ask, api } = createAsked({ limits: { startsInFlight: 1, bodiesBytes: 50 } });
    api.failWith(new Error('unforeseen'));
    for (let n = 0; n < 3; n += 1) expect((await ask('POST /v1/runs', start)).status).toBe(500);
    for (let n = 0; n < 3; n += 1) expect((await ask('POST /v1/runs', { body: '{' })).status).toBe(400);
    api.failWith(undefined);
    expect((await ask('POST /v1/runs', start)).status).toBe(201);
  });
});

describe('live streams of events', () => {
  test('are bounded, and one that ends makes room', async () => {
    const { ask, api } = createAsked({ limits: { eventStreams: 1 } });
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    const reader = (await ask(`GET /v1/runs/${id}/events`)).body?.getReader();
    await reader?.read();
    const refused = await ask(`GET /v1/runs/${id}/events`);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect(api.watchers()).toBe(1);
    await reader?.cancel();
    const next = await ask(`GET /v1/runs/${id}/events`);
    expect(next.status).toBe(200);
    await next.body?.cancel();
  });

  test('do not count as requests', async () => {
    const { ask, api } = createAsked({ limits: { requestsInFlight: 1 } });
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    const reader = (await ask(`GET /v1/runs/${id}/events`)).body?.getReader();
    await reader?.read();
    expect((await ask('GET /v1/workflows')).status).toBe(200);
    await reader?.cancel();
  });
});

describe('over a connection', () => {
  const open: HttpServer[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.close()));
  });

  test('a request whose client has left counts until it is handled, and no longer', async () => {
    const { api, began, release } = held();
    const limits = { startsInFlight: 1 };
    const server = await serveHttp({ app: createHttpApp({ api, limits }), port: 0, graceMs: 100 });
    open.push(server);
    const post = (signal?: AbortSignal) =>
      fetch(`${server.url}/v1/runs`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(start.body),
        ...(signal && { signal }),
      });
    const leaving = new AbortController();
    const left = post(leaving.signal).catch(() => 'left');
    await began(1);
    leaving.abort();
    expect(await left).toBe('left');
    expect((await post()).status).toBe(429);
    release();
    let next = post();
    while ((await Promise.race([next.then(({ status }) => status), began(1)])) === 429) next = post();
    release();
    expect((await next).status).toBe(201);
  });

  test('an answer counts until its reader has it, and a reader that stands still is hung up on', async () => {
    const api = createFakeApi();
    api.exportRun = async () => ({ input: 'x'.repeat(20_000_000) }) as never;
    const limits = { requestsInFlight: 1, idleMs: 100 };
    const server = await serveHttp({ app: createHttpApp({ api, limits }), port: 0, graceMs: 100, limits });
    open.push(server);
    await new Promise<void>((resolve, reject) => {
      const asking = request(`${server.url}/v1/runs/long/export`, (answer) => {
        // Nothing of it is read.
        answer.pause();
        answer.on('error', () => {});
        fetch(`${server.url}/v1/runs/none`).then(({ status }) => {
          expect(status).toBe(429);
          answer.socket.once('close', resolve);
          answer.resume();
        }, reject);
      });
      asking.on('error', () => {});
      asking.end();
    });
    let status = 0;
    for (let tries = 0; tries < 100 && status !== 404; tries += 1) {
      status = (await fetch(`${server.url}/v1/runs/none`)).status;
    }
    expect(status).toBe(404);
  });
});
