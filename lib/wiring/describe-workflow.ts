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

async function jsonSchemaOf(schema: Schema | undefined, io: 'input' | 'output'): Promise<unknown> {
  if (schema?.['~standard'].vendor !== 'zod') return undefined;
  const { jsonSchemaOfZod } = await import('./json-schema-of-zod.ts');
  return jsonSchemaOfZod(schema, io);
}

/** Asked without loading what runs graphs. */
function isGraphWorkflow(workflow: Workflow): workflow is GraphWorkflow {
  return 'graph' in workflow;
}
