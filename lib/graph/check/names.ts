import { didYouMean } from '../language/object.ts';
import type { Name, Reader } from '../language/shape.ts';
import { quoted } from '../source/nodes.ts';
import { at } from '../source/path.ts';
import type { DraftGraph, DraftTask } from './draft.ts';

/** Finds what every name names, and complains of ids that come twice and of names that name nothing that they may. */
export function resolveNames(graph: DraftGraph, reader: Reader): void {
  const { byId, all } = graph;
  for (const task of all) {
    if (!task.id) continue;
    const first = byId.get(task.id.text);
    if (first === undefined) byId.set(task.id.text, task);
    else {
      const line = reader.positions.at(first.id?.offset ?? 0).line;
      const message = `there is a second task with the id "${task.id.text}"`;
      reader.problems.add(task.id.offset, task.id.path, message, `the first is in line ${line}`);
    }
  }
  for (const task of all) {
    const { body, number } = task;
    const before = body.owner?.type === 'sequential' ? body.tasks[number - 1] : undefined;
    if (before) task.dependencies.push(before);
    for (const name of task.dependsOn) {
      const other = resolve(name, task, 'dependsOn', graph, reader);
      if (other === undefined || other === before) continue;
      if (!task.dependencies.includes(other)) task.dependencies.push(other);
      else reader.problems.add(name.offset, name.path, `"dependsOn" names "${name.text}" twice`, 'keep one of them');
    }
    for (const choice of task.choices) {
      const target = resolve(choice.target, task, choice.where, graph, reader);
      target?.choosers.push({ task, choice });
    }
  }
  for (const task of all) {
    task.waitsFor = [...new Set([...task.dependencies, ...task.choosers.map((chooser) => chooser.task)])];
    checkCatch(task, reader);
  }
}

function resolve(
  name: Name,
  from: DraftTask,
  where: string,
  { byId }: DraftGraph,
  reader: Reader,
): DraftTask | undefined {
  const other = byId.get(name.text);
  const field = where.replace(/\[.*/, '');
  if (other === undefined) {
    const hint = reader.problems.isFull() ? undefined : meantTask(name.text, from, byId);
    reader.problems.add(name.offset, name.path, `"${field}" names ${quoted(name.text)}, which is no task`, hint);
    return undefined;
  }
  if (other.body === from.body) return other;
  const container = other.body.owner;
  const place = container === undefined ? 'stands at the top' : `stands inside of "${container.label}"`;
  const isSibling = container !== undefined && container.body === from.body && container !== from;
  const around = containerIn(from, other);
  const hint = isSibling
    ? `name "${container.label}"`
    : around && `let "${around.label}" depend on it: what is inside begins after that`;
  const message = `"${field}" names "${name.text}", which ${place}: it names tasks of its own list`;
  reader.problems.add(name.offset, name.path, message, hint);
  return undefined;
}

/** One of the same list rather than another. */
function meantTask(name: string, from: DraftTask, byId: ReadonlyMap<string, DraftTask>): string | undefined {
  const siblings = from.body.tasks.flatMap((task) => (task === from ? [] : (task.id?.text ?? [])));
  return didYouMean(name, siblings) ?? didYouMean(name, [...byId.keys()]);
}

/** What contains the task and stands in one list with the other. */
function containerIn(task: DraftTask, other: DraftTask): DraftTask | undefined {
  let around = task.body.owner;
  while (around && around.body !== other.body) around = around.body.owner;
  return around === other ? undefined : around;
}

/** A timeout leads to one place. */
function checkCatch({ choices, read }: DraftTask, reader: Reader): void {
  const byField = choices.find(({ where }) => where === 'onTimeout');
  const byCatch = choices.find(({ where, outcome }) => where === 'catch' && outcome === 'TimeoutError');
  if (byField === undefined || byCatch === undefined) return;
  const message = '"onTimeout" and "catch" both say where a TimeoutError leads';
  reader.problems.add(byField.target.offset, at(read.path, 'onTimeout'), message, 'keep one of them');
}
