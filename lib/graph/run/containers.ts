import type { Json, MapTask, ParallelTask, SequentialTask } from '../definition.ts';
import { type RunningBody, startBody } from './body.ts';
import type { GraphRun } from './host.ts';
import { toOutput } from './output.ts';
import type { BodyHost, TaskPlace } from './place.ts';
import type { PlannedBody } from './plan.ts';
import { mapRounds } from './rounds.ts';
import { valueError } from './run-errors.ts';
import { createLane } from './scheduler.ts';
import { within } from './within.ts';

/** Tasks that hold tasks. */

export async function performContainer(
  run: GraphRun,
  host: BodyHost,
  task: ParallelTask | SequentialTask,
  plan: PlannedBody,
  place: TaskPlace,
  soon: () => void,
): Promise<Json> {
  const scope = place.scope.inner(task.id);
  const ctx = run.contextIn(scope);
  const limit = task.type === 'parallel' ? task.concurrency : undefined;
  const body = startBody(host, plan, {
    scope,
    ctx,
    lane: limit === undefined ? undefined : createLane(limit),
    outer: place.values,
    onEnd: soon,
  });
  place.values.hold(task.id, body.place.values);
  const forget = place.whenClosed(body.close);
  host.scheduler.go();
  const close = () => {
    forget();
    body.close();
  };
  const what = `The ${task.type} '${task.id}'`;
  const { output } = await within(run, { ctx, ms: task.timeoutMs, what, close }, body.result);
  return toOutput(run, task, place, output);
}

export async function performMap(
  run: GraphRun,
  host: BodyHost,
  task: MapTask,
  plan: PlannedBody,
  place: TaskPlace,
  soon: () => void,
): Promise<Json> {
  const { hold, unhold } = host.scheduler;
  const startRound = (item: Json, index: number): RunningBody => {
    const scope = place.scope.inner(`${task.id}[${index}]`);
    const round = { item, index };
    const ctx = run.contextIn(scope);
    return startBody(host, plan, { scope, ctx, lane: undefined, outer: place.values, round, onEnd: hold });
  };
  const begin = async () => {
    // What its first rounds make ready competes with all that became ready when the map did.
    hold();
    try {
      const items = await run.evaluate(task.items, { place, task: task.id });
      const running = mapRounds(toRounds(items, task.batch), task, { start: startRound, ended: unhold, soon });
      return { running, forget: place.whenClosed(running.close) };
    } finally {
      unhold();
    }
  };
  const { running, forget } = await begin();
  const scope = place.scope.inner(task.id);
  const ctx = run.contextIn(scope);
  const close = () => {
    forget();
    running.close();
    scope.close();
  };
  const results = await within(run, { ctx, ms: task.timeoutMs, what: `The map '${task.id}'`, close }, running.result);
  return toOutput(run, task, place, results);
}

/** What each round is about. */
function toRounds(items: Json | undefined, batch: number | undefined): Json[] {
  if (!Array.isArray(items)) throw valueError('What the map goes through', items, 'a list');
  if (batch === undefined) return items;
  const rounds: Json[] = [];
  for (let from = 0; from < items.length; from += batch) rounds.push(items.slice(from, from + batch));
  return rounds;
}
