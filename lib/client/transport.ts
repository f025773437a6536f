/**
 * Requests over `fetch`. Owns the address, the token, time limits and repetition: every verb of the API is safe to
 * repeat, since those that create something carry a key.
 */
import { Fault } from '../kernel/faults.ts';
import { faultOf, isProblem, readJson } from './answers.ts';
import type { Sign } from './sign-request.ts';

export interface RetryOptions {
  /** How often a request is sent at most. Default 4. */
  attempts: number;
  /** The pause before the second attempt, in ms; it doubles. Default 100. */
  firstDelayMs: number;
  /** The longest pause of its own, in ms. Default 5 s. */
  maxDelayMs: number;
  /** The longest pause that a server may ask for (`Retry-After`), in ms; less is waited if it asks for more. Default 30 s. */
  maxRetryAfterMs: number;
}

export interface TransportOptions {
  url: string;
  token: string | undefined;
  /** In place of a token. */
  sign: Sign | undefined;
  fetch: typeof globalThis.fetch;
  retry: RetryOptions;
  /** For one attempt of one request, in ms. */
  timeoutMs: number;
}

export interface Call {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  query?: Record<string, string | number | undefined>;
  headers?: Record<string, string>;
  body?: unknown;
  /** In place of `body`: sent as it is. */
  document?: { text: string; mediaType: string };
}

interface Answered {
  value: unknown;
  status: number;
  /** Whether an earlier attempt may have been carried out, its answer lost. */
  repeated: boolean;
}

/** Which answers other than 2xx are no failures. */
type Expectation = (answer: Response) => boolean;

export interface Transport {
  /** The answer to a call, tried several times. */
  call(call: Call, expects?: Expectation): Promise<Answered>;
  /** One attempt; the caller reads the body. Throws `Unreachable` where trying again may help. */
  open(call: Call, signal: AbortSignal, expects?: Expectation): Promise<Response>;
  /** How long to wait after an attempt, counted from 1. `askedForMs`: what the server asks for. */
  delayMs(attempt: number, askedForMs?: number): number;
  readonly url: string;
}

/** It may work later: nothing answered, or something that is not ready. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  readonly fault: Fault;
  readonly afterMs: number;

  constructor(fault: Fault, afterMs = 0) {
    super(fault.message);
    this.fault = fault;
    this.afterMs = afterMs;
  }
}

/** Throws `Fault` invalid_input. */
export function assertAddress(url: string): void {
  if (/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) return;
  throw new Fault('invalid_input', `'${url}' is no address of a server: write it like http://127.0.0.1:8787`);
}

export function createTransport(options: TransportOptions): Transport {
  const { token, sign, retry, timeoutMs } = options;
  const authentication = token !== undefined ? 'token' : sign === undefined ? 'nothing' : 'signature';
  const url = options.url.replace(/\/+$/, '');

  const send = async (call: Call, signal: AbortSignal): Promise<Response> => {
    const { method, path, query = {}, headers = {} } = call;
    const body = bodyText(call);
    const target = `${url}${path}${queryText(query)}`;
    const unsigned = {
      ...(body !== undefined && { 'Content-Type': call.document?.mediaType ?? 'application/json' }),
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...headers,
    };
    const signed = sign === undefined ? unsigned : await sign({ method, url: target, headers: unsigned, body });
    try {
      return await options.fetch(target, {
        method,
        headers: signed,
        ...(body !== undefined && { body }),
        signal,
      });
    } catch (cause) {
      throw new Unreachable(unreachable(url, cause));
    }
  };
  const open: Transport['open'] = async (call, signal, expects = () => false) => {
    const answer = await send(call, signal);
    if (answer.ok || expects(answer)) return answer;
    const fault = await faultOf(answer, url, authentication);
    throw isWorthRepeating(answer) ? new Unreachable(fault, retryAfterMs(answer)) : fault;
  };
  const delayMs = (attempt: number, askedForMs = 0) => {
    const backoffMs = retry.firstDelayMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
    // Not all at once, if it has asked others, too.
    const asked = Math.min(retry.maxRetryAfterMs, askedForMs) * (1 + Math.random() / 4);
    return Math.max(asked, Math.min(retry.maxDelayMs, backoffMs));
  };

  return {
    url,
    open,
    delayMs,
    async call(call, expects) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          const answer = await open(call, AbortSignal.timeout(timeoutMs), expects);
          const value = answer.status === 204 ? undefined : await bodyOf(answer, url);
          return { value, status: answer.status, repeated: attempt > 1 };
        } catch (error) {
          if (!(error instanceof Unreachable)) throw error;
          if (attempt >= retry.attempts) throw error.fault;
          await pause(delayMs(attempt, error.afterMs));
        }
      }
    },
  };
}

/** One path segment, or one part of a query: all is escaped that a signature could be made over in two ways. */
export function escaped(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function queryText(query: NonNullable<Call['query']>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return given.map(([name, value], at) => `${at === 0 ? '?' : '&'}${escaped(name)}=${escaped(String(value))}`).join('');
}

function bodyText({ body, document }: Call): string | undefined {
  if (document !== undefined) return document.text;
  try {
    return JSON.stringify(body);
  } catch (cause) {
    throw new Fault('invalid_input', `JSON cannot hold this: ${(cause as Error).message}`, { cause });
  }
}

/** Resolves after a while, or at once when the signal aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}

async function bodyOf(answer: Response, url: string): Promise<unknown> {
  try {
    return await readJson(answer, url);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Unreachable(unreachable(url, error));
  }
}

function unreachable(url: string, cause: unknown): Fault {
  return new Fault(
    'unavailable',
    `Pawl cannot be reached at ${url} (${reasonOf(cause)}): start it there with "pawl dev" or "pawl serve", or correct the address`,
    { cause },
  );
}

/** Node says "fetch failed" and keeps the reason, or several, below. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0]);
  return cause.cause === undefined ? cause.message : reasonOf(cause.cause);
}

/** A 500 of Pawl is there to stay, one of a gateway is a function that did not get to answer. */
function isWorthRepeating({ status, headers }: Response): boolean {
  if (status === 500) return headers.has('apigw-requestid') && !isProblem(headers);
  return status === 429 || status === 502 || status === 503 || status === 504;
}

/** A gateway that lets too much through no more does not say when it will again; its buckets fill each second. */
const busyMs = 1_000;

/** Seconds, or a date. */
function retryAfterMs({ status, headers }: Response): number {
  const text = headers.get('retry-after');
  if (text === null) return status === 429 ? busyMs : 0;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}
