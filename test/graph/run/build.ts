/**
 * Graphs as data, for tests that generate them: each task with its defaults, and what follows from the tasks together: who
 * is chosen by whom, and who is last.
 */
import type {
  Body,
  ConditionTask,
  ExecutorTask,
  Expression,
  Graph,
  GraphRetry,
  GraphTask,
  Json,
  MapTask,
  ParallelTask,
  SequentialTask,
  Template,
  TransformTask,
} from '../../../lib/graph/definition.ts';

const place = { path: '', line: 1, column: 1 };

const once: GraphRetry = {
  attempts: 1,
  initialMs: 0,
  factor: 1,
  maxMs: 0,
  jitter: 0,
  errors: undefined,
  except: [],
};

function base(id: string) {
  return {
    id,
    place,
    description: undefined,
    dependsOn: [],
    chosenBy: [],
    join: 'all_succeeded' as const,
    when: undefined,
    priority: 0,
  };
}

let expressions = 0;
export function expression(source: string): Expression {
  expressions += 1;
  return { source, place: { ...place, path: `expressions[${expressions}]` } };
}

export function computed(source: string): Template {
  return { kind: 'expression', expression: expression(source) };
}

function literal(value: Json): Template {
  return { kind: 'literal', value };
}

export function executor(id: string, more: Partial<ExecutorTask> = {}): ExecutorTask {
  return {
    ...base(id),
    type: 'executor',
    target: { kind: 'handler', handler: 'work' },
    input: literal(id),
    retry: once,
    timeoutMs: undefined,
    heartbeatTimeoutMs: undefined,
    atMostOnce: false,
    compensate: undefined,
    output: undefined,
    catch: [],
    ...more,
  };
}

export function transform(id: string, more: Partial<TransformTask> = {}): TransformTask {
  return { ...base(id), type: 'transform', output: literal(id), catch: [], ...more };
}

export function condition(id: string, more: Partial<ConditionTask> = {}): ConditionTask {
  return { ...base(id), type: 'condition', cases: [], otherwise: [], catch: [], ...more };
}

export function parallel(id: string, tasks: GraphTask[], more: Partial<ParallelTask> = {}): ParallelTask {
  return {
    ...base(id),
    type: 'parallel',
    body: body(tasks),
    concurrency: undefined,
    timeoutMs: undefined,
    output: undefined,
    catch: [],
    ...more,
  };
}

export function sequential(id: string, tasks: GraphTask[], more: Partial<SequentialTask> = {}): SequentialTask {
  const chained = tasks.map((task, index) => {
    const before = tasks[index - 1];
    return before === undefined ? task : { ...task, dependsOn: [...new Set([...task.dependsOn, before.id])] };
  });
  return {
    ...base(id),
    type: 'sequential',
    body: body(chained),
    timeoutMs: undefined,
    output: undefined,
    catch: [],
    ...more,
  };
}

export function map(id: string, items: Template, tasks: GraphTask[], more: Partial<MapTask> = {}): MapTask {
  return {
    ...base(id),
    type: 'map',
    items,
    body: body(tasks),
    concurrency: 100,
    tolerate: undefined,
    batch: undefined,
    timeoutMs: undefined,
    output: undefined,
    catch: [],
    ...more,
  };
}

function body(tasks: GraphTask[]): Body {
  const choosers = new Map<string, Set<string>>();
  const afterError = new Set<string>();
  const choose = (by: string, ids: string[]) => {
    for (const id of ids) choosers.set(id, (choosers.get(id) ?? new Set()).add(by));
  };
  for (const task of tasks) {
    if (task.type === 'condition') choose(task.id, [...task.cases.flatMap((each) => each.then), ...task.otherwise]);
    const caught = 'catch' in task ? task.catch.map(({ then }) => then) : [];
    choose(task.id, caught);
    for (const id of caught) afterError.add(id);
  }
  const chosen = tasks.map((task) => ({ ...task, chosenBy: [...(choosers.get(task.id) ?? [])] }));
  const awaited = new Set(
    chosen.flatMap((task) => [...task.dependsOn, ...task.chosenBy.filter((id) => !catches(tasks, id, task.id))]),
  );
  const last = chosen.filter(({ id }) => !awaited.has(id) && !afterError.has(id)).map(({ id }) => id);
  return { tasks: chosen, last };
}

/** Whether the task of this id waits for the other only to catch its errors. */
function catches(tasks: GraphTask[], id: string, then: string): boolean {
  const task = tasks.find((each) => each.id === id);
  return task !== undefined && 'catch' in task && task.catch.some((clause) => clause.then === then);
}

export function graph(tasks: GraphTask[], more: Partial<Graph> = {}): Graph {
  return {
    name: 'generated',
    version: 1,
    description: undefined,
    category: undefined,
    tags: [],
    inputSchema: undefined,
    outputSchema: undefined,
    timeoutMs: undefined,
    retentionMs: undefined,
    durability: 'each',
    concurrency: 100,
    output: undefined,
    body: body(tasks),
    ...more,
  };
}
