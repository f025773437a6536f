import { lookup as systemLookup } from 'node:dns';
import * as http from 'node:http';
import * as https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress } from './addresses.ts';
import { ExecutorError } from './executor-error.ts';
import type { ExecutorAttempt, HttpAnswer, HttpExecutor, HttpRequest } from './executors.ts';
import { createHostRules, type HostLists } from './hosts.ts';
import { type Exchange, followRedirect } from './redirects.ts';
import { readBody, toBody } from './response-body.ts';

export interface HttpSettings extends HostLists {
  /** Of an attempt, where the task gives none, in ms. Default 30 s. */
  timeoutMs?: number;
  /** The longest body of a request, in bytes of JSON. Default 6 MiB. */
  maxRequestBytes?: number;
  /** How many redirects are followed. Default 5. */
  maxRedirects?: number;
  /** How names become addresses. Default: as the operating system does. */
  lookup?: typeof systemLookup;
}

type Lookup = typeof systemLookup;

const defaultTimeoutMs = 30_000;
const defaultMaxRequestBytes = 6 * 1024 * 1024;
const defaultMaxRedirects = 5;

/**
 * Requests to hosts that were allowed, and to no others.
 *
 * Invariants:
 *  1. Each URL, the first and that of every redirect, is checked against the lists before anything is sent.
 *  2. The addresses of a name are checked where the socket gets them, so what was checked is what is connected to.
 *  3. No response is held in memory beyond the task's limit.
 */
export function createHttpExecutor(settings: HttpSettings = {}): HttpExecutor {
  const {
    timeoutMs = defaultTimeoutMs,
    maxRequestBytes = defaultMaxRequestBytes,
    maxRedirects = defaultMaxRedirects,
    lookup = systemLookup,
  } = settings;
  const ruleOf = createHostRules(settings);

  async function exchange(sending: Exchange, attempt: ExecutorAttempt): Promise<http.IncomingMessage> {
    const url = sending.url;
    const rule = ruleOf(url);
    if (rule === undefined) throw hostRefused(url);
    const literal = url.hostname.replace(/^\[|\]$/g, '');
    if (rule === 'public' && isIP(literal) !== 0 && !isPublicAddress(literal)) throw addressRefused(url, literal);
    return send(sending, rule === 'public' ? publicLookup(lookup, url) : plainLookup(lookup), attempt.signal);
  }

  return {
    timeoutMs,
    offers: (url) => URL.canParse(url) && ruleOf(new URL(url)) !== undefined,
    async send(request, attempt) {
      let sending = toExchange(request, attempt, maxRequestBytes);
      for (let redirects = 0; ; redirects += 1) {
        const response = await exchange(sending, attempt);
        const next = followRedirect(sending, response);
        if (next === undefined) return answerOf(sending, response, request.maxResponseBytes);
        response.destroy();
        if (redirects === maxRedirects) {
          throw new ExecutorError('RedirectError', `${sending.url.origin} redirected more than ${maxRedirects} times`, {
            retryable: false,
          });
        }
        sending = next;
      }
    },
  };
}

/** They belong to the connection, or follow from the URL and the body. */
const ownHeaders = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

function toExchange(request: HttpRequest, { idempotencyToken }: ExecutorAttempt, maxBytes: number): Exchange {
  const url = URL.canParse(request.url) ? new URL(request.url) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new ExecutorError('InvalidRequestError', `'${request.url}' is not an http or https URL`, {
      retryable: false,
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new ExecutorError('InvalidRequestError', 'A URL with a password in it is refused: use a header', {
      retryable: false,
    });
  }
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const body = request.body === undefined || isRead ? undefined : JSON.stringify(request.body);
  const bytes = body === undefined ? 0 : Buffer.byteLength(body);
  if (bytes > maxBytes) {
    throw new ExecutorError('InvalidRequestError', `The body has ${bytes} bytes; the limit is ${maxBytes}`, {
      retryable: false,
    });
  }
  const headers: Record<string, string> = {
    accept: 'application/json, */*',
    'accept-encoding': 'identity',
    'user-agent': 'pawl',
  };
  if (!isRead) headers['idempotency-key'] = idempotencyToken;
  if (body !== undefined) headers['content-type'] = 'application/json';
  for (const [name, value] of Object.entries(request.headers)) {
    const header = name.toLowerCase();
    if (ownHeaders.has(header)) {
      throw new ExecutorError('InvalidRequestError', `The header '${name}' is not the task's to set`, {
        retryable: false,
      });
    }
    headers[header] = value;
  }
  return { url, method: request.method, headers, body };
}

/** One request on the wire; resolves with the response's head. */
function send(
  { url, method, headers, body }: Exchange,
  lookup: LookupFunction,
  signal: AbortSignal,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { request } = url.protocol === 'https:' ? https : http;
    try {
      const sent = request(url, { method, headers: withLength(headers, body), lookup, signal, agent: false }, resolve);
      sent.on('error', (error) => reject(asNetworkError(error, url)));
      sent.end(body);
    } catch (error) {
      // A header that no header can be.
      reject(new ExecutorError('InvalidRequestError', (error as Error).message, { retryable: false }));
    }
  });
}

function withLength(headers: Record<string, string>, body: string | undefined): Record<string, string> {
  return body === undefined ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) };
}

async function answerOf(
  { url, method }: Exchange,
  response: http.IncomingMessage,
  maxBytes: number,
): Promise<HttpAnswer> {
  const status = response.statusCode ?? 0;
  const bytes = await readBody(response, method === 'HEAD' ? 0 : maxBytes, url);
  const headers = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : `${value}`,
    ]),
  );
  const body = toBody(bytes, headers['content-type'], status, url);
  if (status >= 400) throw httpError(url, method, { status, headers, body });
  return { status, headers, body };
}

const excerptChars = 2_000;

/** 429 and what says that the other side is at fault are worth another attempt. */
function httpError(url: URL, method: string, { status, body }: HttpAnswer): ExecutorError {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const excerpt = text.length > excerptChars ? `${text.slice(0, excerptChars)}…` : body;
  return new ExecutorError('HttpError', `${method} ${url.origin}${url.pathname} was answered with status ${status}`, {
    retryable: status >= 500 || status === 429,
    code: String(status),
    details: { status, body: excerpt },
  });
}

function asNetworkError(error: Error, url: URL): Error {
  if (error instanceof ExecutorError || error.name === 'AbortError') return error;
  return new ExecutorError('NetworkError', `${url.origin} cannot be reached: ${error.message || error.name}`, {
    retryable: true,
    cause: error,
  });
}

function hostRefused(url: URL): ExecutorError {
  return new ExecutorError(
    'HostNotAllowedError',
    `Requests to ${url.host} (${url.protocol.slice(0, -1)}) are not allowed here: the host has to be in the executor's list`,
    { retryable: false },
  );
}

function addressRefused(url: URL, address: string): ExecutorError {
  return new ExecutorError(
    'HostNotAllowedError',
    `${url.hostname} has the address ${address}, which is not a public one; such a host has to be in the executor's list of private hosts`,
    { retryable: false },
  );
}

/** Resolves a name for a socket, and refuses it if any of its addresses is not public. */
function publicLookup(lookup: Lookup, url: URL): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const refused = error ? undefined : addresses.find(({ address }) => !isPublicAddress(address));
      const failed = error ?? (refused && addressRefused(url, refused.address));
      const [first] = addresses ?? [];
      if (failed || !first) callback(failed ?? new Error(`${hostname} has no address`), '', 0);
      else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function plainLookup(lookup: Lookup): LookupFunction {
  return (hostname, options, callback) => lookup(hostname, options, callback);
}
