import type { StepAttempt } from '../../kernel/operations.ts';
import type { ExecutorTarget, Json, Template } from '../definition.ts';
import { ExecutorError } from '../executors/executor-error.ts';
import { invokeFunction } from '../executors/lambda.ts';
import type { HandlerTask } from '../handlers.ts';
import { standIn } from '../stand-in.ts';
import type { Asking, GraphRun } from './host.ts';
import { valueError } from './run-errors.ts';

/** What is done inside a step: calling a handler, sending a request, invoking a function. */

export type StepTarget = Exclude<ExecutorTarget, { kind: 'queue' }>;

/** Of an attempt, where the task itself gives no timeout, in ms. */
export function defaultTimeoutMs({ executors }: GraphRun, target: ExecutorTarget): number | undefined {
  return target.kind === 'http' ? executors.http?.timeoutMs : undefined;
}

/** Does the work once. `id`: of the task; `key`: that of the step in the journal. */
export async function callTarget(
  run: GraphRun,
  target: StepTarget,
  input: Json | undefined,
  call: Call & { asking: Asking },
): Promise<unknown> {
  switch (target.kind) {
    case 'handler':
      return callHandler(run, target.handler, input, call);
    case 'http': {
      const url = await urlOf(run, target, call.asking);
      const { http } = run.executors;
      if (!http?.offers(url) && hasStandIn(run, target, call.id)) return callStandIn(run, target, input, call);
      if (!http) throw notOffered('HTTP calls', 'configure the http executor');
      const { method, maxResponseBytes } = target;
      const headers = await textsOf(run, target.headers, call.asking);
      return http.send({ method, url, headers, body: input, maxResponseBytes }, call.attempt);
    }
    case 'lambda': {
      const { lambda } = run.executors;
      if (lambda) return invokeFunction(lambda, target.function, input ?? null, call.attempt);
      if (hasStandIn(run, target, call.id)) return callStandIn(run, target, input, call);
      throw notOffered('Lambda functions', 'configure the lambda executor');
    }
  }
}

interface Call {
  id: string;
  key: string;
  attempt: StepAttempt;
}

function callHandler(run: GraphRun, name: string, input: Json | undefined, { id, key, attempt }: Call): unknown {
  const handler = run.handlers.get(name);
  if (!handler) throw notOffered(`the handler '${name}'`, 'export it by handlers({ … })');
  return handler(ownCopy(input ?? null), toldOf(run, id, key, attempt));
}

type Offered = Exclude<ExecutorTarget, { kind: 'handler' }>;

/** Whether a handler does the work of an executor that is not offered. */
export function hasStandIn(run: GraphRun, target: Offered, id: string): boolean {
  return run.handlers.has(standIn(target, id));
}

export function callStandIn(run: GraphRun, target: Offered, input: Json | undefined, call: Call): unknown {
  return callHandler(run, standIn(target, call.id), input, call);
}

const notOfferedName = 'NotOfferedError';

export function notOffered(what: string, remedy: string): ExecutorError {
  return new ExecutorError(notOfferedName, `${what} cannot be used here: ${remedy}`, { retryable: false });
}

/** Also of one that has been stored. */
export function isNotOffered(error: unknown): boolean {
  return error instanceof Error && error.name === notOfferedName;
}

/** What the handler changes in its input must not change what later tasks see. */
function ownCopy(input: Json): Json {
  return typeof input === 'object' && input !== null ? structuredClone(input) : input;
}

/** The abort signal is made when it is asked for, so the attempt must not be copied field by field. */
function toldOf({ operations }: GraphRun, id: string, key: string, attempt: StepAttempt): HandlerTask {
  const { id: runId, workflow, version, correlationId } = operations.run;
  return {
    id,
    key,
    run: { id: runId, workflow, version, ...(correlationId !== undefined && { correlationId }) },
    attempt: attempt.attempt,
    idempotencyToken: attempt.idempotencyToken,
    get signal() {
      return attempt.signal;
    },
    heartbeat: () => attempt.heartbeat(),
  };
}

async function textsOf(
  run: GraphRun,
  templates: { name: string; value: Template }[],
  asking: Asking,
): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const { name, value } of templates) {
    const text = await run.evaluate(value, asking);
    if (text !== undefined && text !== null) texts[name] = toText(text, `The header '${name}'`);
  }
  return texts;
}

async function urlOf(
  run: GraphRun,
  { url, query }: Extract<StepTarget, { kind: 'http' }>,
  asking: Asking,
): Promise<string> {
  const base = toText(await run.evaluate(url, asking), 'The URL');
  if (query.length === 0) return base;
  const parameters = new URLSearchParams();
  for (const { name, value } of query) {
    const given = await run.evaluate(value, asking);
    for (const each of Array.isArray(given) ? given : [given]) {
      if (each !== undefined && each !== null) parameters.append(name, toText(each, `The query parameter '${name}'`));
    }
  }
  const [whole = '', fragment] = base.split('#', 2);
  const joint = whole.includes('?') ? '&' : '?';
  const text = parameters.toString();
  return `${whole}${text === '' ? '' : joint}${text}${fragment === undefined ? '' : `#${fragment}`}`;
}

export function toText(value: Json | undefined, what: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw valueError(what, value, 'a text');
}
