import type { lookup } from 'node:dns';
import { describe, expect, test } from 'vitest';
import { ExecutorError } from '../../../lib/graph/executors/executor-error.ts';
import type { HttpRequest } from '../../../lib/graph/executors/executors.ts';
import { createHttpExecutor, type HttpSettings } from '../../../lib/graph/executors/http.ts';
import { serve, serveJson } from './web-server.ts';

const attempt = { signal: new AbortController().signal, idempotencyToken: 'token-1' };

function request(url: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'GET', url, headers: {}, body: undefined, maxResponseBytes: 1_000, ...more };
}

async function errorOf(promise: Promise<unknown>): Promise<ExecutorError> {
  const error = await promise.then(
    (value) => new Error(`It was answered: ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ExecutorError)) throw error;
  return error;
}

/** Names become these addresses, whatever the system thinks. */
function addresses(table: Record<string, string[]>): { lookup: typeof lookup; asked: string[] } {
  const asked: string[] = [];
  const stub = (name: string, _options: object, callback: (error: Error | null, all: object[]) => void) => {
    asked.push(name);
    const found = table[name]?.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    callback(found ? null : new Error('ENOTFOUND'), found ?? []);
  };
  return { lookup: stub as unknown as typeof lookup, asked };
}

describe('a request', () => {
  test('is sent as JSON with the idempotency token, and its answer is parsed', async () => {
    const server = await serveJson({ ok: true }, 201);
    const http = createHttpExecutor({ allowPrivate: [server.host] });
    const answer = await http.send(
      request(`${server.url}/orders?x=1`, { method: 'POST', headers: { 'X-Tenant': 'a' }, body: { id: 7 } }),
      attempt,
    );
    expect(answer).toMatchObject({
      status: 201,
      body: { ok: true },
      headers: { 'content-type': 'application/json' },
    });
    const [seen] = server.seen;
    expect(seen).toMatchObject({ method: 'POST', url: '/orders?x=1', body: '{"id":7}' });
    expect(seen?.headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': 'token-1',
      'x-tenant': 'a',
    });
  });

  test('without effect has neither body nor token', async () => {
    const server = await serveJson([]);
    const http = createHttpExecutor({ allowPrivate: [server.host] });
    await http.send(request(server.url, { body: { ignored: true } }), attempt);
    const [seen] = server.seen;
    expect(seen?.body).toBe('');
    expect(seen?.headers).not.toHaveProperty('idempotency-key');
  });

  test('may have headers of its own, but none that belong to the connection', async () => {
    const server = await serveJson(1);
    const http = createHttpExecutor({ allowPrivate: [server.host] });
    const headers = { Accept: 'text/plain', 'Idempotency-Key': 'mine' };
    await http.send(request(server.url, { method: 'PUT', headers }), attempt);
    expect(server.seen[0]?.headers).toMatchObject({ accept: 'text/plain', 'idempotency-key': 'mine' });
    for (const name of ['Host', 'Transfer-Encoding', 'Content-Length', 'Connection']) {
      const refused = http.send(request(server.url, { headers: { [name]: 'x' } }), attempt);
      expect(await errorOf(refused)).toMatchObject({ name: 'InvalidRequestError', retryable: false });
    }
    const broken = http.send(request(server.url, { headers: { 'x-a': 'line\nbreak' } }), attempt);
    expect(await errorOf(broken)).toMatchObject({ name: 'InvalidRequestError', retryable: false });
    expect(server.seen).toHaveLength(1);
  });

  test('of more bytes than the limit is not sent', async () => {
    const server = await serveJson(1);
    const http = createHttpExecutor({ allowPrivate: [server.host], maxRequestBytes: 10 });
    const large = http.send(request(server.url, { method: 'POST', body: 'üüüüü' }), attempt);
    expect(await errorOf(large)).toMatchObject({
      name: 'InvalidRequestError',
      message: expect.stringContaining('12 bytes'),
    });
    expect(server.seen).toEqual([]);
  });

  test.each(['ftp://example.com/', 'file:///etc/passwd', 'not a url', 'http://user:secret@example.com/'])(
    'to %s is refused',
    async (url) => {
      const http = createHttpExecutor({ allow: ['*'] });
      expect(await errorOf(http.send(request(url), attempt))).toMatchObject({
        name: 'InvalidRequestError',
        retryable: false,
      });
    },
  );

  test('ends when its attempt is no longer wanted', async () => {
    const server = await serve(() => {});
    const http = createHttpExecutor({ allowPrivate: [server.host] });
    const controller = new AbortController();
    const sent = http.send(request(server.url), { ...attempt, signal: controller.signal });
    await expect.poll(() => server.seen).toHaveLength(1);
    controller.abort();
    await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('an answer', () => {
  const answering = async (type: string, text: string, status = 200) => {
    const server = await serve((_request, response) => response.writeHead(status, { 'content-type': type }).end(text));
    const http = createHttpExecutor({ allowPrivate: [server.host] });
    return http.send(request(server.url), attempt);
  };

  test('that is not JSON is text, and none is null', async () => {
    expect((await answering('text/csv', 'a,b')).body).toBe('a,b');
    expect((await answering('application/problem+json; charset=utf-8', '{"a":1}')).body).toEqual({ a: 1 });
    expect((await answering('application/json', '')).body).toBeNull();
  });

  test('that says it is JSON and is not is worth another attempt', async () => {
    expect(await errorOf(answering('application/json', '{"half'))).toMatchObject({
      name: 'InvalidResponseError',
      retryable: true,
    });
  });

  test.each([
    [400, false],
    [404, false],
    [409, false],
    [429, true],
    [500, true],
    [503, true],
  ])('with status %i is an HttpError, worth another attempt: %s', async (status, retryable) => {
    expect(await errorOf(answering('application/json', '{"why":"because"}', status))).toMatchObject({
      name: 'HttpError',
      retryable,
      code: String(status),
      details: { status, body: { why: 'because' } },
    });
  });

  test('that fails with a long page keeps an excerpt of it', async () => {
    const error = await errorOf(answering('text/html', 'x'.repeat(900_000).slice(0, 900), 500));
    expect((error.details as { body: string }).body).toHaveLength(900);
    const server = await serve((_request, response) => response.writeHead(500).end('y'.repeat(9_000)));
    const http = createHttpExecutor({ allowPrivate: [server.host] });
    const long = await errorOf(http.send(request(server.url, { maxResponseBytes: 10_000 }), attempt));
    expect((long.details as { body: string }).body).toHaveLength(2_001);
  });

  test('of more bytes than the limit is given up, be it declared or sent in parts', async () => {
    let parts = 0;
    const endless = await serve((_request, response) => {
      const more = () => {
        parts += 1;
        if (!response.destroyed) response.write('x'.repeat(500), () => setImmediate(more));
      };
      more();
    });
    const declared = await serve((_request, response) => response.end('x'.repeat(1_001)));
    const http = createHttpExecutor({ allowPrivate: [endless.host, declared.host] });
    for (const { url } of [endless, declared]) {
      const error = await errorOf(http.send(request(url), attempt));
      expect(error).toMatchObject({ name: 'ResponseTooLargeError', retryable: false });
    }
    const after = parts;
    await new Promise(setImmediate);
    expect(parts - after).toBeLessThan(100);
  });

  test('that breaks off, and a server that is not there, are worth another attempt', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    });
    const http = createHttpExecutor({ allowPrivate: [server.host, '127.0.0.1:1'] });
    expect(await errorOf(http.send(request(server.url), attempt))).toMatchObject({
      name: 'NetworkError',
      retryable: true,
    });
    const nobody = http.send(request('http://127.0.0.1:1/'), attempt);
    expect(await errorOf(nobody)).toMatchObject({ name: 'NetworkError', retryable: true });
  });
});

describe('a host', () => {
  const refusal = { name: 'HostNotAllowedError', retryable: false };

  test('that nobody has allowed is not asked, and by default that is every host', async () => {
    const server = await serveJson(1);
    for (const settings of [{}, { allow: ['api.example.com'] }, { allowPrivate: ['127.0.0.1:1'] }]) {
      const http = createHttpExecutor(settings);
      expect(await errorOf(http.send(request(server.url), attempt))).toMatchObject(refusal);
    }
    expect(server.seen).toEqual([]);
  });

  test.each([
    ['api.example.com', 'https://api.example.com/', true],
    ['api.example.com', 'https://API.example.com./', true],
    ['api.example.com.', 'https://api.example.com/', true],
    ['api.example.com', 'http://api.example.com/', true],
    ['api.example.com', 'https://api.example.com:8443/', false],
    ['api.example.com:8443', 'https://api.example.com:8443/', true],
    ['api.example.com:8443', 'https://api.example.com/', false],
    ['api.example.com:80', 'http://api.example.com/', true],
    ['api.example.com:80', 'https://api.example.com/', false],
    ['*.example.com', 'https://a.b.example.com/', true],
    ['*.example.com', 'https://example.com/', false],
    ['*.example.com', 'https://badexample.com/', false],
    ['*', 'https://anything.test/', true],
    ['example.com', 'https://example.com.evil.test/', false],
    ['example.com', 'https://sub.example.com/', false],
  ])('in the list as %s, asked as %s: %s', async (entry, url, isAllowed) => {
    const { lookup, asked } = addresses({});
    const http = createHttpExecutor({ allow: [entry], lookup });
    const error = await errorOf(http.send(request(url), attempt));
    expect(error.name).toBe(isAllowed ? 'NetworkError' : 'HostNotAllowedError');
    expect(asked).toHaveLength(isAllowed ? 1 : 0);
  });

  test.each(['https://example.com', 'example.com/path', '', 'a b', '*.', 'a.*.b', 'user@example.com'])(
    'cannot stand in the list as %j',
    (entry) => {
      expect(() => createHttpExecutor({ allow: [entry] })).toThrow(/is not a host/);
    },
  );

  test('of whatever name cannot be allowed as private', () => {
    expect(() => createHttpExecutor({ allowPrivate: ['*'] })).toThrow(/cannot be among the private hosts/);
  });

  test.each([
    ['127.0.0.1'],
    ['10.1.2.3'],
    ['169.254.169.254'],
    ['192.168.0.10'],
    ['::1'],
    ['fe80::1'],
    ['fd00:ec2::254'],
    ['::ffff:127.0.0.1'],
    ['1.1.1.1', '127.0.0.1'],
  ])('whose name has the address %s is refused unless it is allowed as a private one', async (...found) => {
    const { lookup } = addresses({ 'api.example.com': found });
    const http = createHttpExecutor({ allow: ['*'], lookup });
    expect(await errorOf(http.send(request('http://api.example.com/'), attempt))).toMatchObject(refusal);
  });

  test.each([
    'http://127.0.0.1:PORT/',
    'http://0x7f000001:PORT/',
    'http://2130706433:PORT/',
    'http://127.1:PORT/',
    'http://[::1]:PORT/',
    'http://[::ffff:7f00:1]:PORT/',
    'http://0.0.0.0:PORT/',
  ])('written as the address %s is refused as well', async (pattern) => {
    const server = await serveJson(1);
    const url = pattern.replace('PORT', String(server.port));
    const http = createHttpExecutor({ allow: [new URL(url).host, '*'] });
    expect(await errorOf(http.send(request(url), attempt))).toMatchObject(refusal);
    expect(server.seen).toEqual([]);
  });

  test('is resolved once, and what was checked is what is connected to', async () => {
    const server = await serveJson('here');
    const { lookup, asked } = addresses({ 'db.internal': ['127.0.0.1'] });
    const http = createHttpExecutor({ allowPrivate: [`db.internal:${server.port}`], lookup });
    const answer = await http.send(request(`http://db.internal:${server.port}/`), attempt);
    expect(answer.body).toBe('here');
    expect(asked).toEqual(['db.internal']);
    expect(server.seen[0]?.headers.host).toBe(`db.internal:${server.port}`);
  });

  test('whose address changes between two attempts is checked each time', async () => {
    const server = await serveJson('stolen');
    const table = { 'api.example.com': ['127.0.0.1'] };
    const { lookup } = addresses(table);
    const url = `http://api.example.com:${server.port}/`;
    const settings: HttpSettings = { allow: [`api.example.com:${server.port}`], lookup };
    const http = createHttpExecutor(settings);
    expect(await errorOf(http.send(request(url), attempt))).toMatchObject(refusal);
    table['api.example.com'] = ['192.168.1.1'];
    expect(await errorOf(http.send(request(url), attempt))).toMatchObject(refusal);
    expect(server.seen).toEqual([]);
  });
});

describe('a redirect', () => {
  test('is followed with method and body, or as a GET, as its status says', async () => {
    const target = await serveJson('there');
    const source = await serve((incoming, response) => {
      response.writeHead(Number(incoming.url?.slice(1)), { location: `${target.url}/new` }).end();
    });
    const http = createHttpExecutor({ allowPrivate: [target.host, source.host] });
    for (const status of [301, 302, 303, 307, 308]) {
      await http.send(request(`${source.url}/${status}`, { method: 'POST', body: { a: 1 } }), attempt);
    }
    expect(target.seen.map(({ method, body }) => `${method} ${body}`)).toEqual([
      'GET ',
      'GET ',
      'GET ',
      'POST {"a":1}',
      'POST {"a":1}',
    ]);
    expect(target.seen[0]?.headers).not.toHaveProperty('content-type');
  });

  test('to another host does not take secrets along', async () => {
    const target = await serveJson(1);
    const source = await serve((_incoming, response) => {
      response.writeHead(307, { location: `${target.url}/` }).end();
    });
    const http = createHttpExecutor({ allowPrivate: [target.host, source.host] });
    const headers = { authorization: 'Bearer secret', cookie: 'a=b', 'x-plain': 'c' };
    await http.send(request(source.url, { method: 'POST', headers, body: 1 }), attempt);
    expect(source.seen[0]?.headers).toMatchObject({ authorization: 'Bearer secret', 'idempotency-key': 'token-1' });
    expect(target.seen[0]?.headers).toMatchObject({ 'x-plain': 'c' });
    for (const name of ['authorization', 'cookie', 'idempotency-key']) {
      expect(target.seen[0]?.headers).not.toHaveProperty(name);
    }
  });

  test('on the same host keeps them', async () => {
    const server = await serve((incoming, response) => {
      if (incoming.url === '/old') response.writeHead(302, { location: '/new' }).end();
      else response.end();
    });
    const http = createHttpExecutor({ allowPrivate: [server.host] });
    await http.send(request(`${server.url}/old`, { headers: { authorization: 'a' } }), attempt);
    expect(server.seen[1]).toMatchObject({ url: '/new', headers: { authorization: 'a' } });
  });

  test.each([
    ['a host that is not allowed', 'http://evil.example.com/', 'HostNotAllowedError'],
    ['an address that is not public', 'http://10.0.0.1/', 'HostNotAllowedError'],
    ['a name whose address is not public', 'http://inside.example.com/', 'HostNotAllowedError'],
    ['another protocol', 'file:///etc/passwd', 'RedirectError'],
    ['a URL with a password', 'http://user:pw@public.example.com/', 'RedirectError'],
    ['what is no URL', 'http://', 'RedirectError'],
  ])('to %s is refused', async (_what, location, name) => {
    const source = await serve((_incoming, response) => response.writeHead(302, { location }).end());
    const { lookup } = addresses({ 'inside.example.com': ['10.0.0.1'], 'evil.example.com': ['1.1.1.1'] });
    const http = createHttpExecutor({
      allow: ['10.0.0.1', 'inside.example.com', 'public.example.com'],
      allowPrivate: [source.host],
      lookup,
    });
    expect(await errorOf(http.send(request(source.url), attempt))).toMatchObject({ name, retryable: false });
  });

  test('after redirect is given up at the limit', async () => {
    const server = await serve((_incoming, response) => response.writeHead(302, { location: '/again' }).end());
    const http = createHttpExecutor({ allowPrivate: [server.host], maxRedirects: 3 });
    expect(await errorOf(http.send(request(server.url), attempt))).toMatchObject({
      name: 'RedirectError',
      retryable: false,
    });
    expect(server.seen).toHaveLength(4);
  });
});
