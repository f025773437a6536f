import { type Operations, type Task, WorkflowError } from '../kernel/operations.ts';

/**
 * A part of a workflow with names of its own: the root, a branch of a race, an item of a map.
 *
 * Owns: keys, and closing everything that was started in it.
 */
export interface Scope {
  readonly closed: boolean;
  /** `<names of the scopes>/<name>`. Throws `WorkflowError` for a name that cannot be part of a key. */
  key(name: string): string;
  /** The same with `#2`, `#3`, … from the second use on, for tasks that repeat by nature. */
  nextKey(name: string): string;
  /** A scope within this one. */
  inner(name: string): Scope;
  /** The task's result; for ever open once the scope is closed. */
  track(start: () => Task): Promise<unknown>;
  close(): void;
}

const maxNameChars = 128;
const never = new Promise<never>(() => {});

export function createScope(operations: Operations, prefix = '', onClose = () => {}): Scope {
  const tasks = new Set<Task>();
  const inners = new Set<Scope>();
  const counts = new Map<string, number>();
  let closed = false;

  function key(name: string): string {
    if (typeof name !== 'string' || name === '' || name.length > maxNameChars || name.includes('/')) {
      throw new WorkflowError(
        `'${String(name).slice(0, 40)}' cannot name a task: a name has 1 to ${maxNameChars} characters and no '/'`,
      );
    }
    return prefix === '' ? name : `${prefix}/${name}`;
  }

  return {
    get closed() {
      return closed;
    },
    key,
    nextKey(name) {
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      return count === 1 ? key(name) : `${key(name)}#${count}`;
    },
    inner(name) {
      const inner: Scope = createScope(operations, key(name), () => inners.delete(inner));
      if (closed) inner.close();
      else inners.add(inner);
      return inner;
    },
    track(start) {
      if (closed) return never;
      const task = start();
      // The root is never closed: it needs to know nothing of its tasks.
      if (prefix === '') return task.result;
      tasks.add(task);
      const forget = () => tasks.delete(task);
      task.result.then(forget, forget);
      return task.result;
    },
    close() {
      closed = true;
      for (const task of tasks) task.close();
      for (const inner of [...inners]) inner.close();
      tasks.clear();
      onClose();
    },
  };
}
