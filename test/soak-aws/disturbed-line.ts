/**
 * An HTTP proxy between a process and one service, on which requests have fates. Owns: what becomes of a request and of
 * its answer on the way. Does not own: which fate it is, which is the plan's.
 */
import { Agent, createServer, type IncomingHttpHeaders, type ServerResponse, request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Times are virtual, in ms. */
export type Fate =
  | { do: 'pass'; afterMs?: number }
  /** The connection is cut before anything arrived. */
  | { do: 'lose' }
  /** The connection is cut, and the request arrives nevertheless, this much later. */
  | { do: 'straggle'; afterMs: number }
  /** Carried out, and the answer is lost. */
  | { do: 'lose answer' }
  /** Carried out, and the answer breaks off in its middle; perhaps its length is made to fit. */
  | { do: 'cut answer short'; fits: boolean }
  /** Neither an answer nor an end, until its sender has waited for long enough. */
  | { do: 'hang'; forMs: number }
  /** Carried out twice; one of the answers comes back. */
  | { do: 'send twice'; answer: 'first' | 'second' }
  /** Not carried out: the service answers this. */
  | { do: 'refuse'; status: number; body: string }
  /** A batch of which nothing is done now. */
  | { do: 'leave undone' };

export interface Passing {
  /** 'PutItem', 'SendMessage'; of S3 the method. */
  operation: string;
}

export interface DisturbedLine {
  readonly url: string;
  /** What happened, by fate. */
  readonly counts: Readonly<Record<string, number>>;
  /** Nothing gets through any more, and nothing under way is answered. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface LineOptions {
  /** The service's address. */
  target: string;
  fateOf(passing: Passing): Fate;
  pause(ms: number): Promise<void>;
}

export async function startDisturbedLine({ target, fateOf, pause }: LineOptions): Promise<DisturbedLine> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const counts: Record<string, number> = {};
  let isCut = false;

  function forward(method: string, path: string, headers: IncomingHttpHeaders, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = sendRequest(`${target}${path}`, { method, headers, agent }, (response) => {
        collect(response).then(
          (bytes) => resolve({ status: response.statusCode ?? 502, headers: response.headers, body: bytes }),
          reject,
        );
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  async function handle(
    once: () => Promise<Answer>,
    fate: Fate,
    body: Buffer,
    response: ServerResponse,
  ): Promise<'cut' | undefined> {
    switch (fate.do) {
      case 'pass':
        if (fate.afterMs) await pause(fate.afterMs);
        reply(response, await once());
        return undefined;
      case 'lose':
        return 'cut';
      case 'straggle':
        void pause(fate.afterMs).then(() => once().catch(() => {}));
        return 'cut';
      case 'lose answer':
        await once();
        return 'cut';
      case 'cut answer short': {
        const { status, headers, body: whole } = await once();
        const half = whole.subarray(0, Math.ceil(whole.length / 2));
        if (fate.fits) {
          reply(response, { status, headers, body: half });
          return undefined;
        }
        response.writeHead(status, { ...headers, 'content-length': String(whole.length + 1) });
        response.write(half, () => response.destroy());
        return undefined;
      }
      case 'hang':
        await pause(fate.forMs);
        return 'cut';
      case 'send twice': {
        const answers = [await once(), await once()];
        reply(response, answers[fate.answer === 'first' ? 0 : 1] as Answer);
        return undefined;
      }
      case 'refuse':
        reply(response, { status: fate.status, headers: jsonHeaders, body: Buffer.from(fate.body) });
        return undefined;
      case 'leave undone': {
        const { RequestItems } = JSON.parse(body.toString()) as { RequestItems: unknown };
        const left = { Responses: {}, UnprocessedKeys: RequestItems, UnprocessedItems: RequestItems };
        reply(response, { status: 200, headers: jsonHeaders, body: Buffer.from(JSON.stringify(left)) });
        return undefined;
      }
    }
  }

  function reply(response: ServerResponse, { status, headers, body }: Answer): void {
    if (isCut) return void response.destroy();
    const { 'transfer-encoding': _chunked, connection: _connection, ...kept } = headers;
    response.writeHead(status, { ...kept, 'content-length': String(body.length) });
    response.end(body);
  }

  const server = createServer((request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    const operation = String(headers['x-amz-target'] ?? method)
      .split('.')
      .at(-1) as string;
    void collect(request)
      .then((body) => {
        if (isCut) return 'cut';
        const fate = fateOf({ operation });
        counts[fate.do] = (counts[fate.do] ?? 0) + 1;
        return handle(() => forward(method, url, headers, body), fate, body, response);
      })
      .catch(() => 'cut')
      .then((end) => {
        if (end === 'cut') request.socket.destroy();
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    cut() {
      isCut = true;
      server.closeAllConnections();
    },
    mend() {
      isCut = false;
    },
    close: () =>
      new Promise((resolve) => {
        isCut = true;
        server.close(() => resolve());
        server.closeAllConnections();
        agent.destroy();
      }),
  };
}

const jsonHeaders = { 'content-type': 'application/x-amz-json-1.0' };

async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}
