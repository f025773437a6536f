import type { Context } from '../../workflow/context.ts';
import { insideOf } from '../../workflow/run-in-context.ts';
import type { Graph, Json } from '../definition.ts';
import { startBody } from './body.ts';
import { createEvaluator } from './evaluator.ts';
import type { GraphRun, Services } from './host.ts';
import { performTask } from './perform.ts';
import type { BodyHost } from './place.ts';
import type { PlannedBody } from './plan.ts';
import { createScheduler } from './scheduler.ts';

/**
 * A graph as the function of a workflow: it does everything through the context, so that it is journaled, recovered and
 * replayed like any other. What it decides follows from the input and from outcomes in the order of the journal.
 */
export async function runGraph(
  graph: Graph,
  plan: PlannedBody,
  services: Services,
  ctx: Context,
  input: Json,
): Promise<Json | undefined> {
  const { operations, scope, contextIn } = insideOf(ctx);
  const { evaluate, holds } = createEvaluator(operations, input);
  const run: GraphRun = { ...services, operations, contextIn, evaluate, holds };
  let stop!: (error: unknown) => void;
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = reject;
  });
  const host: BodyHost = {
    scheduler: createScheduler(graph.concurrency, stop),
    perform: (planned, place, soon) => performTask(run, host, planned, place, soon),
    evaluate: (template, place, task) => evaluate(template, { place, task }),
    holds: (condition, place, task) => holds(condition, { place, task }),
    stop,
    note: services.onTask,
  };
  const body = startBody(host, plan, { scope, ctx, lane: undefined, outer: undefined });
  host.scheduler.go();
  try {
    const { output, early } = await Promise.race([body.result, stopped]);
    if (early || graph.output === undefined) return output;
    return await evaluate(graph.output, { place: body.place, task: undefined });
  } finally {
    body.close();
  }
}
