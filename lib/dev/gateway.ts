/** API Gateway in front of the api function: HTTP requests become its events (payload format 2.0). On 127.0.0.1 only. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { Fault } from '../kernel/faults.ts';

export interface GatewayOptions {
  port: number;
  invoke(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2>;
  failed(error: unknown): void;
}

export interface Gateway {
  url: string;
  close(): Promise<void>;
}

/** API Gateway's own limit on a request's body, in bytes. */
const bodyBytes = 10 * 1024 * 1024;

export async function startGateway({ port, invoke, failed }: GatewayOptions): Promise<Gateway> {
  const server = createServer((request, response) => {
    answer(request, response, invoke).catch((error: unknown) => {
      failed(error);
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ message: 'Internal Server Error' }));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === 'EADDRINUSE'
          ? new Fault('conflict', `Port ${port} is in use: stop what listens there, or choose another port`, { cause })
          : cause,
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
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

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  invoke: GatewayOptions['invoke'],
): Promise<void> {
  const body = await readBody(request);
  if (body === undefined) {
    response.writeHead(413, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify({ message: 'Request Too Long' }));
    return;
  }
  const event = eventOf(request, body);
  if (event === undefined) {
    response.writeHead(400, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ message: 'Bad Request' }));
    return;
  }
  const result = await invoke(event);
  response.statusCode = result.statusCode ?? 200;
  for (const [name, value] of Object.entries(result.headers ?? {})) response.setHeader(name, String(value));
  response.end(Buffer.from(result.body ?? '', result.isBase64Encoded ? 'base64' : 'utf8'));
}

/** `undefined`: it is too long. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > bodyBytes) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
function eventOf(request: IncomingMessage, body: Buffer): APIGatewayProxyEventV2 | undefined {
  const [sentPath = '/', rawQueryString = ''] = (request.url ?? '/').split('?', 2);
  const rawPath = decodedPath(sentPath);
  if (rawPath === undefined) return undefined;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  const method = request.method ?? 'GET';
  const host = headers.host ?? '127.0.0.1';
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    headers,
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      domainName: host,
      domainPrefix: 'local',
      ...(!rawPath.startsWith('/v1/callbacks/') && { authorizer: whoever }),
      http: {
        method,
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: '',
      timeEpoch: 0,
    },
    ...(body.length > 0 && { body: body.toString('base64') }),
    isBase64Encoded: body.length > 0,
  };
}

/** Everybody on this machine is this user; callbacks alone are nobody's. */
const whoever = { iam: { accountId: '000000000000', userArn: 'arn:aws:iam::000000000000:user/local' } };

/** An HTTP API decodes a path twice, and what was a `?` ends it (decision 009). `undefined`: it refuses to. */
function decodedPath(path: string): string | undefined {
  try {
    return decodeURIComponent(decodeURIComponent(path)).split('?', 1)[0];
  } catch {
    return undefined;
  }
}
