/**
 * A graph while it is being checked: its tasks as a tree, with whatever could be read of them. Nothing here is sure to be
 * there or to make sense; what is missing has been complained of.
 */
import type { JoinRule } from '../definition.ts';
import type { graphShape } from '../language/graph-language.ts';
import type { ObjectRead } from '../language/object.ts';
import type { Entry, Name, Reader } from '../language/shape.ts';
import type { TaskRead, TaskTypeName } from '../language/tasks.ts';
import { graphLimits } from '../limits.ts';

type GraphRead = ObjectRead<(typeof graphShape)['fields']>;

export interface DraftGraph {
  read: GraphRead;
  body: DraftBody;
  /** All tasks, outer before inner, in the order of the file. */
  all: DraftTask[];
  /** The first task of each id. */
  byId: Map<string, DraftTask>;
}

export interface DraftBody {
  /** The container; undefined: the graph. */
  owner: DraftTask | undefined;
  tasks: DraftTask[];
  depth: number;
}

/** How a task may lead to another one that is chosen: by a case, or by an error. */
export interface Choice {
  target: Name;
  /** The number of the case, or what was caught; two choices of one outcome are made together. */
  outcome: number | string;
  byError: boolean;
  /** As it is called in messages. */
  where: string;
}

export interface DraftTask {
  read: TaskRead;
  type: TaskTypeName | undefined;
  id: Name | undefined;
  /** The id, or what the task is called without one. */
  label: string;
  body: DraftBody;
  /** Its number in the body. */
  number: number;
  inner: DraftBody | undefined;
  join: JoinRule;
  dependsOn: Name[];
  choices: Choice[];
  /** The rest is found by `resolveNames`. */
  /** What it depends on, that exists: `dependsOn`, and in a sequence the task before. */
  dependencies: DraftTask[];
  /** Those that may choose it, with how. */
  choosers: { task: DraftTask; choice: Choice }[];
  /** Both, each once. */
  waitsFor: DraftTask[];
}

/** Undefined if it is too large to be looked at. */
export function draftOf(read: GraphRead, reader: Reader): DraftGraph | undefined {
  const all: DraftTask[] = [];
  let edges = 0;
  let isTooLarge = false;

  const draftBody = (tasks: TaskRead[], owner: DraftTask | undefined, depth: number): DraftBody => {
    const body: DraftBody = { owner, tasks: [], depth };
    if (depth > graphLimits.containerDepth) {
      const [first] = tasks;
      const message = `containers nest deeper than ${graphLimits.containerDepth} (limit containerDepth)`;
      if (first) reader.problems.add(first.node.start, first.path, message);
      return body;
    }
    for (const task of tasks) {
      const draft = draftTask(task, body);
      body.tasks.push(draft);
      all.push(draft);
      edges += draft.dependsOn.length + draft.choices.length;
      const inner = (task.values.tasks as TaskRead[] | undefined) ?? [];
      if (inner.length > 0) draft.inner = draftBody(inner, draft, depth + 1);
    }
    return body;
  };

  const body = draftBody(read.values.tasks ?? [], undefined, 0);
  const refuse = (count: number, limit: 'tasks' | 'edges', what: string) => {
    if (count <= graphLimits[limit]) return;
    isTooLarge = true;
    const message = `the graph has ${count} ${what}, more than ${graphLimits[limit]} (limit ${limit})`;
    reader.problems.add(read.node.start, read.path, message, 'split it into several workflows');
  };
  refuse(all.length, 'tasks', 'tasks');
  refuse(edges, 'edges', 'names of tasks that others wait for or choose');
  return isTooLarge ? undefined : { read, body, all, byId: new Map() };
}

function draftTask(read: TaskRead, body: DraftBody): DraftTask {
  const { values, type } = read;
  const id = values.id as Name | undefined;
  const isInSequence = body.owner?.type === 'sequential';
  return {
    read,
    type,
    id,
    label: id?.text ?? `number ${body.tasks.length + 1}`,
    body,
    number: body.tasks.length,
    inner: undefined,
    join: (values.join as JoinRule | undefined) ?? (isInSequence ? 'none_failed' : 'all_succeeded'),
    dependsOn: (values.dependsOn as Name[] | undefined) ?? [],
    choices: choicesOf(values),
    dependencies: [],
    choosers: [],
    waitsFor: [],
  };
}

interface Choosing {
  cases?: ObjectRead<Record<string, never>>[];
  otherwise?: Name[];
  catch?: Entry<Name>[];
  onTimeout?: Name;
}

function choicesOf(values: Record<string, unknown>): Choice[] {
  const { cases = [], otherwise = [], catch: caught = [], onTimeout } = values as Choosing;
  const byCase = cases.flatMap((each, number) => {
    const then = ((each.values as { then?: Name[] }).then ?? []) as Name[];
    return then.map((target) => ({ target, outcome: number, byError: false, where: `cases[${number}].then` }));
  });
  const byDefault = otherwise.map((target) => {
    return { target, outcome: cases.length, byError: false, where: 'otherwise' };
  });
  const byError = caught.map(({ text, value: target }) => {
    return { target, outcome: text, byError: true, where: 'catch' };
  });
  const byTimeout = onTimeout
    ? [{ target: onTimeout, outcome: 'TimeoutError', byError: true, where: 'onTimeout' }]
    : [];
  return [...byCase, ...byDefault, ...byError, ...byTimeout];
}
