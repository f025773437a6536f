import type { Expression, Place } from '../definition.ts';

export interface ExpressionFailure {
  expression: Expression;
  /** The task that the expression belongs to. */
  task: string | undefined;
  message: string;
  /** In the expression's source, from 0. */
  position: number;
  cause?: unknown;
}

/** An expression that does not parse or cannot be evaluated. It fails again when it is tried again. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
  readonly source: string;
  readonly place: Place;
  readonly task: string | undefined;
  readonly position: number;

  constructor({ expression, task, message, position, cause }: ExpressionFailure) {
    const { source, place } = expression;
    const owner = task === undefined ? place.path : `${place.path} of task ${task}`;
    const shown = source.trim();
    const quoted = shown.length > 80 ? `${shown.slice(0, 77)}…` : shown;
    super(
      `${owner} (line ${place.line}, column ${place.column}): {% ${quoted} %}, character ${position + 1}: ${message}`,
      cause === undefined ? undefined : { cause },
    );
    this.source = source;
    this.place = place;
    this.task = task;
    this.position = position;
  }
}
