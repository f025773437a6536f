import type { Body, Graph, GraphTask } from '../definition.ts';
import type { TaskState, TaskStates } from '../drawing/task-state.ts';

/** Something has become of a task. Tasks inside of a map have a key for each round. */
export interface TaskChange {
  id: string;
  /** Its id behind those of its containers, like `orders[3]/check`. */
  key: string;
  state: Exclude<TaskState, 'pending'>;
}

/** The first of these that a round of a map is in is the state of the task. */
const order: TaskState[] = ['running', 'waiting', 'failed', 'completed', 'skipped'];

/** Gathers the states of a run's tasks, as its journal gives them when it is replayed. */
export function createTaskStates(): { note(change: TaskChange): void; states(): TaskStates } {
  const rounds = new Map<string, Map<string, TaskState>>();
  return {
    note({ id, key, state }) {
      const states = rounds.get(id);
      if (states) states.set(key, state);
      else rounds.set(id, new Map([[key, state]]));
    },
    states: () =>
      new Map(
        [...rounds].map(([id, states]) => {
          const found = new Set(states.values());
          return [id, order.find((state) => found.has(state)) as TaskState];
        }),
      ),
  };
}

/** The graph's task that a task of the journal belongs to. Undefined: to none, the graph has changed. */
export function taskOfKey(graph: Graph, key: string): GraphTask | undefined {
  let body: Body | undefined = graph.body;
  let found: GraphTask | undefined;
  for (const segment of key.replace(/^compensate:/, '').split('/')) {
    const task: GraphTask | undefined = body?.tasks.find(({ id }) => id === idIn(segment));
    if (!task) break;
    found = task;
    body = 'body' in task ? task.body : undefined;
  }
  return found;
}

/** Without the kind of wait, the round of a map, and the attempt. */
function idIn(segment: string): string {
  return segment.replace(/^(sleep|signal):/, '').replace(/(\[\d+\])?(#\d+)?$/, '');
}
