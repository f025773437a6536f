import fc from 'fast-check';
import type { Body, Graph, GraphTask, Template } from '../../lib/graph/definition.ts';

/** A graph as an author writes it. */
export interface Written {
  name: string;
  tasks: WrittenTask[];
  [field: string]: unknown;
}

type WrittenTask = { id: string; type: string; [field: string]: unknown };

/** Fields of a condition and of `catch`. */
function withThen(fields: object, then: string[]): object {
  return Object.fromEntries([...Object.entries(fields), ['then', then]]);
}

/** Graphs without problems: tasks depend on earlier ones alone, and expressions name what they depend on. */
export const written: fc.Arbitrary<Written> = fc
  .record({
    choices: fc.infiniteStream(fc.nat(1_000_000)),
    size: fc.integer({ min: 1, max: 14 }),
  })
  .map(({ choices, size }) => {
    let count = 0;
    const pick = (below: number) => (choices.next().value ?? 0) % below;
    const task = (id: string, deps: string[], depth: number, isInMap: boolean): WrittenTask => {
      const value = pick(2) === 0 || deps.length === 0 ? '{% $input.a %}' : `{% $tasks.${deps[0]}.output %}`;
      const common = {
        id,
        ...(deps.length > 0 && { dependsOn: deps }),
        ...(deps.length > 0 && pick(3) === 0 && { join: ['any_succeeded', 'all_done', 'none_failed'][pick(3)] }),
        ...(pick(5) === 0 && { when: '{% $input.a = 1 %}' }),
        ...(pick(5) === 0 && { priority: pick(9) - 4 }),
        ...(pick(7) === 0 && { description: 'what it does: "this"' }),
      };
      switch (pick(depth > 2 ? 7 : 10)) {
        case 0:
          return {
            ...common,
            type: 'executor',
            handler: 'h',
            input: { v: value },
            retry: { attempts: 1 + pick(4) },
            timeout: '5s',
          };
        case 1:
          return {
            ...common,
            type: 'executor',
            http: { url: 'https://example.com', headers: { a: value } },
            compensate: { handler: 'u' },
          };
        case 2:
          return { ...common, type: 'transform', output: isInMap ? '{% $item %}' : [1, value, { b: null }] };
        case 3:
          return { ...common, type: 'wait', duration: '2s' };
        case 4:
          return { ...common, type: 'signal', schema: { type: 'object' }, timeout: '1d' };
        case 5:
          return { ...common, type: 'sub_workflow', workflow: 'other', version: 2, input: value };
        case 6:
          return { ...common, type: 'executor', queue: 'q', atMostOnce: true };
        case 7:
          return { ...common, type: 'parallel', tasks: list(1 + pick(3), depth + 1, isInMap, false), concurrency: 3 };
        case 8:
          return { ...common, type: 'sequential', tasks: list(1 + pick(3), depth + 1, isInMap, true) };
        default:
          return {
            ...common,
            type: 'map',
            items: value,
            tolerate: pick(3),
            tasks: list(1 + pick(3), depth + 1, true, false),
          };
      }
    };
    const list = (length: number, depth: number, isInMap: boolean, isInOrder: boolean): WrittenTask[] => {
      const tasks: WrittenTask[] = [];
      const chosen: string[] = [];
      for (let number = 0; number < length; number += 1) {
        count += 1;
        const id = `t${count}`;
        const earlier = tasks.filter((each) => !chosen.includes(each.id)).map((each) => each.id);
        const deps = isInOrder ? [] : [...new Set(earlier.filter(() => pick(3) === 0))];
        tasks.push(task(id, deps, depth, isInMap));
        if (isInOrder || pick(4) > 0) continue;
        const target = `t${count + 1}`;
        count += 1;
        const chooser = `t${count + 1}`;
        count += 1;
        const cases = [withThen({ when: '{% $input.b %}' }, [target])];
        tasks.push({ id: chooser, type: 'condition', dependsOn: [id], cases });
        tasks.push({ id: target, type: 'executor', handler: 'h' });
        chosen.push(target);
      }
      return tasks;
    };
    return { name: 'generated', tasks: list(size, 0, false, false) };
  });

function template(of: Template): unknown {
  switch (of.kind) {
    case 'literal':
      return of.value;
    case 'expression':
      return `{%${of.expression.source}%}`;
    case 'list':
      return of.items.map(template);
    case 'object':
      return Object.fromEntries(of.fields.map(({ name, value }) => [name, template(value)]));
  }
}

/** Writes a graph as parsed, with everything that was filled in. */
export function print({ body, output, timeoutMs, retentionMs, ...graph }: Graph): Written {
  return {
    ...withoutNothing(graph),
    ...withoutNothing({ timeout: timeoutMs, retention: retentionMs, output: output && template(output) }),
    name: graph.name,
    tasks: printBody(body),
  };
}

function printBody({ tasks }: Body): WrittenTask[] {
  return tasks.map(printTask);
}

function printTask(task: GraphTask): WrittenTask {
  const { id, type, dependsOn, join, when, priority, description } = task;
  const common = withoutNothing({
    id,
    type,
    dependsOn,
    join,
    when: when && `{%${when.source}%}`,
    priority,
    description,
  });
  const own: Record<string, unknown> = {};
  const given = task as unknown as Record<string, unknown>;
  for (const name of ['output', 'input', 'items', 'message', 'signal']) {
    if (given[name] !== undefined) own[name] = template(given[name] as Template);
  }
  for (const name of ['concurrency', 'tolerate', 'batch', 'schema', 'workflow', 'atMostOnce', 'error'])
    own[name] = given[name];
  if (type !== 'wait') own.timeout = given.timeoutMs;
  if ('body' in task) own.tasks = printBody(task.body);
  if (task.type === 'sub_workflow') own.version = task.workflowVersion;
  if ('catch' in task && task.catch.length > 0)
    own.catch = Object.fromEntries(task.catch.map((each) => [each.error, each.then]));
  if (task.type === 'wait' && task.for.kind === 'duration') own.duration = task.for.ms;
  if (task.type === 'condition') {
    own.cases = task.cases.map((each) => withThen({ when: `{%${each.when.source}%}` }, each.then));
    if (task.otherwise.length > 0) own.otherwise = task.otherwise;
  }
  if (task.type === 'executor') Object.assign(own, printTarget(task.target), { retry: printRetry(task.retry) });
  if ('compensate' in task && task.compensate) {
    const { target, input, retry, timeoutMs } = task.compensate;
    own.compensate = withoutNothing({
      ...printTarget(target),
      input: input && template(input),
      retry: printRetry(retry),
      timeout: timeoutMs,
    });
  }
  return { ...common, ...withoutNothing(own), id, type };
}

function printTarget(target: Extract<GraphTask, { type: 'executor' }>['target']): object {
  if (target.kind === 'handler') return { handler: target.handler };
  if (target.kind === 'lambda') return { lambda: target.function };
  if (target.kind === 'queue') return { queue: target.queue };
  const { url, method, headers, query, maxResponseBytes } = target;
  const entries = (list: typeof headers) => Object.fromEntries(list.map(({ name, value }) => [name, template(value)]));
  return { http: { url: template(url), method, headers: entries(headers), query: entries(query), maxResponseBytes } };
}

function printRetry({
  attempts,
  initialMs,
  factor,
  maxMs,
  jitter,
  errors,
  except,
}: Extract<GraphTask, { type: 'executor' }>['retry']): object {
  const named = except.length > 0 ? { except } : {};
  return withoutNothing({ attempts, initial: initialMs, factor, max: maxMs, jitter, errors, ...named });
}

function withoutNothing(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** All tasks, inner ones too. */
export function allTasks({ tasks }: Body): GraphTask[] {
  return tasks.flatMap((task) => ['body' in task ? allTasks(task.body) : [], task].flat());
}
