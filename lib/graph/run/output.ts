import type { StepAttempt } from '../../kernel/operations.ts';
import type { Compensation, Json, Template } from '../definition.ts';
import type { Asking, GraphRun } from './host.ts';
import type { Place } from './place.ts';
import { toRetryOptions } from './retrying.ts';
import { callTarget, defaultTimeoutMs } from './targets.ts';

/** What a task gives once it has its result, and how it is undone. */

interface Giving {
  id: string;
  output: Template | undefined;
  compensate?: Compensation | undefined;
}

/** The compensation is registered even if the output cannot be computed: it gets the result then. */
export async function toOutput(run: GraphRun, task: Giving, place: Place, result: unknown): Promise<Json> {
  const given = { value: (result ?? null) as Json };
  if (task.compensate) register(run, task.id, task.compensate, place, given);
  if (task.output !== undefined) {
    const asking = { place, task: task.id, result: { value: given.value } };
    given.value = (await run.evaluate(task.output, asking)) ?? null;
  }
  return given.value;
}

function register(
  run: GraphRun,
  id: string,
  { target, input, retry, timeoutMs = defaultTimeoutMs(run, target) }: Compensation,
  place: Place,
  given: { value: Json },
): void {
  const asking: Asking = { place, task: id, now: place.ctx.now(), result: given };
  const key = place.scope.key(id);
  const undo = async (attempt: StepAttempt) => {
    const told = input === undefined ? given.value : await run.evaluate(input, asking);
    return callTarget(run, target, told, { id, key, attempt, asking });
  };
  place.ctx.compensate(id, undo, {
    retry: toRetryOptions(retry),
    ...(timeoutMs !== undefined && { timeout: timeoutMs }),
  });
}
