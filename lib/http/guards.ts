/**
 * Who may ask. A server on 127.0.0.1 is reachable by every web page that its user opens: a page of another origin is
 * refused by its Origin, one that had its own name point here (DNS rebinding) by its Host.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isLoopback } from './loopback.ts';
import { HttpProblem } from './problems.ts';

export type AllowedHosts = 'any' | readonly string[];

export interface HostRule {
  /** What the operator says; `undefined`: loopback names where only this machine can or should ask, else any. */
  allowedHosts: AllowedHosts | undefined;
  hasToken: boolean;
  /** The address at which the connection arrived, where that is known. */
  localAddress: string | undefined;
}

export function requireAllowedHost(url: URL, { allowedHosts, hasToken, localAddress }: HostRule): void {
  const isForThisMachine = !hasToken || (localAddress !== undefined && isLoopback(localAddress));
  const isAllowed =
    allowedHosts === undefined
      ? !isForThisMachine || isLoopback(url.hostname)
      : allowedHosts === 'any' || allowedHosts.includes(url.hostname);
  if (isAllowed) return;
  throw new HttpProblem(
    'forbidden',
    `The server does not go by the name ${url.hostname}: list it in allowedHosts if it should`,
  );
}

export function requireSameOrigin(url: URL, origin: string | undefined): void {
  if (origin === undefined) return;
  // The scheme is left out: behind a proxy that ends TLS it differs.
  if (URL.canParse(origin) && new URL(origin).host === url.host) return;
  throw new HttpProblem('forbidden', `Requests of web pages from ${origin} are refused`);
}

export type Credentials = 'valid' | 'missing' | 'wrong';

export function createTokenCheck(token: string | undefined): (authorization: string | undefined) => Credentials {
  if (token === undefined) return () => 'valid';
  const expected = digest(token);
  return (authorization) => {
    const given = /^Bearer +(.+)$/i.exec(authorization ?? '')?.[1];
    if (given === undefined) return 'missing';
    return timingSafeEqual(digest(given.trim()), expected) ? 'valid' : 'wrong';
  };
}

export function requireToken(credentials: Credentials): void {
  if (credentials === 'valid') return;
  const detail =
    credentials === 'missing'
      ? 'Send the server’s token: Authorization: Bearer <token>'
      : 'The token is not the server’s';
  const reason = credentials === 'wrong' ? ', error="invalid_token"' : '';
  throw new HttpProblem('unauthorized', detail, { 'WWW-Authenticate': `Bearer realm="pawl"${reason}` });
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
