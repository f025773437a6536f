import { describe, expect, test } from 'vitest';
import { actorOf, createLambdaHttpHandler, requestOf, resultOf } from '../../lib/http/api-gateway.ts';
import { createHttpApp } from '../../lib/http/app.ts';
import { problemDetails, runView } from '../../lib/http/contract/schemas.ts';
import { createFakeApi } from './fake-api.ts';
import { type EventParts, functionUrlEvent, httpApiEvent, iam, jwt } from './gateway-events.ts';

function handled() {
  const api = createFakeApi();
  const handle = createLambdaHttpHandler(createHttpApp({ api, behindGateway: true, streams: { waitMs: 10 } }));
  const json = async (parts: EventParts) => {
    const { statusCode, body = '' } = await handle(httpApiEvent(parts));
    return { status: statusCode, value: JSON.parse(body) as unknown };
  };
  return { api, handle, json };
}

describe('a request behind an HTTP API', () => {
  test('has the method, the address, the headers and the body of the event', async () => {
    const request = requestOf(
      httpApiEvent({
        line: 'POST /v1/runs?a=1&a=2%2F%23',
        headers: { 'content-type': 'application/json', 'idempotency-key': 'k', 'x-list': 'one,two' },
        body: '{"workflow":"größe"}',
      }),
    );
    expect([request.method, request.url]).toEqual([
      'POST',
      'https://abc123.execute-api.eu-central-1.amazonaws.com/v1/runs?a=1&a=2%2F%23',
    ]);
    expect(new URL(request.url).searchParams.getAll('a')).toEqual(['1', '2/#']);
    expect(request.headers.get('idempotency-key')).toBe('k');
    expect(request.headers.get('x-list')).toBe('one,two');
    expect(await request.json()).toEqual({ workflow: 'größe' });
  });

  test('a body in base64 is its bytes', async () => {
    const bytes = new Uint8Array([0, 255, 128, 10]);
    const request = requestOf(
      httpApiEvent({ line: 'POST /v1/runs', body: Buffer.from(bytes).toString('base64'), isBase64Encoded: true }),
    );
    expect(new Uint8Array(await request.arrayBuffer())).toEqual(bytes);
  });

  test('cookies, and what is said about the length of the body elsewhere, are left out', () => {
    const headers = { cookie: 'a=1', 'content-length': '99', 'transfer-encoding': 'chunked', accept: '*/*' };
    const request = requestOf({ ...httpApiEvent({ line: 'GET /v1/runs', headers }), cookies: ['a=1'] });
    expect([...request.headers.keys()].sort()).toEqual(['accept', 'host']);
  });

  test('a header keeps its bytes, as a server of Node would show them', () => {
    const request = requestOf(httpApiEvent({ line: 'GET /v1/runs', headers: { 'x-name': 'λ' } }));
    expect(Buffer.from(request.headers.get('x-name') ?? '', 'latin1').toString()).toBe('λ');
  });

  test('a GET with a body loses it, which a request cannot have', async () => {
    const request = requestOf(httpApiEvent({ line: 'GET /v1/runs', body: 'x' }));
    expect(await request.text()).toBe('');
  });

  test.each([
    ['prod', '/prod/v1/runs', '/v1/runs'],
    ['prod', '/prod', '/'],
    ['prod', '/v1/runs', '/v1/runs'],
    ['prod', '/production/v1', '/production/v1'],
    ['$default', '/prod/v1/runs', '/prod/v1/runs'],
  ])('of the stage %s the path %s is %s', (stage, rawPath, path) => {
    const event = httpApiEvent({ line: 'GET /', stage });
    expect(new URL(requestOf({ ...event, rawPath }).url).pathname).toBe(path);
  });

  test('the name it was called by decides where it is, a domain of its own too', () => {
    const event = httpApiEvent({ line: 'GET /health', headers: { host: 'pawl.example.com' } });
    expect(requestOf(event).url).toBe('https://pawl.example.com/health');
    const { host: _host, ...headers } = httpApiEvent({ line: 'GET /health' }).headers;
    expect(new URL(requestOf({ ...event, headers }).url).host).toBe('abc123.execute-api.eu-central-1.amazonaws.com');
  });
});

describe('a path', () => {
  const names = ['plain', 'space value', 'hash#value', 'λ-世界', 'plus+value', 'a;b=c&d', 'percent%zz', 'colon:value'];

  test.each(names)('that an HTTP API has decoded reaches the route as it was meant: %s', async (name) => {
    const { api, handle } = handled();
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    const event = { ...httpApiEvent({ line: 'POST /' }), rawPath: `/v1/runs/${id}/signals/${name}` };
    expect(await handle(event)).toMatchObject({ statusCode: 202 });
    expect(api.calls.at(-1)).toEqual(['signalRun', id, name, {}]);
  });

  test.each([...names, 'slash/value', 'question?value'])(
    'that a function URL hands on as it was sent is decoded once: %s',
    async (name) => {
      const { api, handle } = handled();
      const { id } = (await api.startRun({ workflow: 'order' })).run;
      const path = `/v1/runs/${id}/signals/${encodeURIComponent(name)}`;
      expect(await handle(functionUrlEvent({ line: `POST ${path}` }))).toMatchObject({ statusCode: 202 });
      expect(api.calls.at(-1)).toEqual(['signalRun', id, name, {}]);
    },
  );

  test('a signal’s name is all that is left of it, so that an HTTP API cannot hide a slash', async () => {
    const { api, handle } = handled();
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    await handle({ ...httpApiEvent({ line: 'POST /' }), rawPath: `/v1/runs/${id}/signals/a/b` });
    expect(api.calls.at(-1)).toEqual(['signalRun', id, 'a/b', {}]);
  });

  test('with a `?` that was decoded asks no other question', async () => {
    const { handle, api } = handled();
    const event = { ...httpApiEvent({ line: 'GET /' }), rawPath: '/v1/runs/x?limit=5', rawQueryString: '' };
    expect((await handle(event)).statusCode).toBe(404);
    expect(api.calls).toEqual([['getRun', 'x?limit=5']]);
  });
});

describe('an event that is none', () => {
  const good = httpApiEvent({ line: 'GET /health' });
  const broken: [what: string, event: unknown][] = [
    ['null', null],
    ['nothing', undefined],
    ['a text', 'hello'],
    ['an empty object', {}],
    ['another service’s', { source: 'aws.events', detail: {} }],
    ['payload format 1.0', { version: '1.0', path: '/health', httpMethod: 'GET', requestContext: {} }],
    ['without a path', { ...good, rawPath: undefined }],
    ['without a context', { ...good, requestContext: undefined }],
    ['a method that no request has', httpApiEvent({ line: 'TRACE /health' })],
    ['a host that is none', httpApiEvent({ line: 'GET /health', headers: { host: 'a b' } })],
    ['a header that is none', httpApiEvent({ line: 'GET /health', headers: { 'x-a': 'one\ntwo' } })],
    ['a path that is no text', { ...good, rawPath: '/\ud800' }],
  ];

  test.each(broken)('is 400, and no crash: %s', async (_what, event) => {
    const { handle, api } = handled();
    const { statusCode, headers, body = '' } = await handle(event as typeof good);
    expect([statusCode, headers?.['content-type']]).toEqual([400, 'application/problem+json']);
    expect(problemDetails.parse(JSON.parse(body)).code).toBe('invalid_input');
    expect(api.calls).toEqual([]);
  });
});

describe('a result', () => {
  test('has status, headers and text', async () => {
    const response = new Response('größe', { status: 201, headers: { 'Content-Type': 'text/plain', Location: '/x' } });
    expect(await resultOf(response)).toEqual({
      statusCode: 201,
      headers: { 'content-type': 'text/plain', location: '/x' },
      body: 'größe',
      isBase64Encoded: false,
    });
  });

  test('bytes that are no text are in base64', async () => {
    const bytes = new Uint8Array([0, 255, 128]);
    expect(await resultOf(new Response(bytes))).toMatchObject({
      isBase64Encoded: true,
      body: Buffer.from(bytes).toString('base64'),
    });
    const zipped = new Response('abc', { headers: { 'Content-Encoding': 'gzip' } });
    expect(await resultOf(zipped)).toMatchObject({ isBase64Encoded: true, body: 'YWJj' });
  });

  test('several values of a header are one, cookies are their own list, and what is of the connection goes', async () => {
    const headers = new Headers({ 'Transfer-Encoding': 'chunked' });
    for (const value of ['a', 'b']) headers.append('Vary', value);
    for (const value of ['x=1; Path=/', 'y=2']) headers.append('Set-Cookie', value);
    expect(await resultOf(new Response(null, { status: 204, headers }))).toEqual({
      statusCode: 204,
      headers: { vary: 'a, b' },
      cookies: ['x=1; Path=/', 'y=2'],
      body: '',
      isBase64Encoded: false,
    });
  });

  test('HEAD has headers and no body', async () => {
    const { handle, api } = handled();
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    const result = await handle(httpApiEvent({ line: `HEAD /v1/runs/${id}` }));
    expect(result).toMatchObject({ statusCode: 200, body: '', isBase64Encoded: false });
    expect(result.headers?.['content-type']).toBe('application/json');
  });

  test('more than a function can return becomes a problem that says so', async () => {
    const { handle, api } = handled();
    const input = '"'.repeat(3.5 * 1024 * 1024);
    const { id } = (await api.startRun({ workflow: 'order', input })).run;
    const { statusCode, body = '' } = await handle(httpApiEvent({ line: `GET /v1/runs/${id}` }));
    expect(statusCode).toBe(413);
    expect(problemDetails.parse(JSON.parse(body))).toMatchObject({
      code: 'too_large',
      detail: expect.stringContaining('6291456 bytes'),
    });
  });

  test('events come in one reply', async () => {
    const { handle, api } = handled();
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    api.record(id, 'task_completed');
    const { headers, body } = await handle(httpApiEvent({ line: `GET /v1/runs/${id}/events` }));
    expect(headers).toMatchObject({ 'content-type': 'text/event-stream' });
    expect(body).toMatch(/^id: 1\ndata: \{.*\}\n\nretry: 100\n\n$/);
  });
});

describe('who asks', () => {
  test.each([
    ['an IAM principal by its ARN', iam('arn:aws:iam::1:user/ada'), 'arn:aws:iam::1:user/ada'],
    ['the subject of a JWT', jwt({ sub: 'ada', client_id: 'app' }), 'ada'],
    ['a client that has a JWT for itself', jwt({ client_id: 'app' }), 'app'],
    ['nobody, where no one was asked', undefined, undefined],
    ['nobody, where the gateway fills in blanks', { iam: { userArn: '' }, jwt: { claims: null } }, undefined],
  ])('is %s', (_who, authorizer, actor) => {
    expect(actorOf(httpApiEvent({ line: 'GET /', authorizer }).requestContext)).toBe(actor);
  });

  test('is noted as the origin of what is started, whatever the client says', async () => {
    const { api, json } = handled();
    const body = JSON.stringify({ workflow: 'order', origin: 'somebody else' });
    const asked = { line: 'POST /v1/runs', headers: { 'content-type': 'application/json' }, body };
    const { status, value } = await json({ ...asked, authorizer: iam('arn:ada') });
    expect(status).toBe(201);
    expect(runView.parse(value).id).toBe('order-1');
    await json(asked);
    expect(api.calls.map(([, request]) => (request as { origin?: string }).origin)).toEqual([
      'arn:ada',
      'somebody else',
    ]);
  });

  test.each([
    ['signals/go', {}],
    ['signals', { name: 'go on?' }],
    ['pause', {}],
    ['resume', {}],
    ['cancel', { reason: 'enough' }],
  ])('is noted with what is told a run, whatever the client says: %s', async (path, fields) => {
    const { api, json } = handled();
    const { id } = (await api.startRun({ workflow: 'order' })).run;
    const body = JSON.stringify({ ...fields, by: 'somebody else' });
    const asked = { line: `POST /v1/runs/${id}/${path}`, headers: { 'content-type': 'application/json' }, body };
    expect((await json({ ...asked, authorizer: jwt({ sub: 'ada' }) })).status).toBe(202);
    await json(asked);
    await json({ ...asked, body: JSON.stringify(fields), authorizer: jwt({ sub: 'ada' }) });
    const told = api.calls.slice(1).map((call) => (call.at(-1) as { by?: string }).by);
    expect(told).toEqual(['ada', 'somebody else', 'ada']);
  });

  test('may be nobody for a callback', async () => {
    const { json } = handled();
    expect(await json({ line: 'POST /v1/callbacks/t1' })).toMatchObject({ status: 202 });
  });

  test('decides how much health says', async () => {
    const { json } = handled();
    expect((await json({ line: 'GET /health' })).value).toEqual({ status: 'healthy' });
    const full = await json({ line: 'GET /health', authorizer: iam('arn:ada') });
    expect(full.value).toMatchObject({ status: 'healthy', workers: 1 });
  });
});

test('the documentation says that a gateway asks who it is', async () => {
  const { json } = handled();
  const { value } = await json({ line: 'GET /openapi.json' });
  expect(value).toMatchObject({
    components: { securitySchemes: { gateway: { type: 'apiKey', in: 'header', name: 'Authorization' } } },
    paths: {
      '/v1/runs': { post: { security: [{ gateway: [] }] } },
      '/v1/callbacks/{token}': { post: { security: [] } },
      '/health': { get: { security: [{}, { gateway: [] }] } },
    },
  });
});
