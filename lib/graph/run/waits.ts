import { type Duration, toMoment, toMs } from '../../workflow/duration.ts';
import type { Workflow } from '../../workflow/workflow.ts';
import type { Expression, Json, SignalTask, SubWorkflowTask, WaitTask } from '../definition.ts';
import { checkAgainst } from '../schema/check-against.ts';
import type { GraphRun } from './host.ts';
import { toOutput } from './output.ts';
import type { Place } from './place.ts';
import { payloadError, valueError } from './run-errors.ts';
import { toText } from './targets.ts';
import { isPastDeadline, within } from './within.ts';

/** Tasks that wait: for time, for a signal, for another run. */

export async function performWait(run: GraphRun, { id, for: wait }: WaitTask, place: Place): Promise<Json> {
  const { ctx } = place;
  const computed = (expression: Expression) => run.evaluate({ kind: 'expression', expression }, { place, task: id });
  switch (wait.kind) {
    case 'duration':
      await ctx.sleep(wait.ms, { name: id });
      break;
    case 'durationExpression':
      await ctx.sleep(toDuration(await computed(wait.expression)), { name: id });
      break;
    case 'until':
      await ctx.sleepUntil(wait.at, { name: id });
      break;
    case 'untilExpression':
      await ctx.sleepUntil(toInstant(await computed(wait.expression)), { name: id });
  }
  return null;
}

function toDuration(value: Json | undefined): number {
  try {
    if (typeof value === 'string' || typeof value === 'number') return toMs(value as Duration, '');
  } catch {
    // Said below, with what it is.
  }
  throw valueError('The duration', value, "a duration like '30s' or '2h', or milliseconds");
}

function toInstant(value: Json | undefined): number {
  try {
    if (typeof value === 'string' || typeof value === 'number') return toMoment(value, '');
  } catch {
    // Said below, with what it is.
  }
  throw valueError('The moment', value, 'a moment in ISO 8601, or milliseconds since the epoch');
}

export async function performSignal(run: GraphRun, task: SignalTask, place: Place): Promise<Json> {
  const { id, schema, timeoutMs } = task;
  const name = toText(await run.evaluate(task.signal, { place, task: id }), "The signal's name");
  const hasTimeout = timeoutMs !== undefined && !isPastDeadline(run, timeoutMs);
  const payload = await place.ctx.signal<Json>(name, { name: id, ...(hasTimeout && { timeout: timeoutMs }) });
  const problems = schema === undefined ? [] : checkAgainst(schema, payload ?? null);
  if (problems.length > 0) throw payloadError(`The payload of signal '${name}'`, problems);
  return toOutput(run, task, place, payload);
}

export async function performSubWorkflow(run: GraphRun, task: SubWorkflowTask, place: Place): Promise<Json> {
  const { id, workflow, workflowVersion, timeoutMs } = task;
  const input = task.input === undefined ? undefined : await run.evaluate(task.input, { place, task: id });
  const scope = place.scope.inner(id);
  const ctx = run.contextIn(scope);
  const of = workflowVersion === undefined ? { name: workflow } : { name: workflow, version: workflowVersion };
  // Of a workflow that is a child only these two are looked at, and it may be deployed elsewhere.
  const child = ctx.child(of as Workflow, input);
  const close = () => scope.close();
  const result = await within(run, { ctx, ms: timeoutMs, what: `Sub-workflow '${id}'`, close }, child);
  return toOutput(run, task, place, result);
}
