import type { Operations } from '../../kernel/operations.ts';
import type { Inside } from '../../workflow/run-in-context.ts';
import type { Expression, Json, Template } from '../definition.ts';
import type { Executors } from '../executors/executors.ts';
import type { Handler } from '../handlers.ts';
import type { Place } from './place.ts';
import type { TaskChange } from './task-states.ts';

/** What a run of a graph works with. */
export interface Services {
  handlers: ReadonlyMap<string, Handler>;
  executors: Executors;
  /** Told of what becomes of tasks, in replays too. */
  onTask?: ((change: TaskChange) => void) | undefined;
}

/** One evaluation: for which task, where, and what it sees beside what its place shows. */
export interface Asking {
  place: Place;
  /** The id of the task; undefined for the graph itself. */
  task: string | undefined;
  /** What `$now` says. Default: the time of the latest event. Given where an evaluation may be repeated later. */
  now?: number;
  /** `$result`. */
  result?: { value: Json };
}

/** What is the same for all tasks of a run. */
export interface GraphRun extends Services {
  operations: Operations;
  contextIn: Inside['contextIn'];
  /** Undefined where the expression gives nothing. */
  evaluate(template: Template, asking: Asking): Promise<Json | undefined>;
  holds(condition: Expression, asking: Asking): Promise<boolean>;
}
