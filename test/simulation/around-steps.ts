import type { Definition } from '../../lib/kernel/definition.ts';
import type { Birth } from '../../lib/kernel/events.ts';
import { type StepAttempt, withSteps } from '../../lib/kernel/operations.ts';

/** A step's function that is about to be called. */
export interface StepCall {
  run: Birth;
  /** The run's. */
  input: unknown;
  key: string;
  attempt: StepAttempt;
}

/** The workflow with something else in place of what its steps do. `work` is what they do. */
export function aroundSteps(
  definition: Definition,
  instead: (call: StepCall, work: () => unknown) => unknown,
): Definition {
  return {
    ...definition,
    run: (operations, input) =>
      definition.run(
        withSteps(operations, (key, spec) => ({
          ...spec,
          run: (attempt) => instead({ run: operations.run as Birth, input, key, attempt }, () => spec.run(attempt)),
        })),
        input,
      ),
  };
}
