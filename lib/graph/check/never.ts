import type { Reader } from '../language/shape.ts';
import { graphLimits } from '../limits.ts';
import { at } from '../source/path.ts';
import type { Choice, DraftTask } from './draft.ts';

/** How tasks that may go several ways must have gone for a task to run, as far as that is certain. */
type Facts = ReadonlyMap<DraftTask, ReadonlySet<number | string>>;

const completed = 'completed';

/**
 * Complains of tasks that can never run: behind a task that ends the list, or behind tasks that exclude each other. `order`
 * has every task behind what it waits for. Linear, since no more than some choices are followed for a task.
 */
export function checkNever(order: DraftTask[], reader: Reader): void {
  const facts = new Map<DraftTask, Facts>();
  const never = new Set<DraftTask>();
  for (const task of order) {
    const result = factsOf(task, facts, never);
    if (typeof result !== 'string') {
      facts.set(task, result);
      continue;
    }
    never.add(task);
    if (result === '') continue;
    const place = task.id?.offset ?? task.read.node.start;
    const path = at(task.read.path, 'dependsOn');
    reader.problems.add(place, path, `task "${task.label}" can never run: ${result}`, 'change "dependsOn" or "join"');
  }
}

/** A text says why the task can never run; an empty one, that this follows from another task's problem. */
function factsOf(task: DraftTask, known: ReadonlyMap<DraftTask, Facts>, never: ReadonlySet<DraftTask>): Facts | string {
  const { choosers, join } = task;
  const dependencies = task.dependencies.filter((other) => !choosers.some((chooser) => chooser.task === other));
  const endsList = (other: DraftTask) => other.type === 'fail' || other.type === 'succeed';
  const needsAll = join === 'all_succeeded' || (join === 'any_succeeded' && dependencies.length === 1);
  if (needsAll || (join === 'any_succeeded' && dependencies.every((other) => endsList(other) || never.has(other)))) {
    const end = dependencies.find(endsList);
    if (end) return `"${end.label}" ends the list`;
    if (dependencies.some((other) => never.has(other))) return '';
  }
  if (choosers.length > 0 && choosers.every((chooser) => never.has(chooser.task))) return '';

  const facts = new Map<DraftTask, ReadonlySet<number | string>>();
  const sources = new Map<DraftTask, DraftTask>();
  const learn = (about: DraftTask, outcomes: ReadonlySet<number | string>, from: DraftTask): string | undefined => {
    const was = facts.get(about);
    const both = was === undefined ? outcomes : new Set([...was].filter((outcome) => outcomes.has(outcome)));
    if (both.size === 0) return excluding(about, sources.get(about) ?? from, from, task);
    if (was !== undefined || facts.size < graphLimits.choices) facts.set(about, both);
    if (was === undefined) sources.set(about, from);
    return undefined;
  };

  const learnAll = (from: DraftTask): string | undefined => {
    for (const [about, outcomes] of known.get(from) ?? []) {
      const conflict = learn(about, outcomes, from);
      if (conflict !== undefined) return conflict;
    }
    return undefined;
  };

  if (needsAll) {
    for (const other of dependencies) {
      const conflict = learnAll(other) ?? (hasCatch(other) ? learn(other, successOf(other), other) : undefined);
      if (conflict !== undefined) return conflict;
    }
  }
  const choosing = new Set(choosers.map((chooser) => chooser.task));
  const [only] = choosing;
  if (choosing.size === 1 && only) {
    const outcomes = new Set(choosers.map(({ choice }) => choice.outcome));
    const conflict = learnAll(only) ?? learn(only, outcomes, task);
    if (conflict !== undefined) return conflict;
  }
  return facts;
}

function hasCatch({ choices }: DraftTask): boolean {
  return choices.some(({ byError }: Choice) => byError);
}

/** What a task's way may have been if it completed. */
function successOf({ choices, type }: DraftTask): ReadonlySet<number | string> {
  if (type !== 'condition') return new Set([completed]);
  const last = Math.max(-1, ...choices.flatMap(({ outcome }) => (typeof outcome === 'number' ? [outcome] : [])));
  return new Set(Array.from({ length: last + 2 }, (_, number) => number));
}

function excluding(about: DraftTask, one: DraftTask, other: DraftTask, task: DraftTask): string {
  const name = (each: DraftTask) => (each === task ? 'it' : `"${each.label}"`);
  if (one === about || other === about) {
    const behind = one === about ? other : one;
    return `${behind === task ? 'it runs' : `${name(behind)} runs`} only if "${about.label}" fails, and it waits for that to complete`;
  }
  return `${name(one)} and ${name(other)} never both run, as "${about.label}" goes one way`;
}
