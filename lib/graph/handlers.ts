import { Fault } from '../kernel/faults.ts';
import type { StepAttempt } from '../kernel/operations.ts';

/** What a handler is told beside its input: all that a step is told, and which task of which run it works for. */
export interface HandlerTask extends StepAttempt {
  /** The task's id in the graph. */
  readonly id: string;
  /** The task's key in the journal: its id behind those of its containers, like `orders[3]/check`. */
  readonly key: string;
  readonly run: {
    readonly id: string;
    readonly workflow: string;
    readonly version: number;
    readonly correlationId?: string;
  };
}

interface HandlerShape {
  // As a method, so that a handler may say what its input is.
  handle(input: unknown, task: HandlerTask): unknown;
}

/** A function that tasks of graphs name. It may run more than once, like a step; what it returns is stored as JSON. */
export type Handler = HandlerShape['handle'];

/** Handlers by the names that graphs use. */
export interface Handlers<Names extends string = string> {
  readonly '~pawl': 'handlers';
  readonly functions: Readonly<Record<Names, Handler>>;
}

/**
 * Makes functions known to graphs, under their names: `export const orderHandlers = handlers({ async reserve(input) { … } })`.
 * Throws `Fault` invalid_input for what is no function.
 */
export function handlers<Functions extends Record<string, Handler>>(
  functions: Functions,
): Handlers<keyof Functions & string> {
  for (const [name, handler] of Object.entries(functions)) {
    if (typeof handler !== 'function') throw new Fault('invalid_input', `The handler ${name} is not a function`);
    if (name === '' || name.length > 128) {
      throw new Fault('invalid_input', `'${name.slice(0, 40)}' cannot name a handler: a name has 1 to 128 characters`);
    }
  }
  return { '~pawl': 'handlers', functions: { ...functions } };
}

/** By its shape, since a module may have been built with another copy of Pawl. */
export function isHandlers(value: unknown): value is Handlers {
  if (typeof value !== 'object' || value === null) return false;
  const { '~pawl': brand, functions } = value as Partial<Handlers>;
  return brand === 'handlers' && typeof functions === 'object' && functions !== null;
}

/**
 * All handlers among a module's exports, also in arrays, by name; the same function under one name counts once. Throws
 * `Fault` invalid_input where two functions have one name.
 */
export function collectHandlers(module: Record<string, unknown>): Map<string, Handler> {
  const found = new Map<string, Handler>();
  for (const exported of Object.values(module).flat()) {
    if (!isHandlers(exported)) continue;
    for (const [name, handler] of Object.entries(exported.functions)) {
      if ((found.get(name) ?? handler) !== handler) {
        throw new Fault('invalid_input', `There are two handlers named ${name}: give one of them another name`);
      }
      found.set(name, handler);
    }
  }
  return found;
}
