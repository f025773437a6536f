/**
 * What an error looks like on the wire (RFC 9457), and the one map from codes to HTTP statuses. Used by the client too:
 * imports nothing but types.
 */
import type { FaultCode, Problem } from '../../kernel/faults.ts';

/** Faults, and what only HTTP knows. */
export type ProblemCode =
  | FaultCode
  | 'forbidden'
  | 'route_not_found'
  | 'method_not_allowed'
  | 'unsupported_media_type'
  | 'internal';

export interface ProblemDetails {
  /** A stable URI reference: `/problems/` and the code. */
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ProblemCode;
  problems?: Problem[];
  /** Of an internal error: what to look for in the server's log. */
  instance?: string;
}

export interface ProblemKind {
  status: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 429 | 500 | 503 | 507;
  title: string;
  /** What to do about it, for the documentation. */
  advice: string;
}

export const problemKinds: Readonly<Record<ProblemCode, ProblemKind>> = {
  invalid_input: {
    status: 400,
    title: 'The request does not fit',
    advice: 'Correct what `problems` names; the same request will be refused again.',
  },
  unauthorized: {
    status: 401,
    title: 'A valid token is required',
    advice: 'Send `Authorization: Bearer <token>` with the token of the server.',
  },
  forbidden: {
    status: 403,
    title: 'Not from here',
    advice: 'The request came from a web page of another origin, or for a host name that the server does not go by.',
  },
  not_found: {
    status: 404,
    title: 'There is no such thing',
    advice: 'No such run, workflow or callback, or its retention is over.',
  },
  route_not_found: { status: 404, title: 'There is no such route', advice: 'See `/openapi.json` for those there are.' },
  method_not_allowed: {
    status: 405,
    title: 'The route does not know this method',
    advice: 'The header `Allow` lists those it knows.',
  },
  conflict: {
    status: 409,
    title: 'It contradicts what is there',
    advice:
      'An idempotency key was used with another request, the run is in another state, or the workflow takes no new runs.',
  },
  settled: { status: 409, title: 'The run has ended', advice: 'Nothing reaches a run any more once it has ended.' },
  non_deterministic: {
    status: 409,
    title: 'The workflow does not replay its journal',
    advice: 'Deploy code that fits the run’s journal, or cancel the run.',
  },
  too_large: {
    status: 413,
    title: 'It is over a limit',
    advice: 'Make it smaller; large data belongs in a file store, with a reference in the run.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Bodies are JSON',
    advice: 'Send `Content-Type: application/json`; a workflow may be `application/yaml`, too.',
  },
  overloaded: {
    status: 429,
    title: 'Too much at once',
    advice: 'The server has as much as it can do. Send the same request again after `Retry-After` seconds.',
  },
  internal: {
    status: 500,
    title: 'Something went wrong inside',
    advice: 'Look for `instance` in the server’s log.',
  },
  corrupt: { status: 500, title: 'A stored record is damaged', advice: 'Restore it from a backup.' },
  newer_format: {
    status: 500,
    title: 'The data were written by a newer version',
    advice: 'Upgrade this server.',
  },
  refused: {
    status: 500,
    title: 'A service refuses what Pawl asks of it',
    advice:
      'Correct permissions or names of the deployment; look for `instance` in the log, which says what was refused.',
  },
  unavailable: { status: 503, title: 'Not available now', advice: 'Try again after a moment.' },
  closed: { status: 503, title: 'The server is closing', advice: 'Try again after a moment.' },
  storage_full: { status: 507, title: 'The storage is full', advice: 'Free space on the server.' },
};

export function isProblemCode(code: unknown): code is ProblemCode {
  return typeof code === 'string' && Object.hasOwn(problemKinds, code);
}

export function problemType(code: ProblemCode): string {
  return `/problems/${code.replaceAll('_', '-')}`;
}
