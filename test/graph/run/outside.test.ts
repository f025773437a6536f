import { describe, expect, test } from 'vitest';
import type { LambdaAnswer, QueueMessage } from '../../../lib/graph/executors/executors.ts';
import { createHttpExecutor } from '../../../lib/graph/executors/http.ts';
import { serve, serveJson } from '../executors/web-server.ts';
import { backends } from './backends.ts';
import { keysOf, openGraph } from './open-graph.ts';

describe.each(backends)('an HTTP call on $name', ({ options }) => {
  const open: typeof openGraph = (text, functions, more) => openGraph(text, functions, { ...options(), ...more });

  test('is computed, sent once with the task’s idempotency token, and gives status, headers and body', async () => {
    const server = await serveJson({ id: 'c1' }, 201);
    const { start } = await open(
      `
name: charging
tasks:
  - id: charge
    type: executor
    http:
      url: "{% $input.base & '/charges' %}"
      headers: { x-tenant: "{% $input.tenant %}", x-none: "{% $input.none %}" }
      query: { dry: "{% $input.dry %}", tag: ["{% 'a b' %}", c], none: "{% $input.none %}" }
    input: { cents: "{% $input.cents %}" }
`,
      {},
      { executors: { http: createHttpExecutor({ allowPrivate: [server.host] }) } },
    );
    const run = await start({ base: server.url, tenant: 't1', dry: true, cents: 4200 });
    expect(await run.result()).toMatchObject({ status: 201, body: { id: 'c1' } });
    expect(server.seen).toHaveLength(1);
    expect(server.seen[0]).toMatchObject({
      method: 'POST',
      url: '/charges?dry=true&tag=a+b&tag=c',
      body: '{"cents":4200}',
    });
    expect(server.seen[0]?.headers).toMatchObject({ 'x-tenant': 't1', 'idempotency-key': expect.any(String) });
    expect(server.seen[0]?.headers).not.toHaveProperty('x-none');
  });

  test('that is answered with 503 is tried again with the same token, and with 404 is not', async () => {
    let status = 503;
    const server = await serve((_request, response) => response.writeHead(status).end());
    const text = `
name: calling
tasks:
  - id: call
    type: executor
    http: { url: "{% $input %}", method: DELETE }
    retry: { attempts: 3, initial: 10ms }
    catch: { HttpError: why }
  - { id: why, type: transform, output: "{% $tasks.call.error.details.status %}" }
output: "{% $tasks.why.output %}"
`;
    const { start } = await open(
      text,
      {},
      { executors: { http: createHttpExecutor({ allowPrivate: [server.host] }) } },
    );
    expect(await (await start(server.url)).result()).toBe(503);
    expect(new Set(server.seen.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(server.seen).toHaveLength(3);
    status = 404;
    expect(await (await start(server.url)).result()).toBe(404);
    expect(server.seen).toHaveLength(4);
  });

  test('is given up at its timeout, which is that of the executor where it has none', async () => {
    const server = await serve(() => {});
    const text = (more: string) => `
name: hanging
tasks:
  - { id: call, type: executor, http: { url: "${server.url}" }, retry: { attempts: 1 }${more} }
`;
    const http = createHttpExecutor({ allowPrivate: [server.host], timeoutMs: 5_000 });
    for (const [more, ms] of [
      ['', 5_000],
      [', timeout: 2s', 2_000],
    ] as const) {
      const { t, start } = await open(text(more), {}, { executors: { http }, patienceMs: 30 });
      const run = await start();
      expect(await run.ended()).toMatchObject({ error: { name: 'TimeoutError' } });
      expect(t.now() - Date.UTC(2030, 0, 1)).toBe(ms);
    }
  });

  test('to a host that is not allowed fails at once', async () => {
    const server = await serveJson(1);
    const { start } = await open(
      `
name: refused
tasks:
  - { id: call, type: executor, http: { url: "{% $input %}" }, retry: { attempts: 5 } }
`,
      {},
      { executors: { http: createHttpExecutor() } },
    );
    const run = await start(server.url);
    expect(await run.ended()).toMatchObject({ error: { name: 'HostNotAllowedError' } });
    expect(await run.attempts('call')).toHaveLength(1);
    expect(server.seen).toEqual([]);
  });

  test('is left to the handler of the task’s id where it is not offered', async () => {
    const text = `
name: standing
tasks:
  - { id: call, type: executor, http: { url: "https://api.example.com/x" }, input: { a: 1 }, output: "{% $result.body %}" }
`;
    const call = (input: unknown) => ({ status: 200, headers: {}, body: { got: input } });
    const answer = { got: { a: 1 } };
    const { start: none } = await open(text, { call });
    expect(await (await none()).result()).toEqual(answer);
    const { start: other } = await open(
      text,
      { call },
      { executors: { http: createHttpExecutor({ allow: ['b.test'] }) } },
    );
    expect(await (await other()).result()).toEqual(answer);
    const { start: nobody } = await open(text);
    expect(await (await nobody()).ended()).toMatchObject({ error: { name: 'NotOfferedError' } });
  });

  test('undoes a task', async () => {
    const server = await serveJson({});
    const { start } = await open(
      `
name: undoing
tasks:
  - id: book
    type: executor
    handler: echo
    input: b1
    compensate: { http: { url: "{% $input & '/bookings/' & $result %}", method: DELETE } }
  - { id: bad, type: fail, error: Bad, dependsOn: [book] }
`,
      {},
      { executors: { http: createHttpExecutor({ allowPrivate: [server.host] }) } },
    );
    expect((await (await start(server.url)).ended()).status).toBe('failed');
    expect(server.seen.map(({ method, url }) => `${method} ${url}`)).toEqual(['DELETE /bookings/b1']);
  });
});

describe.each(backends)('a Lambda function on $name', ({ options }) => {
  const text = `
name: invoking
tasks:
  - { id: resize, type: executor, lambda: "arn:aws:lambda:eu-west-1:123456789012:function:resize:live", input: { width: 3 }, retry: { attempts: 2, initial: 1s } }
`;

  test('gets the input as its event, and an error of it counts as an attempt', async () => {
    const invoked: unknown[] = [];
    const answers: LambdaAnswer[] = [
      { functionError: 'Unhandled', payload: { errorType: 'Busy', errorMessage: 'not now' } },
      { payload: { ok: true } },
    ];
    const { start } = await openGraph(
      text,
      {},
      {
        ...options(),
        executors: {
          lambda: {
            async invokeLambda(name, payload, { idempotencyToken }) {
              invoked.push([name, payload, idempotencyToken]);
              return answers.shift() ?? { payload: null };
            },
          },
        },
      },
    );
    const run = await start();
    expect(await run.result()).toEqual({ ok: true });
    const name = 'arn:aws:lambda:eu-west-1:123456789012:function:resize:live';
    expect(invoked).toEqual([
      [name, { width: 3 }, expect.any(String)],
      [name, { width: 3 }, (invoked[0] as string[])[2]],
    ]);
  });

  test('is left to a handler of its name where it is not offered', async () => {
    const { start } = await openGraph(text, { resize: (input) => ['local', input] }, options());
    expect(await (await start()).result()).toEqual(['local', { width: 3 }]);
    const { start: nobody } = await openGraph(text, {}, options());
    expect(await (await nobody()).ended()).toMatchObject({ error: { name: 'NotOfferedError' } });
  });
});

describe.each(backends)('a queue on $name', ({ options }) => {
  const asking = (more = '') => `
name: asking
tasks:
  - { id: print, type: executor, queue: "https://sqs.eu-west-1.amazonaws.com/123456789012/printers", input: { pages: 3 }, output: "{% $result.sheets %}"${more} }
`;

  async function open(text: string, more: Parameters<typeof openGraph>[2] = {}) {
    const sent: { queue: string; message: QueueMessage }[] = [];
    const kit = await openGraph(
      text,
      {},
      {
        ...options(),
        executors: {
          queue: {
            async sendToQueue(queue, message) {
              sent.push({ queue, message });
            },
          },
        },
        ...more,
      },
    );
    return { ...kit, sent };
  }

  test('gets the input with a token, and whoever has that answers the task', async () => {
    const { t, start, sent } = await open(asking());
    const run = await start();
    await run.get();
    expect(sent).toEqual([
      {
        queue: 'https://sqs.eu-west-1.amazonaws.com/123456789012/printers',
        message: { input: { pages: 3 }, callbackToken: expect.any(String) },
      },
    ]);
    await t.answer(sent[0]?.message.callbackToken ?? '', { result: { sheets: 2 } });
    expect(await run.result()).toBe(2);
    expect(await keysOf(run)).toEqual(['print/send']);
  });

  test('is answered with an error, which is tried again with another token', async () => {
    const { t, start, sent } = await open(asking(', retry: { attempts: 3, initial: 1m, factor: 2, jitter: 0 }'));
    const run = await start();
    for (const attempt of [0, 1, 2]) {
      await run.get();
      const token = sent[attempt]?.message.callbackToken ?? '';
      await t.answer(token, { error: { name: 'PaperJam', message: `no ${attempt}` } });
      await t.advance('2m');
    }
    expect(await run.ended()).toMatchObject({ status: 'failed', error: { name: 'PaperJam', message: 'no 2' } });
    expect(new Set(sent.map(({ message }) => message.callbackToken)).size).toBe(3);
    expect(await keysOf(run)).toEqual(['print/send', 'sleep:print#2', 'print#2/send', 'sleep:print#3', 'print#3/send']);
  });

  test('whose answer does not come in time is a TimeoutError, tried again as the policy says', async () => {
    const { t, start, sent } = await open(
      asking(', timeout: 1h, retry: { attempts: 2, initial: 1m, jitter: 0, errors: [TimeoutError] }'),
    );
    const run = await start();
    expect(await run.ended()).toMatchObject({ error: { name: 'TimeoutError' } });
    expect(t.now() - Date.UTC(2030, 0, 1)).toBe(2 * 3_600_000 + 60_000);
    expect(sent).toHaveLength(2);
    const { start: once, sent: asked } = await open(
      asking(', timeout: 1h, retry: { attempts: 2, except: [TimeoutError] }'),
    );
    await (await once()).ended();
    expect(asked).toHaveLength(1);
  });

  test('that does not take the message at first is sent it again', async () => {
    let calls = 0;
    const { start } = await open(asking(), {
      executors: {
        queue: {
          async sendToQueue() {
            calls += 1;
            if (calls < 3) throw new Error('throttled');
          },
        },
      },
    });
    const run = await start();
    await run.get();
    await expect(run.result()).rejects.toThrow('waits for an answer to the callback');
    expect(calls).toBe(3);
    await run.answer('print/answer', { result: { sheets: 9 } });
    expect(await run.result()).toBe(9);
  });

  test('that never takes the message is waited for no longer', async () => {
    const { t, start } = await open(
      `${asking(', timeout: 9d, retry: { attempts: 1 }, catch: { Full: after }')}  - { id: after, type: signal }
`,
      {
        executors: {
          queue: {
            async sendToQueue() {
              throw Object.assign(new Error('full'), { name: 'Full' });
            },
          },
        },
      },
    );
    const run = await start();
    await t.advance('1h');
    expect((await run.get()).awaiting?.map(({ key }) => key)).toEqual(['signal:after']);
  });

  test('waits on through the death of its process, and is sent nothing twice that it has', async () => {
    const { t, start, sent } = await open(asking());
    const run = await start();
    await run.get();
    await t.crash();
    await t.answer(sent[0]?.message.callbackToken ?? '', { result: { sheets: 1 } });
    expect(await run.result()).toBe(1);
    expect(sent).toHaveLength(1);
  });

  test('is left to a handler of its name where it is not offered', async () => {
    const { start } = await openGraph(asking(), { printers: (input) => ({ sheets: input }) }, options());
    expect(await (await start()).result()).toEqual({ pages: 3 });
    const { start: nobody } = await openGraph(asking(', retry: { attempts: 3 }'), {}, options());
    const run = await nobody();
    expect(await run.ended()).toMatchObject({ error: { name: 'NotOfferedError' } });
    expect(await run.attempts('*')).toHaveLength(1);
  });
});
