import { createTestPawl, type TestPawl, type TestPawlOptions, type TestRun } from 'pawl/testing';
import { onTestFinished } from 'vitest';
import type { Executors } from '../../../lib/graph/executors/executors.ts';
import { type Handler, handlers } from '../../../lib/graph/handlers.ts';
import { loadGraph } from '../../../lib/graph/parse-graph.ts';
import { type GraphWorkflow, graphWorkflow } from '../../../lib/graph/workflow.ts';
import type { Workflow } from '../../../lib/workflow/workflow.ts';

export interface GraphKit {
  t: TestPawl;
  flow: GraphWorkflow;
  /** What handlers were called, as `<handler> <key>`, in order. */
  calls: string[];
  start(input?: unknown): Promise<TestRun>;
}

export interface GraphKitOptions extends Partial<Omit<TestPawlOptions, 'workflows'>> {
  executors?: Executors;
  /** Workflows beside the graph. */
  others?: Workflow[];
}

/** A graph of this text in the test kit. What a graph names and a test does not say gives its input back. */
export async function openGraph(
  text: string,
  functions: Record<string, Handler> = {},
  { executors = {}, others = [], ...options }: GraphKitOptions = {},
): Promise<GraphKit> {
  const calls: string[] = [];
  const flow = graphOf(text, { echo: (input) => input, ...functions }, executors, calls);
  const t = await createTestPawl({ workflows: [flow, ...others], ...options });
  onTestFinished(() => t.close());
  return { t, flow, calls, start: (input) => t.start(flow, input) };
}

export function graphOf(
  text: string,
  functions: Record<string, Handler> = {},
  executors: Executors = {},
  calls: string[] = [],
): GraphWorkflow {
  const noted = Object.entries(functions).map(([name, run]): [string, Handler] => [
    name,
    (input, task) => {
      calls.push(`${name} ${task.key}`);
      return run(input, task);
    },
  ]);
  const graph = loadGraph(text, { file: 'test.yaml' });
  return graphWorkflow(graph, { handlers: handlers(Object.fromEntries(noted)), executors });
}

/** Keys of the run's tasks that ended so, in the order in which they did. */
export async function keysOf(
  run: TestRun,
  type: 'task_completed' | 'task_failed' | 'child_settled' = 'task_completed',
): Promise<string[]> {
  const entries = await run.history();
  return entries.filter((entry) => entry.type === type).map(({ key }) => String(key));
}
