import type { Birth } from './events.ts';
import { Fault } from './faults.ts';
import { TimeoutError } from './stored-error.ts';

/** What ends a turn, or its program, though that threw nothing itself. */

/** Another driver has the run. */
export class Lost extends Error {}

export class EventLimit extends Error {
  override readonly name = 'LimitError';
  constructor(limit: number) {
    super(`The run's journal is longer than the limit eventsPerRun, ${limit}. Use ctx.continueAs() for long loops.`);
  }
}

export function graceOver(): TimeoutError {
  return new TimeoutError(
    'The run passed its deadline, and its compensation did not end within the limit timeoutGraceMs',
  );
}

export function stuck({ id, workflow, version }: Birth): Fault {
  return new Fault(
    'non_deterministic',
    `Run ${id} of ${workflow}@${version} is stuck: the workflow has not ended, and waits for none of its tasks. ` +
      "It probably awaits something that is not the context's: a promise that never settles, a fetch, a timer. Do such work in ctx.step().",
  );
}
