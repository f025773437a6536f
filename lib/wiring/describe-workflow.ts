import type { GraphWorkflow } from '../graph/workflow.ts';
import type { Definition } from '../kernel/definition.ts';
import type { WorkflowView } from '../service/api.ts';
import type { Schema } from '../workflow/schema.ts';
import { isWorkflow, type Workflow } from '../workflow/workflow.ts';

/** The JSON Schemas of a workflow's input and output, where it is a graph or its schemas are zod's. */
export async function describeWorkflow(definition: Definition): Promise<Pick<WorkflowView, 'input' | 'output'>> {
  if (!isWorkflow(definition)) return {};
  if (isGraphWorkflow(definition)) {
    const { inputSchema, outputSchema } = definition.graph;
    return {
      ...(inputSchema !== undefined && { input: inputSchema }),
      ...(outputSchema !== undefined && { output: outputSchema }),
    };
  }
  const input = await jsonSchemaOf(definition.schemas.input, 'input');
  const output = await jsonSchemaOf(definition.schemas.output, 'output');
  return { ...(input !== undefined && { input }), ...(output !== undefined && { output }) };
}

/** Only who has a schema of zod's has loaded zod. */
async function jsonSchemaOf(schema: Schema | undefined, io: 'input' | 'output'): Promise<unknown> {
  if (schema?.['~standard'].vendor !== 'zod') return undefined;
  const z = await import('zod');
  if (!(schema instanceof z.ZodType)) return undefined;
  try {
    return z.toJSONSchema(schema, { io });
  } catch {
    // Transforms and the like have no JSON Schema.
    return undefined;
  }
}

/** Asked without loading what runs graphs. */
function isGraphWorkflow(workflow: Workflow): workflow is GraphWorkflow {
  return 'graph' in workflow;
}
