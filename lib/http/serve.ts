import { setMaxListeners } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { Fault } from '../kernel/faults.ts';
import type { HttpApp } from './app.ts';
import { defaultHttpLimits, type HttpLimits } from './contract/limits.ts';
import { isLoopback } from './loopback.ts';

export interface ServeOptions {
  app: HttpApp;
  /** Default: 127.0.0.1. Anything beyond loopback needs an app with a token. */
  host?: string;
  /** Default: 8787. 0: any that is free. */
  port?: number;
  /** How long `close` lets requests end by themselves, in ms. Default: 10 s. */
  graceMs?: number;
  limits?: Partial<Pick<HttpLimits, 'connections' | 'idleMs'>>;
}

export interface HttpServer {
  readonly url: string;
  /** Takes no more requests, ends streams, and lets the other requests end within the grace period. */
  close(): Promise<void>;
}

const defaultGraceMs = 10_000;

export async function serveHttp(options: ServeOptions): Promise<HttpServer> {
  const { app, host = '127.0.0.1', port = 8787, graceMs = defaultGraceMs } = options;
  if (!app.hasToken && !isLoopback(host)) {
    throw new Fault(
      'unauthorized',
      `Listening on ${host} lets others on the network start and cancel runs: set a token (PAWL_TOKEN), or listen on 127.0.0.1`,
    );
  }
  const closing = new AbortController();
  // Each stream listens to it.
  setMaxListeners(0, closing.signal);
  const server = createAdaptorServer({
    fetch: (request, env) => app.fetch(request, { ...env, closing: closing.signal }),
    overrideGlobalObjects: false,
  }) as Server;
  const { connections, idleMs } = { ...defaultHttpLimits, ...options.limits };
  server.maxConnections = connections;
  server.timeout = idleMs;
  // A client that opens a new connection for each burst waits for it to be taken: let it keep those it has …
  server.keepAliveTimeout = idleMs;
  // … as long as there is room for others.
  server.on('drop', () => server.closeIdleConnections());
  // A kept-alive connection becomes idle after its answer, and would hold the closing server open.
  server.on('request', (_request, answer) => {
    answer.once('close', () => {
      if (closing.signal.aborted) setImmediate(() => server.closeIdleConnections());
    });
  });
  await listen(server, host, port, connections);
  const { port: actualPort } = server.address() as AddressInfo;

  let closed: Promise<void> | undefined;
  return {
    url: `http://${urlHost(host)}:${actualPort}`,
    close() {
      closed ??= closeWithin(server, closing, graceMs);
      return closed;
    },
  };
}

/**
 * As many may come at once as may be there: of connections that the system does not hold until they are taken, it loses
 * the first packet, and their clients try again after seconds.
 */
function listen(server: Server, host: string, port: number, backlog: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => reject(listenFault(error, host, port));
    server.once('error', failed);
    server.listen({ port, host, backlog }, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

function listenFault(cause: NodeJS.ErrnoException, host: string, port: number): Fault {
  switch (cause.code) {
    case 'EADDRINUSE':
      return new Fault(
        'conflict',
        `Port ${port} on ${host} is in use: stop what listens there, or choose another port`,
        {
          cause,
        },
      );
    case 'EACCES':
      return new Fault('invalid_input', `Listening on port ${port} is not permitted: choose one from 1024 up`, {
        cause,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new Fault('invalid_input', `${host} is no address of this machine`, { cause });
    default:
      return new Fault('unavailable', `Listening on ${host}:${port} failed: ${cause.message}`, { cause });
  }
}

function closeWithin(server: Server, closing: AbortController, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const impatience = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(impatience);
      resolve();
    });
    closing.abort();
    server.closeIdleConnections();
  });
}

function urlHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
