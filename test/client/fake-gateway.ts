import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { createLambdaHttpHandler } from '../../lib/http/api-gateway.ts';
import { createHttpApp, type HttpAppOptions } from '../../lib/http/app.ts';
import { createFakeApi, type FakeApi } from '../http/fake-api.ts';

export const region = 'eu-central-1';
export const gatewayHost = `abc123.execute-api.${region}.amazonaws.com`;
export const ada = { accessKeyId: 'AKIDADA', secretAccessKey: 'ada/secret+key', sessionToken: 'ada=session/token+' };
const adaArn = 'arn:aws:iam::1:user/ada';

export interface FakeGateway {
  api: FakeApi;
  url: string;
  /** Requests that came, as they were sent: method and target. */
  sent: string[];
  /** `fetch` for the gateway's own name. */
  fetch: typeof globalThis.fetch;
  /** The next requests are answered so, and reach nobody. */
  answer(...answers: { status: number; body: unknown; headers?: Record<string, string> }[]): void;
  close(): Promise<void>;
}

export interface FakeGatewayOptions extends Partial<HttpAppOptions> {
  service?: string;
  /** Without: as an HTTP API does it, the path is decoded twice. */
  keepsPath?: boolean;
}

/** An API Gateway with the app behind it: it checks signatures and bearer tokens by itself, from what was sent. */
export async function createFakeGateway(options: FakeGatewayOptions = {}): Promise<FakeGateway> {
  const { service = 'execute-api', keepsPath = false, ...appOptions } = options;
  const api = createFakeApi();
  const app = createHttpApp({ api, behindGateway: true, streams: { waitMs: 60_000 }, ...appOptions });
  const handle = createLambdaHttpHandler(app);
  const sent: string[] = [];
  const prepared: Parameters<FakeGateway['answer']> = [];

  async function take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    sent.push(`${incoming.method} ${incoming.url}`);
    const ready = prepared.shift();
    if (ready !== undefined) return reply(response, ready.status, ready.body, ready.headers);
    const isOpen = incoming.url?.startsWith('/v1/callbacks/');
    const who = isOpen ? { authorizer: undefined } : whoAsks(incoming, body, service);
    if ('refusal' in who) return reply(response, who.status, { message: who.refusal });
    const result = await handle(eventOf(incoming, body, who.authorizer, keepsPath));
    response.writeHead(result.statusCode ?? 200, result.headers as Record<string, string>);
    response.end(Buffer.from(result.body ?? '', result.isBase64Encoded ? 'base64' : 'utf8'));
  }

  const server = createServer((incoming, response) => void take(incoming, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    api,
    url: `http://127.0.0.1:${port}`,
    sent,
    fetch: (input, init) => fetchAt(port, new Request(input, init)),
    answer: (...answers) => void prepared.push(...answers),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function reply(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Apigw-Requestid': 'r=', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

function eventOf(
  { method, url = '', headers }: IncomingMessage,
  body: Buffer,
  authorizer: unknown,
  keepsPath: boolean,
): APIGatewayProxyEventV2 {
  const [path = '', rawQueryString = ''] = url.split('?');
  const domainName = keepsPath ? `abc123.lambda-url.${region}.on.aws` : gatewayHost;
  return {
    version: '2.0',
    rawPath: keepsPath ? path : (decodeURIComponent(decodeURIComponent(path)).split('?')[0] ?? ''),
    rawQueryString,
    headers,
    ...(body.length > 0 && { body: body.toString('base64') }),
    isBase64Encoded: true,
    requestContext: { domainName, stage: '$default', http: { method, path }, authorizer },
  } as unknown as APIGatewayProxyEventV2;
}

type Who = { authorizer: unknown } | { refusal: string; status: number };

function whoAsks(incoming: IncomingMessage, body: Buffer, service: string): Who {
  const { authorization = '' } = incoming.headers;
  if (authorization === 'Bearer good') return { authorizer: { jwt: { claims: { sub: 'ada' }, scopes: null } } };
  if (authorization.startsWith('Bearer ')) return { status: 401, refusal: 'Unauthorized' };
  if (authorization === '') return { status: 403, refusal: 'Forbidden' };
  const refusal = signatureProblem(incoming, body, authorization, service);
  if (refusal !== undefined) return { status: 403, refusal };
  return { authorizer: { iam: { userArn: adaArn, accountId: '1' } } };
}

/** Signature Version 4, worked out anew from the request as it came, by the letter of its documentation. */
function signatureProblem(
  { method, url = '', headers }: IncomingMessage,
  body: Buffer,
  authorization: string,
  service: string,
): string | undefined {
  const [, key, day, scopeRegion, scopeService, list = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=(\w+)\/(\d{8})\/([\w-]+)\/([\w-]+)\/aws4_request, SignedHeaders=([\w;-]+), Signature=([0-9a-f]{64})$/.exec(
      authorization,
    ) ?? [];
  if (key !== ada.accessKeyId || headers['x-amz-security-token'] !== ada.sessionToken) {
    return 'The security token included in the request is invalid.';
  }
  if (scopeRegion !== region) return `Credential should be scoped to a valid region.`;
  if (scopeService !== service) return `Credential should be scoped to correct service: '${service}'.`;
  const date = String(headers['x-amz-date']);
  const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (Math.abs(Date.now() - at) > 300_000) return `Signature expired: ${date} is now earlier than five minutes ago`;
  const names = list.split(';');
  const required = ['host', 'x-amz-date', 'x-amz-security-token', ...(body.length > 0 ? ['content-type'] : [])];
  const isComplete = required.every((name) => names.includes(name));
  const [path = '', query = ''] = url.split('?');
  const canonical = [
    method,
    path.split('/').map(escaped).join('/'),
    canonicalQuery(query),
    ...names.map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, ' ')}`),
    '',
    list,
    hashOf(body),
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', date, scope, hashOf(Buffer.from(canonical))].join('\n');
  const signing = [day ?? '', region, service, 'aws4_request'].reduce<Buffer | string>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${ada.secretAccessKey}`,
  );
  const expected = createHmac('sha256', signing).update(text).digest('hex');
  if (isComplete && expected === signature) return undefined;
  return 'The request signature we calculated does not match the signature you provided.';
}

function canonicalQuery(query: string): string {
  const pairs = query === '' ? [] : query.split('&').map((pair) => pair.split('=').map(decodeURIComponent));
  return pairs
    .map(([name = '', value = '']) => `${escaped(name)}=${escaped(value)}`)
    .sort()
    .join('&');
}

function escaped(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** As `fetch`, but the name in the address need not lead here. */
async function fetchAt(port: number, wanted: Request): Promise<Response> {
  const { host, pathname, search } = new URL(wanted.url);
  const body = Buffer.from(await wanted.arrayBuffer());
  return new Promise((resolve, reject) => {
    const asking = request(
      {
        host: '127.0.0.1',
        port,
        method: wanted.method,
        path: `${pathname}${search}`,
        headers: { ...Object.fromEntries(wanted.headers), host },
        signal: wanted.signal,
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const headers = Object.entries(incoming.headers).map(([name, value]): [string, string] => [
            name,
            String(value),
          ]);
          const status = incoming.statusCode ?? 0;
          resolve(new Response(status === 204 ? null : Buffer.concat(chunks), { status, headers }));
        });
      },
    );
    asking.on('error', reject);
    asking.end(body);
  });
}
