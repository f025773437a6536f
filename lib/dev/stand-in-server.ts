/** The HTTP side of a service's stand-in. On 127.0.0.1 only: nobody is asked for credentials. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Fault } from '../kernel/faults.ts';

export interface Question {
  method: string;
  /** As sent, still encoded. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Aborted when nobody waits for the answer any more. */
  signal: AbortSignal;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

export interface StandInServer {
  url: string;
  /** Cuts off whoever is still connected. */
  close(): Promise<void>;
}

export interface StandInServerOptions {
  /** 0: any free one. */
  port: number;
  /** The longest body of a question. */
  bodyBytes: number;
  tooLong: Answer;
  /** `undefined`: the connection is cut without an answer. */
  answer(question: Question): Promise<Answer | undefined>;
}

/** Services take any number; with Node's 511 the system drops the others, and they wait for minutes. */
export const connectionsAtOnce = 4_096;

/** Rejects with a `Fault` conflict where the port is taken. */
export async function startStandInServer(options: StandInServerOptions): Promise<StandInServer> {
  const server = createServer((request, response) => {
    respond(request, response, options).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(cause.code === 'EADDRINUSE' ? portInUse(options.port, cause) : cause),
    );
    server.listen({ port: options.port, host: '127.0.0.1', backlog: connectionsAtOnce }, resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { bodyBytes, tooLong, answer }: StandInServerOptions,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const body = await readBody(request, bodyBytes);
  if (body === undefined) {
    send(response, { ...tooLong, headers: { ...tooLong.headers, connection: 'close' } });
    return;
  }
  const { method = 'GET', headers, url = '/' } = request;
  const [path = '/', query = ''] = url.split(/\?(.*)/s, 2);
  const given = await answer({ method, path, query: new URLSearchParams(query), headers, body, signal: gone.signal });
  if (given === undefined) request.socket.destroy();
  else send(response, given);
}

function send(response: ServerResponse, { status, headers = {}, body = '' }: Answer): void {
  const length = status === 204 ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  response.writeHead(status, { ...length, ...headers });
  response.end(body);
}

/** `undefined`: it is too long. */
async function readBody(request: IncomingMessage, most: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > most) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function portInUse(port: number, cause: unknown): Fault {
  return new Fault('conflict', `Port ${port} is in use: stop what listens there, or choose another port`, { cause });
}
