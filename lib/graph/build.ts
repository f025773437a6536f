/** Makes the graph of a draft in which nothing is wrong. */
import { compensationRetry, stepRetry } from '../workflow/retry.ts';
import type { DraftBody, DraftGraph, DraftTask } from './check/draft.ts';
import { errorOnly } from './check/error-only.ts';
import type {
  Body,
  Compensation,
  ExecutorTarget,
  Graph,
  GraphRetry,
  GraphTask,
  Template,
  WaitTask,
} from './definition.ts';
import type { ObjectRead, Values } from './language/object.ts';
import type { Entry, Name, Reader } from './language/shape.ts';
import { type TaskTypeName, type ValuesOf, valuesOf } from './language/tasks.ts';
import type { compensation, retry, targets } from './language/work.ts';
import { inWords } from './source/path.ts';

const defaultConcurrency = 100;
const defaultResponseBytes = 1024 * 1024;

export function buildGraph({ read, body }: DraftGraph, reader: Reader): Graph {
  const { values } = read;
  const { defaults } = values;
  const inherited: Inherited = {
    retry: toRetry(defaults?.values.retry, ownDefault(stepRetry)),
    timeoutMs: defaults?.values.timeout,
  };
  return {
    name: must(values.name),
    version: values.version ?? 1,
    description: values.description,
    category: values.category,
    tags: values.tags ?? [],
    inputSchema: values.inputSchema,
    outputSchema: values.outputSchema,
    timeoutMs: values.timeout,
    retentionMs: values.retention,
    durability: values.durability ?? 'each',
    concurrency: values.concurrency ?? defaultConcurrency,
    output: values.output,
    body: toBody(body, inherited, reader),
  };
}

/** What tasks have that say nothing of it. */
interface Inherited {
  retry: GraphRetry;
  timeoutMs: number | undefined;
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('A graph without problems lacks something that every graph has');
  return value;
}

function toBody(body: DraftBody, inherited: Inherited, reader: Reader): Body {
  const isWaitedFor = new Set<DraftTask>();
  const isErrorOnly = errorOnly(body.tasks);
  for (const task of body.tasks) {
    if (isErrorOnly.has(task)) continue;
    for (const other of task.waitsFor) isWaitedFor.add(other);
  }
  const last = body.tasks.filter((task) => !isErrorOnly.has(task) && !isWaitedFor.has(task));
  return {
    tasks: body.tasks.map((task) => toTask(task, inherited, reader)),
    last: last.map((task) => must(task.id).text),
  };
}

function toTask(task: DraftTask, inherited: Inherited, reader: Reader): GraphTask {
  const { read, choosers } = task;
  const choosing = [...new Set(choosers.map((chooser) => chooser.task))];
  const ids = (tasks: DraftTask[]) => tasks.map(({ id }) => must(id).text);
  const base = {
    id: must(task.id).text,
    place: { path: inWords(read.path), ...reader.positions.at(read.node.start) },
    description: read.values.description as string | undefined,
    dependsOn: ids(task.dependencies.filter((other) => !choosing.includes(other))),
    chosenBy: ids(choosing),
    join: task.join,
    when: read.values.when as GraphTask['when'],
    priority: (read.values.priority as number | undefined) ?? 0,
  };
  const caught = { catch: toCatch(task) };
  const body = () => toBody(must(task.inner), inherited, reader);
  const values = <T extends TaskTypeName>(type: T): ValuesOf<T> => valuesOf(read, type);

  switch (must(task.type)) {
    case 'executor': {
      const own = values('executor');
      const { input, output, timeout, heartbeatTimeout, atMostOnce = false } = own;
      return {
        ...base,
        ...caught,
        type: 'executor',
        target: toTarget(own, input !== undefined),
        input,
        output,
        retry: toRetry(own.retry, inherited.retry),
        timeoutMs: timeout ?? inherited.timeoutMs,
        heartbeatTimeoutMs: heartbeatTimeout,
        atMostOnce,
        compensate: toCompensation(own.compensate, reader),
      };
    }
    case 'condition': {
      const { cases, otherwise = [] } = values('condition');
      return {
        ...base,
        ...caught,
        type: 'condition',
        // biome-ignore lint/suspicious/noThenProperty: a word of the language
        cases: must(cases).map((each) => ({ when: must(each.values.when), then: texts(must(each.values.then)) })),
        otherwise: texts(otherwise),
      };
    }
    case 'parallel': {
      const { output, concurrency, timeout } = values('parallel');
      return { ...base, ...caught, type: 'parallel', body: body(), concurrency, output, timeoutMs: timeout };
    }
    case 'sequential': {
      const { output, timeout } = values('sequential');
      return { ...base, ...caught, type: 'sequential', body: body(), output, timeoutMs: timeout };
    }
    case 'map': {
      const { items, concurrency = defaultConcurrency, tolerate, batch, output, timeout } = values('map');
      const limits = { concurrency, tolerate, batch, timeoutMs: timeout };
      return { ...base, ...caught, type: 'map', items: must(items), ...limits, output, body: body() };
    }
    case 'sub_workflow': {
      const own = values('sub_workflow');
      const { workflow, version, input, output, timeout } = own;
      return {
        ...base,
        ...caught,
        type: 'sub_workflow',
        workflow: must(workflow).text,
        workflowVersion: version,
        input,
        output,
        timeoutMs: timeout,
        compensate: toCompensation(own.compensate, reader),
      };
    }
    case 'wait':
      return { ...base, ...caught, type: 'wait', for: toWait(values('wait')) };
    case 'signal': {
      const { signal, schema, timeout, output } = values('signal');
      const name: Template = signal ?? { kind: 'literal', value: base.id };
      return { ...base, ...caught, type: 'signal', signal: name, schema, timeoutMs: timeout, output };
    }
    case 'transform':
      return { ...base, ...caught, type: 'transform', output: must(values('transform').output) };
    case 'fail': {
      const { error, message } = values('fail');
      const name = must(error);
      return { ...base, type: 'fail', error: name, message: message ?? { kind: 'literal', value: name } };
    }
    case 'succeed':
      return { ...base, type: 'succeed', output: values('succeed').output };
  }
}

function texts(names: Name[]): string[] {
  return names.map(({ text }) => text);
}

/** `*` is asked last. */
function toCatch({ choices }: DraftTask): { error: string; then: string }[] {
  const caught = choices.filter(({ byError }) => byError);
  const isAny = ({ outcome }: (typeof caught)[number]) => outcome === '*';
  return [...caught.filter((choice) => !isAny(choice)), ...caught.filter(isAny)].map(({ outcome, target }) => {
    // biome-ignore lint/suspicious/noThenProperty: a word of the language
    return { error: String(outcome), then: target.text };
  });
}

type TargetValues = Values<typeof targets> & { queue?: Name | undefined };

function toTarget({ handler, lambda, queue, http }: TargetValues, hasInput: boolean): ExecutorTarget {
  if (handler) return { kind: 'handler', handler: handler.text };
  if (lambda) return { kind: 'lambda', function: lambda.text };
  if (queue) return { kind: 'queue', queue: queue.text };
  const { url, method, headers = [], query = [], maxResponseBytes = defaultResponseBytes } = must(http).values;
  const named = (entries: Entry<Template>[]) => entries.map(({ text, value }) => ({ name: text, value }));
  return {
    kind: 'http',
    url: must(url),
    method: method ?? (hasInput ? 'POST' : 'GET'),
    headers: named(headers),
    query: named(query),
    maxResponseBytes,
  };
}

type RetryRead = ObjectRead<(typeof retry)['fields']> | undefined;
type CompensationRead = ObjectRead<(typeof compensation)['fields']> | undefined;

function ownDefault(policy: typeof stepRetry): GraphRetry {
  const { attempts, initialMs, factor, maxMs, jitter } = policy;
  return { attempts, initialMs, factor, maxMs, jitter, errors: undefined, except: [] };
}

/** Field by field; a longer first delay makes the longest one as long. */
function toRetry(read: RetryRead, base: GraphRetry): GraphRetry {
  const { attempts, initial, factor, max, jitter, errors, except } =
    read?.values ?? ({} as NonNullable<RetryRead>['values']);
  const initialMs = initial ?? base.initialMs;
  return {
    attempts: attempts ?? base.attempts,
    initialMs,
    factor: factor ?? base.factor,
    maxMs: max ?? Math.max(base.maxMs, initialMs),
    jitter: jitter ?? base.jitter,
    errors: errors ?? base.errors,
    except: except ?? base.except,
  };
}

function toCompensation(read: CompensationRead, reader: Reader): Compensation | undefined {
  if (!read) return undefined;
  const { input, retry: tries, timeout } = read.values;
  const target = toTarget(read.values, true);
  if (target.kind === 'queue') return undefined;
  return {
    place: { path: inWords(read.path), ...reader.positions.at(read.node.start) },
    target,
    input,
    retry: toRetry(tries, ownDefault(compensationRetry)),
    timeoutMs: timeout,
  };
}

function toWait({ duration, until }: ValuesOf<'wait'>): WaitTask['for'] {
  if (duration) {
    if ('expression' in duration) return { kind: 'durationExpression', expression: duration.expression };
    return { kind: 'duration', ms: duration.literal };
  }
  const moment = must(until);
  if ('expression' in moment) return { kind: 'untilExpression', expression: moment.expression };
  return { kind: 'until', at: moment.literal };
}
