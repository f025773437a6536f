import type { Context } from '../../workflow/context.ts';
import type { Scope } from '../../workflow/scope.ts';
import type { Expression, Json, Template } from '../definition.ts';
import type { Outcome } from './join.ts';
import type { PlannedTask } from './plan.ts';
import type { Lane, Scheduler } from './scheduler.ts';
import type { TaskChange } from './task-states.ts';

/** Where a body runs. */
export interface Place {
  /** The body's own: it is closed when the body ends. */
  scope: Scope;
  ctx: Context;
  values: Values;
  lane: Lane | undefined;
}

/** Where a task runs: its body's place. */
export interface TaskPlace extends Place {
  /** Has this called when the body ends before the task. Answers with how to take that back. */
  whenClosed(callback: () => void): () => void;
}

/** What expressions see, from one body on outwards. */
export interface Values {
  /** How a task of this body, or inside of one of its containers, ended. Undefined: there is none, or it has not. */
  outcomeOf(id: string): Outcome | undefined;
  /** What is inside of the container of this id is seen from here on. */
  hold(id: string, inner: Values): void;
  /** What the body's round is about. */
  round: { item: Json; index: number } | undefined;
  outer: Values | undefined;
}

/** What is the same in all bodies of a run. */
export interface BodyHost {
  scheduler: Scheduler;
  /** Calls `soon` when its outcome is certain to come without any further event. */
  perform(planned: PlannedTask, place: TaskPlace, soon: () => void): Promise<Json>;
  /** For the task of this id. Undefined: the expression gives nothing. */
  evaluate(template: Template, place: Place, id: string): Promise<Json | undefined>;
  holds(condition: Expression, place: Place, id: string): Promise<boolean>;
  /** The run is to end, whatever its bodies are at. */
  stop(error: unknown): void;
  /** Told of what becomes of tasks. */
  note: ((change: TaskChange) => void) | undefined;
}

/** What a body needs to begin. */
export interface BodyPlace extends Omit<Place, 'values'> {
  /** Called when it ends by itself, right before its result is there. */
  onEnd?: (() => void) | undefined;
  outer: Values | undefined;
  round?: Values['round'];
}
