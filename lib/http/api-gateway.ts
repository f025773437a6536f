/**
 * Behind an HTTP API of API Gateway, or a function URL: events (payload format 2.0) as requests, responses as results.
 * Owns what those two do to a request on its way. A function URL hands the path on as it was sent. An HTTP API decodes
 * it, twice: what was a `?` behind `%3F` and all that followed is lost, an encoded `/` looks like any other, and a `%25`
 * may be refused before it comes here. So what a path cannot carry safely has a place in the body.
 */
import { isUtf8 } from 'node:buffer';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { Fault } from '../kernel/faults.ts';
import type { HttpApp } from './app.ts';
import { invalidInput, problemResponse } from './problems.ts';

/** What a function may return to its caller, as JSON, in bytes. */
const resultBytes = 6 * 1024 * 1024;

/** Answers events with the app. Whoever asks is told by the gateway: an IAM principal, or the subject of a JWT. */
export function createLambdaHttpHandler(
  app: HttpApp,
): (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2> {
  return async (event) => {
    let request: Request;
    try {
      request = requestOf(event);
    } catch (error) {
      return resultOf(problemResponse(error, undefined));
    }
    const actor = actorOf(event.requestContext);
    return resultOf(await app.fetch(request, actor === undefined ? {} : { actor }));
  };
}

/** Throws `Fault` invalid_input for what is no such event. Cookies are left out. */
export function requestOf(event: APIGatewayProxyEventV2): Request {
  const method: unknown = event?.requestContext?.http?.method;
  if (event?.version !== '2.0' || typeof event.rawPath !== 'string' || typeof method !== 'string') {
    throw invalidInput(
      'The event is none of API Gateway with payload format 2.0, or of a function URL: check the integration',
    );
  }
  try {
    const hasBody = event.body !== undefined && event.body !== null && method !== 'GET' && method !== 'HEAD';
    return new Request(urlOf(event), {
      method,
      headers: headersOf(event),
      ...(hasBody && { body: event.isBase64Encoded ? Buffer.from(event.body ?? '', 'base64') : (event.body ?? '') }),
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('invalid_input', `The request cannot be read: ${why}`, { cause });
  }
}

function urlOf({ rawPath, rawQueryString = '', headers = {}, requestContext }: APIGatewayProxyEventV2): string {
  const { domainName, stage } = requestContext;
  const isSent = /\.lambda-url\.[\w-]+\.on\./.test(domainName ?? '');
  const path = withoutStage(rawPath, stage);
  const sent = isSent ? path.replace(/[?#]/g, encodeURIComponent) : path.split('/').map(encodeURIComponent).join('/');
  const search = rawQueryString === '' ? '' : `?${rawQueryString.replaceAll('#', '%23')}`;
  return `https://${headers.host ?? domainName}${sent}${search}`;
}

function withoutStage(path: string, stage: string | undefined): string {
  const prefix = `/${stage}`;
  if (stage === undefined || stage === '$default') return path;
  if (path === prefix) return '/';
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
}

/** What the gateway has answered for, or counts anew. */
const leftOut = new Set(['cookie', 'content-length', 'transfer-encoding', 'connection']);

function headersOf({ headers = {} }: APIGatewayProxyEventV2): Headers {
  const kept = Object.entries(headers).filter(
    (header): header is [string, string] => typeof header[1] === 'string' && !leftOut.has(header[0].toLowerCase()),
  );
  // Node shows a header's bytes as one character each, and takes them in no other form.
  return new Headers(kept.map(([name, value]) => [name, Buffer.from(value).toString('latin1')]));
}

/** An answer that is too long for a function becomes a problem that says so. */
export async function resultOf(response: Response): Promise<APIGatewayProxyStructuredResultV2> {
  const body = Buffer.from(await response.arrayBuffer());
  const isText = isUtf8(body) && !response.headers.has('content-encoding');
  const headers = Object.fromEntries([...response.headers].filter(([name]) => name !== 'set-cookie' && !isOfHop(name)));
  const cookies = response.headers.getSetCookie();
  const result: APIGatewayProxyStructuredResultV2 = {
    statusCode: response.status,
    headers,
    ...(cookies.length > 0 && { cookies }),
    body: body.toString(isText ? 'utf8' : 'base64'),
    isBase64Encoded: !isText,
  };
  if (Buffer.byteLength(JSON.stringify(result)) <= resultBytes) return result;
  const fault = new Fault(
    'too_large',
    `The answer is longer than a function can return (${resultBytes} bytes): ask for less at a time`,
  );
  return resultOf(problemResponse(fault, undefined));
}

function isOfHop(header: string): boolean {
  return header === 'transfer-encoding' || header === 'connection';
}

/** The ARN of an IAM principal, or a JWT's subject; `undefined` where the gateway asked nobody who they are. */
export function actorOf(context: APIGatewayProxyEventV2['requestContext'] | undefined): string | undefined {
  const { authorizer } = (context ?? {}) as { authorizer?: Authorizer };
  const { iam, jwt } = authorizer ?? {};
  return [iam?.userArn, jwt?.claims?.sub, jwt?.claims?.client_id].find(
    (name): name is string => typeof name === 'string' && name !== '',
  );
}

interface Authorizer {
  iam?: { userArn?: unknown } | null;
  jwt?: { claims?: { [claim: string]: unknown } | null } | null;
}
