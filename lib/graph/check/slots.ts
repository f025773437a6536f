import type { Expression, Template } from '../definition.ts';
import type { ObjectRead, Values } from '../language/object.ts';
import type { Entry, Name } from '../language/shape.ts';
import { type TaskRead, type TaskTypeName, valuesOf } from '../language/tasks.ts';
import { expressionsOf } from '../language/templates.ts';
import type { compensation, targets } from '../language/work.ts';
import type { DraftGraph, DraftTask } from './draft.ts';

/** A place where an expression stands, and when it is evaluated. */
export interface Slot {
  expression: Expression;
  /** Undefined: the graph's output. */
  task: DraftTask | undefined;
  /** Evaluated once the task has its result, which is `$result`. */
  after: boolean;
}

/** Every expression of a graph. */
export function slotsOf({ read, all }: DraftGraph): Slot[] {
  const slots = expressionsOf(read.values.output).map(
    (expression): Slot => ({ expression, task: undefined, after: true }),
  );
  for (const task of all) {
    for (const expression of before(task.read)) slots.push({ expression, task, after: false });
    for (const expression of after(task.read)) slots.push({ expression, task, after: true });
  }
  return slots;
}

/** Tasks whose `output` is what they do; for all others it is made of their result. */
const withoutResult: ReadonlySet<TaskTypeName> = new Set(['transform', 'succeed']);

function before(task: TaskRead): Expression[] {
  const { when, input, items, message, signal, output } = task.values as Record<string, never>;
  const own = [input, items, message, signal].flatMap((template: Template | undefined) => expressionsOf(template));
  if (when) own.unshift(when);
  if (task.type !== undefined && withoutResult.has(task.type)) own.push(...expressionsOf(output));
  own.push(...targetExpressions(task.values as TargetValues));
  if (task.type === 'condition') {
    for (const { values } of valuesOf(task, 'condition').cases ?? []) if (values.when) own.push(values.when);
  }
  if (task.type === 'wait') {
    const { duration, until } = valuesOf(task, 'wait');
    for (const moment of [duration, until]) if (moment && 'expression' in moment) own.push(moment.expression);
  }
  return own;
}

function after(task: TaskRead): Expression[] {
  const { output, compensate } = task.values as {
    output?: Template;
    compensate?: ObjectRead<(typeof compensation)['fields']>;
  };
  const own = task.type !== undefined && withoutResult.has(task.type) ? [] : expressionsOf(output);
  if (!compensate) return own;
  return [...own, ...expressionsOf(compensate.values.input), ...targetExpressions(compensate.values)];
}

type TargetValues = Partial<Values<typeof targets>>;

function targetExpressions({ http }: TargetValues): Expression[] {
  if (http === undefined) return [];
  const { url, headers = [], query = [] } = http.values;
  const templates = [url, ...[...headers, ...query].map(({ value }: Entry<Template>) => value)];
  return templates.flatMap(expressionsOf);
}

/** The name of a handler, a function, a queue or a workflow, where a task names one. */
export function nameIn(values: Record<string, unknown>, field: string): Name | undefined {
  return values[field] as Name | undefined;
}

/** The HTTP call of a task or a compensation. */
export function targetIn(values: Record<string, unknown>): TargetValues['http'] {
  return (values as TargetValues).http;
}
