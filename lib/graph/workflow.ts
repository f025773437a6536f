import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type Workflow, workflow } from '../workflow/workflow.ts';
import type { Graph, Json, JsonSchema } from './definition.ts';
import type { Executors } from './executors/executors.ts';
import { collectHandlers, type Handler, type Handlers } from './handlers.ts';
import { planGraph } from './run/plan.ts';
import { runGraph } from './run/run-graph.ts';
import type { TaskChange } from './run/task-states.ts';
import { checkAgainst } from './schema/check-against.ts';

/** A workflow that was written as a graph. */
export interface GraphWorkflow extends Workflow {
  readonly graph: Graph;
}

export interface GraphWorkflowOptions {
  /** As `handlers()` makes them, or collected. */
  handlers?: ReadonlyMap<string, Handler> | Handlers | readonly Handlers[];
  /** Who does what is no handler's work. Default: nobody. */
  executors?: Executors;
  /** Told of what becomes of tasks, in replays too: see `createTaskStates`. It must not change anything. */
  onTask?: (change: TaskChange) => void;
}

/** Makes a workflow of a graph. Throws `Fault` invalid_input where two handlers have one name. */
export function graphWorkflow(graph: Graph, options: GraphWorkflowOptions = {}): GraphWorkflow {
  const { executors = {}, onTask } = options;
  const plan = planGraph(graph);
  const services = { handlers: toMap(options.handlers), executors, onTask };
  const made = workflow(
    {
      name: graph.name,
      version: graph.version,
      durability: graph.durability,
      input: standardSchema(graph.inputSchema ?? true),
      output: standardSchema(graph.outputSchema ?? true),
      ...(graph.timeoutMs !== undefined && { timeout: graph.timeoutMs }),
      ...(graph.retentionMs !== undefined && { retention: graph.retentionMs }),
    },
    (ctx, input) => runGraph(graph, plan, services, ctx, (input ?? null) as Json),
  );
  return { ...made, graph };
}

export function isGraphWorkflow(value: Workflow): value is GraphWorkflow {
  return 'graph' in value;
}

function toMap(given: GraphWorkflowOptions['handlers']): ReadonlyMap<string, Handler> {
  if (given instanceof Map) return given;
  return collectHandlers({ given: given ?? [] });
}

/** A JSON Schema as the interface that workflows take. */
function standardSchema(schema: JsonSchema): StandardSchemaV1 {
  return {
    '~standard': {
      version: 1,
      vendor: 'json-schema',
      validate(value) {
        const problems = checkAgainst(schema, (value ?? null) as Json);
        if (problems.length === 0) return { value };
        return { issues: problems.map(({ path, message }) => ({ message, ...(path !== '' && { path: [path] }) })) };
      },
    },
  };
}
