import type { StepAttempt } from '../../kernel/operations.ts';
import type { ExecutorTarget, Json, Template } from '../definition.ts';
import { ExecutorError } from '../executors/executor-error.ts';
import { invokeFunction } from '../executors/lambda.ts';
import type { HandlerTask } from '../handlers.ts';
import type { Asking, GraphRun } from './host.ts';
import { valueError } from './run-errors.ts';

/** What is done inside a step: calling a handler, sending a request, invoking a function. */

export type StepTarget = Exclude<ExecutorTarget, { kind: 'queue' }>;

/** Of an attempt, where the task itself gives no timeout, in ms. */
export function defaultTimeoutMs({ executors }: GraphRun, target: StepTarget): number | undefined {
  return target.kind === 'http' ? executors.http?.timeoutMs : undefined;
}

/** Does the work once. `id`: of the task; `key`: that of the step in the journal. */
export async function callTarget(
  run: GraphRun,
  target: StepTarget,
  input: Json | undefined,
  { id, key, attempt, asking }: { id: string; key: string; attempt: StepAttempt; asking: Asking },
): Promise<unknown> {
  switch (target.kind) {
    case 'handler': {
      const handler = run.handlers.get(target.handler);
      if (!handler) throw notOffered(`the handler '${target.handler}'`, 'export it by handlers({ … })');
      return handler(ownCopy(input ?? null), toldOf(run, id, key, attempt));
    }
    case 'http': {
      const { http } = run.executors;
      if (!http) throw notOffered('HTTP calls', 'configure the http executor');
      const { method, maxResponseBytes } = target;
      const headers = await textsOf(run, target.headers, asking);
      const url = await urlOf(run, target, asking);
      return http.send({ method, url, headers, body: input, maxResponseBytes }, attempt);
    }
    case 'lambda': {
      const { lambda } = run.executors;
      if (!lambda) throw notOffered('Lambda functions', 'configure the lambda executor');
      return invokeFunction(lambda, target.function, input ?? null, attempt);
    }
  }
}

export function notOffered(what: string, remedy: string): ExecutorError {
  return new ExecutorError('NotOfferedError', `${what} cannot be used here: ${remedy}`, { retryable: false });
}

/** What the handler changes in its input must not change what later tasks see. */
function ownCopy(input: Json): Json {
  return typeof input === 'object' && input !== null ? structuredClone(input) : input;
}

/** The abort signal is made when it is asked for, so the attempt must not be copied field by field. */
function toldOf({ operations }: GraphRun, id: string, key: string, attempt: StepAttempt): HandlerTask {
  const { correlationId, ...birth } = operations.run;
  const run = { id: birth.id, workflow: birth.workflow, version: birth.version };
  return {
    id,
    key,
    run: correlationId === undefined ? run : { ...run, correlationId },
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
