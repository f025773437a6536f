/**
 * What an expression may name. It is evaluated when its task begins, or once the task has its result; then it may name
 *  - every task of its own list that its task waits for, directly or through others;
 *  - what a task may name that contains its task, in the same way;
 *  - tasks inside of a `parallel` or `sequential` that it may name. What is inside of a `map` runs many times and is not
 *    named from outside;
 *  - with a result, the tasks inside of its own container.
 */
import type { Mention } from '../expressions/analyse.ts';
import { didYouMean } from '../language/object.ts';
import type { DraftBody, DraftGraph, DraftTask } from './draft.ts';
import type { Slot } from './slots.ts';

export type Verdict =
  | 'fine'
  /** Fine if the one is done before the other begins: both stand in one list. */
  | { earlier: DraftTask; later: DraftTask }
  | { message: string; hint?: string | undefined };

/** `wantsHint`: whether looking for what was meant is worth its time. */
export function judge({ name }: Mention, { task, after }: Slot, { byId }: DraftGraph, wantsHint: boolean): Verdict {
  const named = byId.get(name);
  if (named === undefined) {
    return { message: `there is no task "${name}"`, hint: wantsHint ? didYouMean(name, [...byId.keys()]) : undefined };
  }
  if (named === task) {
    const hint = after ? 'its own result is $result' : undefined;
    return { message: `a task cannot name itself: "${name}"`, hint };
  }
  const common = commonBody(named.body, task === undefined ? undefined : bodyFor(task, after));
  const closed = containersBetween(named, common).find(({ type }) => type === 'map');
  if (closed) {
    const hint = `name "${closed.label}": its output is the list`;
    return { message: `"${name}" stands inside of the map "${closed.label}" and runs many times`, hint };
  }
  const earlier = memberOf(named, common);
  const later = task === undefined ? undefined : memberOf(task, common);
  if (earlier === undefined) return 'fine';
  if (later === undefined) return 'fine';
  if (earlier === later && earlier === named) {
    return { message: `"${name}" contains this task and is not done before it` };
  }
  if (earlier === later) {
    return { message: `"${name}" stands inside of "${later.label}" and has not run then`, hint: 'say it in "output"' };
  }
  return { earlier, later };
}

/** The message for a task that may not have run. */
export function tooEarly({ name }: Mention, earlier: DraftTask, later: DraftTask): { message: string; hint: string } {
  const what = later.label === earlier.label ? name : later.label;
  return {
    message: `"${name}" may not have run by then`,
    hint: `add "${earlier.label}" to the "dependsOn" of "${what}"`,
  };
}

/** With a result, an expression is evaluated behind the tasks inside its container; those of a map are named by nobody. */
function bodyFor(task: DraftTask, after: boolean): DraftBody {
  return after && task.inner && task.type !== 'map' ? task.inner : task.body;
}

/** The innermost list in which both stand, themselves or inside of one of its tasks. Undefined `body`: the whole graph. */
function commonBody(one: DraftBody, body: DraftBody | undefined): DraftBody {
  let a = one;
  if (body === undefined) {
    while (a.owner) a = a.owner.body;
    return a;
  }
  let b = body;
  while (a !== b) {
    if (a.depth >= b.depth && a.owner) a = a.owner.body;
    else if (b.owner) b = b.owner.body;
    else break;
  }
  return a;
}

/** The task of the list in which it stands, or which contains it; undefined if the list is inside of the task. */
function memberOf(task: DraftTask, body: DraftBody): DraftTask | undefined {
  let member: DraftTask | undefined = task;
  while (member && member.body !== body) member = member.body.owner;
  return member;
}

/** The containers around a task, up to a list. */
function containersBetween(task: DraftTask, body: DraftBody): DraftTask[] {
  const containers: DraftTask[] = [];
  for (let here = task.body; here !== body && here.owner; here = here.owner.body) containers.push(here.owner);
  return containers;
}
