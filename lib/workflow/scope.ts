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

/** A class, and its collections made when something is put in: a map has a scope for each of its items, to the end. */
class NamedScope implements Scope {
  closed = false;
  readonly #operations: Operations;
  readonly #prefix: string;
  readonly #outer: NamedScope | undefined;
  #tasks: Set<Task> | undefined;
  #inners: Set<Scope> | undefined;
  #counts: Map<string, number> | undefined;

  constructor(operations: Operations, prefix: string, outer?: NamedScope) {
    this.#operations = operations;
    this.#prefix = prefix;
    this.#outer = outer;
  }

  key(name: string): string {
    if (typeof name !== 'string' || name === '' || name.length > maxNameChars || name.includes('/')) {
      throw new WorkflowError(
        `'${String(name).slice(0, 40)}' cannot name a task: a name has 1 to ${maxNameChars} characters and no '/'`,
      );
    }
    return this.#prefix === '' ? name : `${this.#prefix}/${name}`;
  }

  nextKey(name: string): string {
    this.#counts ??= new Map();
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    return count === 1 ? this.key(name) : `${this.key(name)}#${count}`;
  }

  inner(name: string): Scope {
    const inner = new NamedScope(this.#operations, this.key(name), this);
    this.#inners ??= new Set();
    if (this.closed) inner.close();
    else this.#inners.add(inner);
    return inner;
  }

  track(start: () => Task): Promise<unknown> {
    if (this.closed) return never;
    const task = start();
    // The root is never closed: it needs to know nothing of its tasks.
    if (this.#prefix === '') return task.result;
    this.#tasks ??= new Set();
    this.#tasks.add(task);
    const forget = () => this.#forget(task);
    task.result.then(forget, forget);
    return task.result;
  }

  close(): void {
    this.closed = true;
    const tasks = this.#tasks ?? [];
    for (const task of tasks) task.close();
    for (const inner of [...(this.#inners ?? [])]) inner.close();
    this.#tasks = undefined;
    if (this.#outer) this.#outer.#inners?.delete(this);
  }

  #forget(task: Task): void {
    this.#tasks?.delete(task);
    if (this.#tasks?.size === 0) this.#tasks = undefined;
  }
}

export function createScope(operations: Operations): Scope {
  return new NamedScope(operations, '');
}
