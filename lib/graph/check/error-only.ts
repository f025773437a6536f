import type { DraftTask } from './draft.ts';

/**
 * The tasks of a body that run only after an error: those that nobody but a `catch` chooses, and those behind them that
 * could not run without them.
 */
export function errorOnly(tasks: readonly DraftTask[]): ReadonlySet<DraftTask> {
  const found = new Set<DraftTask>();
  const pending = tasks.filter(({ choosers }) => choosers.length > 0 && choosers.every(({ choice }) => choice.byError));
  const dependents = new Map<DraftTask, DraftTask[]>();
  for (const task of tasks) {
    for (const other of task.waitsFor) {
      const known = dependents.get(other);
      if (known) known.push(task);
      else dependents.set(other, [task]);
    }
  }
  for (const task of pending) {
    if (found.has(task)) continue;
    found.add(task);
    for (const dependent of dependents.get(task) ?? []) {
      if (!found.has(dependent) && followsOnly(dependent, found)) pending.push(dependent);
    }
  }
  return found;
}

function followsOnly({ dependencies, choosers, join }: DraftTask, found: ReadonlySet<DraftTask>): boolean {
  if (choosers.length > 0) return choosers.every((chooser) => found.has(chooser.task) || chooser.choice.byError);
  if (join === 'all_succeeded') return dependencies.some((other) => found.has(other));
  return join === 'any_succeeded' && dependencies.every((other) => found.has(other));
}
