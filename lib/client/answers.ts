/** From what a server answers to values and faults. */
import { isProblemCode, type ProblemCode } from '../http/contract/problem.ts';
import { Fault, type FaultCode, type Problem } from '../kernel/faults.ts';
import { type Authentication, gatewayFault } from './gateway-faults.ts';

/** The JSON of an answer. An answer that is none comes from something else than Pawl. */
export async function readJson(answer: Response, url: string): Promise<unknown> {
  const text = await answer.text();
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Fault('unavailable', `${url} answered ${answer.status} with something that is no JSON: is Pawl there?`, {
      cause,
    });
  }
}

/** The fault that an answer other than 2xx tells. */
export async function faultOf(answer: Response, url: string, authentication: Authentication): Promise<Fault> {
  const { status, headers } = answer;
  const value: unknown = await answer.json().catch(() => undefined);
  const problem = isProblem(headers) ? asProblem(value, status) : undefined;
  if (problem !== undefined) return faultFromProblem(problem, url);
  const fault = gatewayFault({ status, headers, value }, url, authentication);
  if (fault !== undefined) return fault;
  const what = `${answer.status} ${answer.statusText}`.trim();
  return new Fault(codeOf(undefined, answer.status), `${url} answered ${what} without saying why: is Pawl there?`);
}

/** Whether an answer is Pawl's own word, as problem details. */
export function isProblem(headers: Headers): boolean {
  return /^application\/problem\+json\b/i.test(headers.get('content-type') ?? '');
}

interface ReadProblem {
  code: ProblemCode | undefined;
  status: number;
  detail: string;
  problems?: Problem[];
  instance?: string;
}

export function faultFromProblem({ code, status, detail, problems, instance }: ReadProblem, url: string): Fault {
  const message = [
    detail,
    code === 'route_not_found' && `at ${url}: is its version another?`,
    instance && `(${instance})`,
  ];
  return new Fault(codeOf(code, status), message.filter(Boolean).join(' '), problems ? { problems } : {});
}

/** `undefined` if the value is no problem details. */
export function asProblem(value: unknown, status: number): ReadProblem | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { code, detail, title, problems, instance } = value as Record<string, unknown>;
  const said = [detail, title].find((text) => typeof text === 'string');
  if (typeof said !== 'string') return undefined;
  return {
    code: isProblemCode(code) ? code : undefined,
    status,
    detail: said,
    ...(Array.isArray(problems) && { problems: problems as Problem[] }),
    ...(typeof instance === 'string' && { instance }),
  };
}

/** Of answers that say no more. */
const codeOfStatus: Partial<Record<number, FaultCode>> = {
  401: 'unauthorized',
  403: 'unauthorized',
  413: 'too_large',
  429: 'overloaded',
};

/** What only HTTP knows, as the nearest fault. */
function codeOf(code: ProblemCode | undefined, status: number): FaultCode {
  switch (code) {
    case 'forbidden':
      return 'unauthorized';
    case 'method_not_allowed':
    case 'unsupported_media_type':
      return 'invalid_input';
    case 'route_not_found':
    case 'internal':
      return 'unavailable';
    case undefined:
      return codeOfStatus[status] ?? 'unavailable';
    default:
      return code;
  }
}
