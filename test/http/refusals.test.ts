import { describe, expect, test } from 'vitest';
import { type ProblemCode, problemKinds } from '../../lib/http/contract/problem.ts';
import { Fault, type FaultCode } from '../../lib/kernel/faults.ts';
import { createAsked } from './ask.ts';

describe('what goes wrong inside', () => {
  const faults: [FaultCode, number][] = [
    ['invalid_input', 400],
    ['unauthorized', 401],
    ['not_found', 404],
    ['conflict', 409],
    ['settled', 409],
    ['non_deterministic', 409],
    ['too_large', 413],
    ['corrupt', 500],
    ['newer_format', 500],
    ['overloaded', 429],
    ['unavailable', 503],
    ['closed', 503],
    ['storage_full', 507],
  ];

  test.each(faults)('a fault %s is %i, with its message and problems', async (code, status) => {
    const { refused, api, logged } = createAsked();
    api.failWith(
      new Fault(code, 'What went wrong', { problems: [{ path: 'items[2].price', message: 'is negative' }] }),
    );
    expect(await refused('GET /v1/workflows')).toEqual({
      type: `/problems/${code.replaceAll('_', '-')}`,
      title: problemKinds[code].title,
      status,
      detail: 'What went wrong',
      code,
      problems: [{ path: 'items[2].price', message: 'is negative' }],
    });
    expect(logged).toHaveLength(status >= 500 ? 1 : 0);
  });

  test('what a service refuses is told to those who run Pawl, and to others by a reference into the log', async () => {
    const { refused, api, logged } = createAsked();
    api.failWith(new Fault('refused', 'DynamoDB refuses to read "run#1": arn:aws:iam::123456789012:role/x may not'));
    const problem = await refused('GET /v1/workflows');
    expect(problem).toMatchObject({ code: 'refused', status: 500, instance: expect.stringMatching(/^urn:uuid:/) });
    expect(JSON.stringify(problem)).not.toContain('123456789012');
    expect(logged).toHaveLength(1);
  });

  test('what is unavailable now says when to come back', async () => {
    const { ask, api } = createAsked();
    api.failWith(new Fault('unavailable', 'The store is busy'));
    expect((await ask('GET /v1/workflows')).headers.get('retry-after')).toBe('1');
  });

  test.each([
    ['an error', new Error('password hunter2 at /srv/secret.ts')],
    ['something that is no error', 'hunter2'],
  ])('%s that nobody foresaw is 500, logged whole, and told by a reference alone', async (_what, thrown) => {
    const { refused, api, logged } = createAsked();
    api.failWith(thrown);
    const problem = await refused('GET /v1/workflows');
    expect(problem).toMatchObject({ status: 500, code: 'internal', instance: expect.stringMatching(/^urn:uuid:/) });
    expect(JSON.stringify(problem)).not.toMatch(/hunter2|secret/);
    expect(logged).toEqual([['a request failed', { instance: problem.instance, error: thrown }]]);
  });
});

describe('routes', () => {
  test.each(['GET /', 'GET /v1', 'GET /v1/run', 'POST /v1/runs/x/stop', 'GET /v1/runs/x/y/z'])(
    '%s is 404: there is no such route',
    async (line) => {
      const { refused } = createAsked();
      expect(await refused(line)).toMatchObject({ status: 404, code: 'route_not_found' });
    },
  );

  test.each([
    ['PUT /v1/runs', 'POST, GET, HEAD'],
    ['POST /v1/runs/x', 'GET, HEAD, DELETE'],
    ['GET /v1/runs/x/pause', 'POST'],
    ['OPTIONS /v1/runs', 'POST, GET, HEAD'],
    ['DELETE /health', 'GET, HEAD'],
  ])('%s is 405, and Allow says %s', async (line, allow) => {
    const { ask, refused } = createAsked();
    expect((await ask(line)).headers.get('allow')).toBe(allow);
    expect(await refused(line)).toMatchObject({ status: 405, code: 'method_not_allowed' });
  });
});

describe('bodies', () => {
  const malformed: [string, string][] = [
    ['{"workflow": }', "expected a value, found '}' at line 1, column 14 (position 13)"],
    ['{"workflow": "a",\n "input": [1, 2,]}', "expected a value, found ']' at line 2, column 17 (position 34)"],
    ['{"workflow": "a"', "expected ',' or '}', found the end at line 1, column 17 (position 16)"],
    ["{'workflow': 'a'}", "expected a name or '}', found ''' at line 1, column 2 (position 1)"],
    ['{"a": 1} {', "expected the end, found '{' at line 1, column 10 (position 9)"],
    ['{"a" 1}', "expected ':', found '1' at line 1, column 6 (position 5)"],
    ['[1}', "expected ',' or ']', found '}' at line 1, column 3 (position 2)"],
    ['{"a": "\\x"}', 'found a text that is not closed or not escaped as in JSON at line 1, column 7 (position 6)'],
    ['{"a": 01}', "expected ',' or '}', found '1' at line 1, column 8 (position 7)"],
    ['hello', "expected a value, found 'h' at line 1, column 1 (position 0)"],
  ];

  test.each(malformed)('%j is no JSON, and the answer says where', async (body, where) => {
    const { refused } = createAsked();
    const problem = await refused('POST /v1/runs', { body });
    expect(problem).toMatchObject({ status: 400, code: 'invalid_input' });
    expect(problem.detail).toContain(where);
  });

  test.each([
    ['a list', '[]'],
    ['null', 'null'],
    ['a text', '"order"'],
  ])('%s is no request', async (_what, body) => {
    const { refused } = createAsked();
    expect(await refused('POST /v1/runs', { body })).toMatchObject({ status: 400, problems: [{ path: '' }] });
  });

  test('bytes that are not UTF-8 are refused, not repaired', async () => {
    const { refused } = createAsked();
    const body = new Uint8Array([0x22, 0xff, 0x22]);
    expect((await refused('POST /v1/runs', { body })).detail).toContain('UTF-8');
  });

  test('a body is nested at most as deep as the limit', async () => {
    const { ask, refused } = createAsked();
    const nested = (levels: number) => `{"workflow":"a","input":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    expect((await ask('POST /v1/runs', { body: nested(64) })).status).toBe(201);
    expect((await refused('POST /v1/runs', { body: nested(65) })).detail).toContain('64 levels (bodyDepth)');
  });

  test('no depth exhausts the stack', async () => {
    const { refused } = createAsked();
    expect((await refused('POST /v1/runs', { body: '['.repeat(1_000_000) })).detail).toContain('bodyDepth');
  });

  test('brackets in texts are not depth', async () => {
    const { ask } = createAsked();
    const body = { workflow: 'a', input: `\\"${'['.repeat(100)}` };
    expect((await ask('POST /v1/runs', { body })).status).toBe(201);
  });

  test('a body is as long as the limit, and not a byte longer', async () => {
    const { ask, refused } = createAsked({ limits: { bodyBytes: 100 } });
    const padded = (bytes: number) => '{"workflow":"a"}'.padEnd(bytes, ' ');
    expect((await ask('POST /v1/runs', { body: padded(100) })).status).toBe(201);
    expect(await refused('POST /v1/runs', { body: padded(101) })).toMatchObject({ status: 413, code: 'too_large' });
  });

  test('the limit is 1 MiB unless given, and named', async () => {
    const { refused } = createAsked();
    expect((await refused('POST /v1/runs', { body: ' '.repeat(1024 * 1024 + 1) })).detail).toBe(
      'The body is longer than 1048576 bytes (bodyBytes)',
    );
  });

  test.each([
    ['application/json'],
    ['application/json; charset=utf-8'],
    ['application/json;charset="UTF-8"'],
    ['application/vnd.order+json'],
  ])('Content-Type %s is taken', async (type) => {
    const { ask } = createAsked();
    const answer = await ask('POST /v1/runs', { body: '{"workflow":"a"}', headers: { 'Content-Type': type } });
    expect(answer.status).toBe(201);
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=latin1',
    'application/jsonp',
  ])('Content-Type %s is 415', async (type) => {
    const { refused } = createAsked();
    const request = { body: '{"workflow":"a"}', headers: { 'Content-Type': type } };
    expect(await refused('POST /v1/runs', request)).toMatchObject({ status: 415, code: 'unsupported_media_type' });
  });
});

describe('the token', () => {
  const token = 'correct horse';

  test.each([
    'GET /v1/runs',
    'POST /v1/runs',
    'GET /v1/runs/x',
    'DELETE /v1/runs/x',
    'GET /v1/runs/x/events',
    'POST /v1/runs/x/cancel',
    'GET /v1/workflows',
    'POST /v1/workflows',
    'POST /v1/workflows/x/activate',
    'GET /metrics',
  ])('%s is 401 without it, before anything is read', async (line) => {
    const { ask, refused, api } = createAsked({ token });
    expect((await ask(line)).headers.get('www-authenticate')).toBe('Bearer realm="pawl"');
    expect(await refused(line)).toMatchObject({ status: 401, code: 'unauthorized' });
    expect(api.calls).toEqual([]);
  });

  test.each(['Bearer wrong', 'Bearer correct horse!', 'Basic correct horse', 'correct horse', 'Bearer'])(
    '%s is 401',
    async (authorization) => {
      const { refused } = createAsked({ token });
      expect(await refused('GET /v1/runs', { headers: { Authorization: authorization } })).toMatchObject({
        status: 401,
      });
    },
  );

  test.each(['Bearer', 'bearer'])('%s and the token are let in', async (scheme) => {
    const { ask } = createAsked({ token });
    expect((await ask('GET /v1/runs', { headers: { Authorization: `${scheme} ${token}` } })).status).toBe(200);
  });

  test('a callback needs none: its own is the credential', async () => {
    const { ask } = createAsked({ token });
    expect((await ask('POST /v1/callbacks/t1', { body: { result: 1 } })).status).toBe(202);
  });

  test('the documentation needs none, since it is the same everywhere', async () => {
    const { ask } = createAsked({ token });
    expect((await ask('GET /docs')).status).toBe(200);
    expect((await ask('GET /openapi.json')).status).toBe(200);
  });

  test('without it /health says the status and nothing else', async () => {
    const { ask } = createAsked({ token });
    expect(await (await ask('GET /health')).json()).toEqual({ status: 'healthy' });
    const whole = await ask('GET /health', { headers: { Authorization: `Bearer ${token}` } });
    expect(await whole.json()).toMatchObject({ workers: 1, checks: [{ name: 'store' }] });
  });

  test('an empty token is a mistake of the operator', () => {
    expect(() => createAsked({ token: '' })).toThrow('empty token');
  });
});

describe('web pages', () => {
  test.each(['https://evil.example', 'http://localhost:3000', 'https://localhost.evil.example', 'null', 'garbage'])(
    'a request of a page from %s is 403, and does nothing',
    async (origin) => {
      const { refused, api } = createAsked();
      const request = { body: { workflow: 'order' }, headers: { Origin: origin } };
      expect(await refused('POST http://localhost:8787/v1/runs', request)).toMatchObject({
        status: 403,
        code: 'forbidden',
      });
      expect(api.calls).toEqual([]);
    },
  );

  test.each(['http://pawl.test:8787', 'https://pawl.test:8787'])(
    'a page from %s, its own origin, may',
    async (origin) => {
      const { ask } = createAsked({ allowedHosts: ['pawl.test'] });
      const answer = await ask('GET http://pawl.test:8787/v1/runs', { headers: { Origin: origin } });
      expect(answer.status).toBe(200);
    },
  );

  test('no answer allows another origin anything', async () => {
    const { ask } = createAsked();
    for (const method of ['GET', 'OPTIONS']) {
      const answer = await ask(`${method} /v1/runs`, { headers: { Origin: 'https://evil.example' } });
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });

  test.each(['localhost', '127.0.0.1', '127.1.2.3', '[::1]'])('the host name %s means this machine', async (host) => {
    const { ask } = createAsked();
    expect((await ask(`GET http://${host}:8787/health`)).status).toBe(200);
  });

  test.each(['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example', '192.168.0.7'])(
    'without a token the host name %s is 403: DNS may have been rebound',
    async (host) => {
      const { refused } = createAsked();
      expect(await refused(`GET http://${host}/v1/runs`)).toMatchObject({ status: 403, code: 'forbidden' });
    },
  );

  test('with a token any host name will do', async () => {
    const { ask } = createAsked({ token: 't' });
    expect((await ask('GET https://pawl.example/health')).status).toBe(200);
  });

  test('what the operator allows is what counts', async () => {
    const { ask, refused } = createAsked({ token: 't', allowedHosts: ['pawl.example'] });
    expect((await ask('GET https://pawl.example/health')).status).toBe(200);
    expect(await refused('GET http://localhost/health')).toMatchObject({ code: 'forbidden' });
  });
});

test('each code is a stable reference, with a status, a title and advice', () => {
  const codes = Object.keys(problemKinds) as ProblemCode[];
  expect(codes).toHaveLength(19);
  for (const code of codes) expect(problemKinds[code].title && problemKinds[code].advice).not.toBe('');
});
