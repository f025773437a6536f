import type { Reader } from '../language/shape.ts';
import type { DraftBody, DraftTask } from './draft.ts';

/**
 * The tasks of a body, each behind all that it waits for; a cycle is a problem, and what is in one or behind one is left
 * out. Linear in tasks and edges.
 */
export function inOrder(body: DraftBody, reader: Reader): DraftTask[] {
  const { tasks } = body;
  const open = tasks.map(({ waitsFor }) => waitsFor.length);
  const dependents: number[][] = tasks.map(() => []);
  for (const { number, waitsFor } of tasks) for (const other of waitsFor) dependents[other.number]?.push(number);
  const order = tasks.filter(({ waitsFor }) => waitsFor.length === 0);
  for (const { number } of order) {
    for (const dependent of dependents[number] ?? []) {
      const left = (open[dependent] ?? 0) - 1;
      open[dependent] = left;
      const task = tasks[dependent];
      if (left === 0 && task) order.push(task);
    }
  }
  if (order.length < tasks.length) {
    const isDone = new Set(order);
    for (const cycle of cyclesOf(
      tasks.filter((task) => !isDone.has(task)),
      isDone,
    ))
      complainOfCycle(cycle, reader);
  }
  return order;
}

/** One cycle for each knot of tasks that wait for each other. */
function cyclesOf(rest: DraftTask[], isDone: ReadonlySet<DraftTask>): DraftTask[][] {
  const cycles: DraftTask[][] = [];
  const knots = knotsOf(rest, isDone);
  for (const knot of knots) {
    const members = new Set(knot);
    const [first] = knot;
    if (first === undefined || (knot.length === 1 && !first.waitsFor.includes(first))) continue;
    cycles.push(shortestCycle(first, members));
  }
  return cycles;
}

/** Tarjan's strongly connected components, without recursion; each in the order of the file. */
function knotsOf(rest: DraftTask[], isDone: ReadonlySet<DraftTask>): DraftTask[][] {
  const index = new Map<DraftTask, number>();
  const low = new Map<DraftTask, number>();
  const onStack = new Set<DraftTask>();
  const stack: DraftTask[] = [];
  const knots: DraftTask[][] = [];
  const lower = (task: DraftTask, to: number) => low.set(task, Math.min(low.get(task) ?? to, to));

  for (const root of rest) {
    if (index.has(root)) continue;
    const path: { task: DraftTask; next: number }[] = [];
    const enter = (task: DraftTask) => {
      index.set(task, index.size);
      low.set(task, index.get(task) ?? 0);
      stack.push(task);
      onStack.add(task);
      path.push({ task, next: 0 });
    };
    enter(root);
    for (let here = path.at(-1); here !== undefined; here = path.at(-1)) {
      const { task } = here;
      const other = task.waitsFor[here.next];
      here.next += 1;
      if (other === undefined) {
        path.pop();
        const caller = path.at(-1);
        if (caller) lower(caller.task, low.get(task) ?? 0);
        if (low.get(task) === index.get(task)) knots.push(popKnot(task, stack, onStack));
      } else if (isDone.has(other)) continue;
      else if (!index.has(other)) enter(other);
      else if (onStack.has(other)) lower(task, index.get(other) ?? 0);
    }
  }
  return knots;
}

function popKnot(root: DraftTask, stack: DraftTask[], onStack: Set<DraftTask>): DraftTask[] {
  const knot = stack.splice(stack.lastIndexOf(root));
  for (const task of knot) onStack.delete(task);
  return knot.sort((a, b) => a.number - b.number);
}

function shortestCycle(first: DraftTask, members: ReadonlySet<DraftTask>): DraftTask[] {
  const cameFrom = new Map<DraftTask, DraftTask | undefined>([[first, undefined]]);
  const queue = [first];
  for (const task of queue) {
    for (const other of task.waitsFor) {
      if (other === first) {
        const cycle = [first];
        for (let step: DraftTask | undefined = task; step !== undefined; step = cameFrom.get(step)) cycle.push(step);
        return cycle.reverse();
      }
      if (!members.has(other) || cameFrom.has(other)) continue;
      cameFrom.set(other, task);
      queue.push(other);
    }
  }
  return [first];
}

const shownTasks = 12;

/** `cycle`: from a task to what it waits for, and so on, to itself. */
function complainOfCycle(cycle: DraftTask[], reader: Reader): void {
  const [first, second] = cycle;
  if (first === undefined || second === undefined) return;
  const labels = cycle.map(({ label }) => label);
  const shown = labels.length > shownTasks ? [...labels.slice(0, shownTasks - 2), '…', ...labels.slice(-1)] : labels;
  const count = labels.length > shownTasks ? ` (${labels.length - 1} tasks)` : '';
  const name = first.dependsOn.find(({ text }) => text === second.id?.text);
  const chosen = second.choices.find(({ target }) => target.text === first.id?.text)?.target;
  const place = name ?? chosen ?? first.id ?? { offset: first.read.node.start, path: first.read.path };
  const isByChoice = cycle.some((task, at) =>
    cycle[at + 1]?.choices.some(({ target }) => target.text === task.id?.text),
  );
  const hint = isByChoice
    ? 'a chosen task waits for the one that chooses it; to do something again, use "retry" or a map'
    : 'each waits for the next';
  reader.problems.add(place.offset, place.path, `tasks wait for each other: ${shown.join(' → ')}${count}`, hint);
}
