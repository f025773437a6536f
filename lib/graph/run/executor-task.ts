import type { StepAttempt } from '../../kernel/operations.ts';
import type { Context } from '../../workflow/context.ts';
import { toFraction } from '../../workflow/derived.ts';
import type { Scope } from '../../workflow/scope.ts';
import type { ExecutorTarget, ExecutorTask, GraphRetry, Json } from '../definition.ts';
import { isFinal } from '../executors/executor-error.ts';
import type { Asking, GraphRun } from './host.ts';
import { toOutput } from './output.ts';
import type { Place } from './place.ts';
import { isWorthRetrying, toRetryOptions } from './retrying.ts';
import { callStandIn, callTarget, defaultTimeoutMs, hasStandIn, isNotOffered, notOffered } from './targets.ts';
import { isPastDeadline } from './within.ts';

/** Tasks that have work done: in a step, or by the consumer of a queue. */

export async function performExecutor(run: GraphRun, task: ExecutorTask, place: Place): Promise<Json> {
  const { target } = task;
  const isAsked = target.kind === 'queue' && (run.executors.queue || !hasStandIn(run, target, task.id));
  const result = await (isAsked ? askQueue(run, task, target, place) : runStep(run, task, target, place));
  return toOutput(run, task, place, result);
}

function runStep(run: GraphRun, task: ExecutorTask, target: ExecutorTarget, place: Place): Promise<unknown> {
  const { id, timeoutMs = defaultTimeoutMs(run, target), heartbeatTimeoutMs, atMostOnce } = task;
  const asking: Asking = { place, task: id, now: place.ctx.now() };
  const key = place.scope.key(id);
  // The input is evaluated in the step: a replay, which runs no steps, has no use for it.
  const work = async (attempt: StepAttempt) => {
    const input = task.input === undefined ? undefined : await run.evaluate(task.input, asking);
    const call = { id, key, attempt, asking };
    return target.kind === 'queue' ? callStandIn(run, target, input, call) : callTarget(run, target, input, call);
  };
  return place.ctx.step(id, work, {
    retry: toRetryOptions(task.retry),
    atMostOnce,
    ...(timeoutMs !== undefined && { timeout: timeoutMs }),
    ...(heartbeatTimeoutMs !== undefined && { heartbeatTimeout: heartbeatTimeoutMs }),
  });
}

// --- queues ------------------------------------------------------------------------------------------------------------

/** How often the sending itself is tried, in each attempt of the task. */
const sendingRetry = { attempts: 5 };

/** Sends the input with a token, and waits for the answer; an error that is answered counts as a failed attempt. */
async function askQueue(
  run: GraphRun,
  task: ExecutorTask,
  target: Extract<ExecutorTarget, { kind: 'queue' }>,
  place: Place,
): Promise<unknown> {
  const { id, retry } = task;
  const asking: Asking = { place, task: id, now: place.ctx.now() };
  const input = task.input === undefined ? null : ((await run.evaluate(task.input, asking)) ?? null);
  for (let attempt = 1; ; attempt += 1) {
    const scope = place.scope.inner(attempt === 1 ? id : `${id}#${attempt}`);
    try {
      return await sendAndWait(run, task, target.queue, input, run.contextIn(scope));
    } catch (error) {
      const isLast = attempt >= retry.attempts || isNotOffered(error);
      if (isLast || !isWorthRetrying(retry, error)) throw error;
    } finally {
      scope.close();
    }
    await place.ctx.sleep(delayAfter(run, retry, attempt, place.scope, id), { name: `${id}#${attempt + 1}` });
  }
}

async function sendAndWait(
  run: GraphRun,
  { timeoutMs }: ExecutorTask,
  name: string,
  input: Json,
  ctx: Context,
): Promise<unknown> {
  const hasTimeout = timeoutMs !== undefined && !isPastDeadline(run, timeoutMs);
  const callback = ctx.callback('answer', hasTimeout ? { timeout: timeoutMs } : {});
  const send = async (attempt: StepAttempt) => {
    const { queue } = run.executors;
    if (!queue) throw notOffered('queues', 'configure the queue executor');
    await queue.sendToQueue(name, { input, callbackToken: callback.token }, attempt);
  };
  await ctx.step('send', send, { retry: { ...sendingRetry, retryIf: (error) => !isFinal(error) } });
  return callback.result;
}

/** As long as a step would wait before its next attempt, in ms. */
function delayAfter(run: GraphRun, retry: GraphRetry, attempt: number, scope: Scope, id: string): number {
  const grown = retry.initialMs === 0 ? 0 : retry.initialMs * retry.factor ** (attempt - 1);
  const chance = toFraction(run.operations.derive(`retry:${scope.key(id)}#${attempt}`));
  return Math.round(Math.min(retry.maxMs, grown) * (1 - retry.jitter * chance));
}
