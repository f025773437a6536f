import type { IncomingMessage } from 'node:http';
import { ExecutorError } from './executor-error.ts';

/** One request as it goes out. Names of headers are in lower case. */
export interface Exchange {
  url: URL;
  method: string;
  headers: Record<string, string>;
  body: string | undefined;
}

const redirects = new Set([301, 302, 303, 307, 308]);
/** Meant for the host that the author named, and for no other. */
const ownToHost = ['authorization', 'cookie', 'proxy-authorization', 'idempotency-key', 'host'];
const ofBody = ['content-type', 'content-length'];

/**
 * The request that a response asks for instead, as browsers do it (Fetch standard, HTTP-redirect fetch). `undefined`: it
 * is not a redirect. Throws `ExecutorError` RedirectError for a target that is none, or that gives up encryption.
 */
export function followRedirect(sent: Exchange, response: IncomingMessage): Exchange | undefined {
  const { statusCode: status = 0 } = response;
  const { location } = response.headers;
  if (!redirects.has(status) || location === undefined) return undefined;
  if (!URL.canParse(location, sent.url.href)) throw refused(sent, `to '${location}', which is not a URL`);
  const url = new URL(location, sent.url);
  if (url.protocol !== 'https:' && url.protocol !== sent.url.protocol) throw refused(sent, `to ${url.protocol}//`);
  if (url.username !== '' || url.password !== '') throw refused(sent, 'to a URL with a password in it');

  const isRead = sent.method === 'GET' || sent.method === 'HEAD';
  const becomesGet = !isRead && (status === 303 || ((status === 301 || status === 302) && sent.method === 'POST'));
  const dropped = new Set([
    ...(url.origin === sent.url.origin ? [] : ownToHost),
    ...(becomesGet ? [...ofBody, 'idempotency-key'] : []),
  ]);
  const headers = Object.fromEntries(Object.entries(sent.headers).filter(([name]) => !dropped.has(name)));
  if (becomesGet) return { url, method: 'GET', headers, body: undefined };
  return { url, method: sent.method, headers, body: sent.body };
}

function refused(sent: Exchange, where: string): ExecutorError {
  return new ExecutorError('RedirectError', `${sent.url.origin} redirects ${where}; that is refused`, {
    retryable: false,
  });
}
