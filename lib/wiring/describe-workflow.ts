import * as z from 'zod';
import type { Definition } from '../kernel/definition.ts';
import type { WorkflowView } from '../service/api.ts';
import { isWorkflow } from '../workflow/workflow.ts';

/** The JSON Schemas of a workflow's input and output, where its schemas are zod's. */
export function describeWorkflow(definition: Definition): Partial<WorkflowView> {
  if (!isWorkflow(definition)) return {};
  const input = jsonSchemaOf(definition.schemas.input, 'input');
  const output = jsonSchemaOf(definition.schemas.output, 'output');
  return { ...(input !== undefined && { input }), ...(output !== undefined && { output }) };
}

function jsonSchemaOf(schema: unknown, io: 'input' | 'output'): unknown {
  if (!(schema instanceof z.ZodType)) return undefined;
  try {
    return z.toJSONSchema(schema, { io });
  } catch {
    // Transforms and the like have no JSON Schema.
    return undefined;
  }
}
