/** The fields of tasks, by type. */
import type { JsonSchema } from '../definition.ts';
import { entryOf, found, quoted, type SourceMap, type SourceNode } from '../source/nodes.ts';
import { at, type Path } from '../source/path.ts';
import { choice } from './choice.ts';
import { jsonSchema } from './json-schema-value.ts';
import { didYouMean, type Fields, type ObjectShape, object, optional, required, type Values } from './object.ts';
import {
  entriesOf,
  listOf,
  name,
  oneOrMore,
  type Reader,
  type Shape,
  text,
  truth,
  unexpected,
  wholeNumber,
} from './shape.ts';
import { expression, orExpression, template, textTemplate } from './templates.ts';
import { duration, moment, span } from './time.ts';
import { compensation, errorName, retry, targets } from './work.ts';

/** A task as it was read. Fields that are missing or wrong are undefined. */
export interface TaskRead {
  node: SourceMap;
  path: Path | undefined;
  /** Undefined if it is missing or unknown; then the fields of all types have been read. */
  type: TaskTypeName | undefined;
  values: Record<string, unknown>;
}

/** What every expression can name. */
const idPattern = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;

const id = name({
  words: 'an id of letters, digits and _, up to 64, the first a letter',
  pattern: idPattern,
  hint: 'so that expressions can name it: $tasks.<id>.output',
});
const reference = name({ words: 'the id of a task', maxChars: 64 });

const joinRules = choice({
  all_succeeded: 'all completed',
  none_failed: 'none failed; some may have been skipped',
  any_succeeded: 'at least one completed',
  all_done: 'in any case',
});

const common = {
  id: required(id, 'Names the task; unique in the graph.'),
  type: required(text({ words: 'the type of a task' }), 'What the task does.'),
  description: optional(text({ words: 'a text', maxChars: 10_000 }), 'For people.'),
  dependsOn: optional(
    listOf(reference, { words: 'a list of ids of tasks' }),
    'Tasks of the same list that have to be done first.',
    'none; in a `sequential`, the task before',
  ),
  join: optional(
    joinRules,
    'When the task runs, seen from what it depends on.',
    '`all_succeeded`; in a `sequential` `none_failed`',
  ),
  when: optional(expression, 'Evaluated once the task could run; false or nothing: it is skipped.', 'it runs'),
  priority: optional(
    wholeNumber(-1_000, 1_000),
    'Of ready tasks the one with the greatest number starts first.',
    '0; equals start in the order of the file',
  ),
};

const catching = {
  catch: optional(
    entriesOf(reference, { words: 'an object: names of errors, or "*" for any, with ids of tasks' }),
    'Where a failure leads: a task of the same list, which runs then and only then. `*` is any other error.',
    'the failure fails the list',
  ),
};

const output = {
  output: optional(template, 'What the task gives instead of its result, which is `$result` here.', 'the result'),
};

const wholeTimeout = { timeout: optional(span, 'Of the whole, from its start.', 'none') };

const compensating = {
  compensate: optional(compensation, 'Undoes the task if the run fails or is cancelled later.', 'nothing to undo'),
};

/** In a function: the tasks of a task are tasks again. */
export const taskList: Shape<TaskRead[]> = {
  words: 'a list of tasks',
  read(node, path, reader) {
    if (node.kind !== 'list') return unexpected(taskList, node, path, reader);
    if (node.items.length === 0) reader.problems.add(node.start, path, 'there are no tasks in this list');
    return node.items.flatMap((item, index) => readTask(item, at(path, index), reader) ?? []);
  },
  schema: (definitions) => ({ type: 'array', minItems: 1, items: taskSchema(definitions) }),
};

const tasks = required(taskList, 'The tasks inside.');

export const caseShape = object(
  {
    when: required(expression, 'The first case for which this is true is chosen.'),
    // biome-ignore lint/suspicious/noThenProperty: a word of the language
    then: required(oneOrMore(reference, 'the id of a task, or a list of them'), 'The tasks that run then.'),
  },
  { title: 'a case', definition: 'case' },
);

export const taskTypes = {
  executor: variant(
    'executor',
    {
      ...common,
      ...targets,
      queue: optional(
        name({ words: 'the name, ARN or URL of a queue' }),
        'A queue: its consumer gets `input` with a callback token, and answers by that.',
      ),
      input: optional(template, 'What the executor is given.', 'null'),
      ...output,
      retry: optional(retry, 'How often it is tried.', 'that of `defaults`, else 3 attempts, from 500ms up to 1m'),
      timeout: optional(span, 'Of one attempt; for a queue, until the answer.', 'that of `defaults`, else none'),
      heartbeatTimeout: optional(span, 'An attempt of a handler that is silent for so long has failed.', 'none'),
      atMostOnce: optional(truth, 'Never run again after a crash: the task fails then.', 'false'),
      ...catching,
      ...compensating,
    },
    [['handler', 'http', 'lambda', 'queue']],
  ),
  condition: variant('condition', {
    ...common,
    cases: required(listOf(caseShape, { words: 'a list of cases', min: 1 }), 'Looked at in this order.'),
    otherwise: optional(
      oneOrMore(reference, 'the id of a task, or a list of them'),
      'The tasks that run if no case holds.',
      'none',
    ),
    ...catching,
  }),
  parallel: variant('parallel', {
    ...common,
    tasks,
    concurrency: optional(wholeNumber(1, 10_000), 'How many of its tasks are under way at once.', "the graph's"),
    ...output,
    ...wholeTimeout,
    ...catching,
  }),
  sequential: variant('sequential', { ...common, tasks, ...output, ...wholeTimeout, ...catching }),
  map: variant('map', {
    ...common,
    items: required(template, 'A list, or an expression that gives one.'),
    tasks,
    concurrency: optional(wholeNumber(1, 10_000), 'Rounds at once.', '100'),
    tolerate: optional(
      wholeNumber(0, 1_000_000),
      'How many rounds may fail; results are `{ status, output }` or `{ status, error }` then.',
      'none, and results are plain',
    ),
    batch: optional(wholeNumber(1, 100_000), 'A round takes so many items, as a list in `$item`.', 'one, as itself'),
    ...output,
    ...wholeTimeout,
    ...catching,
  }),
  sub_workflow: variant('sub_workflow', {
    ...common,
    workflow: required(name({ words: 'the name of a workflow', maxChars: 128 }), 'A graph or a workflow in code.'),
    version: optional(wholeNumber(1, 1_000_000_000), 'Its version.', 'the active one'),
    input: optional(template, "The run's input.", 'none'),
    ...output,
    ...wholeTimeout,
    ...catching,
    ...compensating,
  }),
  wait: variant(
    'wait',
    {
      ...common,
      duration: optional(orExpression(duration), 'How long.'),
      until: optional(orExpression(moment), 'Until when; as an expression also milliseconds since the epoch.'),
      ...catching,
    },
    [['duration', 'until']],
  ),
  signal: variant('signal', {
    ...common,
    signal: optional(textTemplate, "The signal's name.", "the task's id"),
    schema: optional(jsonSchema, "Of the signal's payload; another payload fails the task."),
    timeout: optional(span, 'After which it is a `TimeoutError`.', 'none'),
    onTimeout: optional(reference, 'The task to which a timeout leads; as `TimeoutError` in `catch`.'),
    ...output,
    ...catching,
  }),
  transform: variant('transform', {
    ...common,
    output: required(template, 'What the task gives.'),
    ...catching,
  }),
  fail: variant('fail', {
    ...common,
    error: required(errorName, 'The name of the error.'),
    message: optional(textTemplate, 'Its message.', 'the name'),
  }),
  succeed: variant('succeed', {
    ...common,
    output: optional(template, 'What the list gives then.', 'null'),
  }),
};

export type TaskTypeName = keyof typeof taskTypes;
export const taskTypeNames = Object.keys(taskTypes) as TaskTypeName[];

export const typeMeanings: Record<TaskTypeName, string> = {
  executor: 'does work: a handler, an HTTP call, a Lambda function, or the consumer of a queue',
  condition: 'chooses the tasks of the first case that holds',
  parallel: 'holds tasks that run side by side, but for their `dependsOn`',
  sequential: 'holds tasks that run one after the other',
  map: 'runs its tasks once for each item of a list',
  sub_workflow: 'starts another workflow as a run of its own and waits for its output',
  wait: 'waits for a duration, or until a moment',
  signal: 'waits for a signal from outside',
  transform: 'computes a value; nothing is recorded',
  fail: 'ends the list in which it stands with an error, at once; at the top that is the run',
  succeed: 'ends the list in which it stands with an output, at once; at the top that is the run',
};

function variant<F extends Fields>(
  type: string,
  fields: F,
  exactlyOne: readonly (readonly string[])[] = [],
): ObjectShape<F> {
  return object(fields, {
    title: `a task of type ${type}`,
    definition: type,
    exactlyOne,
    hintFor(field) {
      const owners = taskTypeNames.filter((other) => Object.hasOwn(taskTypes[other].fields, field));
      return owners.length === 0 ? undefined : `"${field}" belongs to tasks of type ${owners.join(', ')}`;
    },
  });
}

export type ValuesOf<T extends TaskTypeName> = Values<(typeof taskTypes)[T]['fields']>;

/** What was read of a task of this type. */
export function valuesOf<T extends TaskTypeName>(task: TaskRead, _type: T): ValuesOf<T> {
  return task.values as ValuesOf<T>;
}

function readTask(node: SourceNode, path: Path | undefined, reader: Reader): TaskRead | undefined {
  if (node.kind !== 'map') return unexpected({ words: 'a task, which is an object' }, node, path, reader);
  const entry = entryOf(node, 'type');
  const typed = entry?.value.kind === 'scalar' ? entry.value.value : undefined;
  const type = taskTypeNames.find((known) => known === typed);
  if (type !== undefined) {
    const values = taskTypes[type].read(node, path, reader)?.values ?? {};
    return { node, path, type, values };
  }
  if (entry === undefined) {
    const probable = taskTypeNames.find((known) =>
      taskTypes[known].exactlyOne[0]?.some((field) => entryOf(node, field)),
    );
    const hint = probable === undefined ? `types are ${taskTypeNames.join(', ')}` : `write type: ${probable}`;
    reader.problems.add(node.start, path, '"type" is missing in a task', hint);
  } else {
    const words =
      typeof typed === 'string'
        ? `there is no task type ${quoted(typed)}`
        : `expected a task type, found ${found(entry.value)}`;
    const meant = typeof typed === 'string' ? didYouMean(typed, taskTypeNames) : undefined;
    reader.problems.add(entry.value.start, at(path, 'type'), words, meant ?? `types are ${taskTypeNames.join(', ')}`);
  }
  return { node, path, type: undefined, values: readAnything(node, path, reader) };
}

/** Of a task of unknown type what any type has, so that the rest of the graph can be judged. */
function readAnything(node: SourceMap, path: Path | undefined, reader: Reader): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { name: field, value } of node.entries) {
    const owner = taskTypeNames.find((type) => Object.hasOwn(taskTypes[type].fields, field));
    if (owner === undefined || field === 'type') continue;
    const fields: Fields = taskTypes[owner].fields;
    values[field] = fields[field]?.shape.read(value, at(path, field), reader);
  }
  return values;
}

function taskSchema(definitions: Map<string, JsonSchema>): { $ref: string } {
  if (!definitions.has('task')) {
    definitions.set('task', true);
    definitions.set('task', {
      type: 'object',
      required: ['id', 'type'],
      properties: { type: { enum: taskTypeNames, description: 'What the task does.' } },
      allOf: taskTypeNames.map((type) => ({
        if: { properties: { type: { const: type } }, required: ['type'] },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: taskTypes[type].schema(definitions),
      })),
    });
  }
  return { $ref: '#/$defs/task' };
}
