import type { WorkflowDiff } from '../api.ts';
import { canonical } from './canonical.ts';
import type { WorkflowLanguage, WorkflowSource } from './language.ts';
import { diffLines } from './line-diff.ts';

/** What one definition has that the other has not, by tasks and by lines. */
export async function diffSources(
  language: WorkflowLanguage,
  from: WorkflowSource,
  to: WorkflowSource,
): Promise<Pick<WorkflowDiff, 'tasks' | 'hunks'>> {
  const [one, other] = await Promise.all([language.outline(from), language.outline(to)]);
  const isComparable = from.format === to.format;
  const hunks = isComparable ? diffLines(from.text, to.text) : diffLines(asLines(one.content), asLines(other.content));
  return { tasks: diffTasks(one.tasks, other.tasks), hunks };
}

function asLines(content: unknown): string {
  return JSON.stringify(content, undefined, 2) ?? '';
}

function diffTasks(from: ReadonlyMap<string, unknown>, to: ReadonlyMap<string, unknown>): WorkflowDiff['tasks'] {
  const ids = [...new Set([...from.keys(), ...to.keys()])];
  const stay = ids.filter((id) => from.has(id) && to.has(id));
  return {
    added: ids.filter((id) => !from.has(id)),
    removed: ids.filter((id) => !to.has(id)),
    changed: stay.filter((id) => canonical(from.get(id)) !== canonical(to.get(id))),
  };
}
