import { Fault, isFault, type Problem } from '../kernel/faults.ts';
import { type ProblemCode, type ProblemDetails, problemKinds, problemType } from './contract/problem.ts';

/** What is wrong with a request in ways that only HTTP knows. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly code: ProblemCode;
  readonly headers: Record<string, string>;

  constructor(code: ProblemCode, detail: string, headers: Record<string, string> = {}) {
    super(detail);
    this.code = code;
    this.headers = headers;
  }
}

export interface Logger {
  error(message: string, fields?: Record<string, unknown>): void;
}

/** Any error as problem details. What nobody foresaw, or only Pawl's keepers can mend, is told by a reference into the log. */
export function describeError(error: unknown, logger: Logger | undefined): ProblemDetails {
  if (error instanceof HttpProblem) return problemDetails(error.code, error.message);
  if (isFault(error) && error.code !== 'refused') {
    const problem = problemDetails(error.code, error.message, error.problems);
    if (problem.status >= 500) logger?.error('a request failed', { code: error.code, error });
    return problem;
  }
  const instance = `urn:uuid:${crypto.randomUUID()}`;
  logger?.error('a request failed', { instance, error });
  // What a service says of permissions and names is for those who run Pawl.
  if (isFault(error))
    return { ...problemDetails(error.code, 'A service that Pawl needs refuses; the log says why.'), instance };
  return { ...problemDetails('internal', 'The server could not handle this request; its log says why.'), instance };
}

export function problemResponse(error: unknown, logger: Logger | undefined): Response {
  const problem = describeError(error, logger);
  const headers = new Headers(error instanceof HttpProblem ? error.headers : {});
  headers.set('Content-Type', 'application/problem+json');
  const retryAfterMs = isFault(error) ? error.retryAfterMs : undefined;
  if (problem.status === 503 || problem.status === 429) {
    headers.set('Retry-After', String(Math.ceil(Math.max(1_000, retryAfterMs ?? 0) / 1_000)));
  }
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}

export function invalidInput(detail: string, problems?: Problem[]): Fault {
  return new Fault('invalid_input', detail, problems ? { problems } : {});
}

function problemDetails(code: ProblemCode, detail: string, problems?: Problem[]): ProblemDetails {
  const { status, title } = problemKinds[code];
  return { type: problemType(code), title, status, detail, code, ...(problems && { problems }) };
}
