import type { Json, JsonSchema } from '../definition.ts';
import { graphShape } from './graph-language.ts';

/** The JSON Schema of graphs, for editors: what stands where. What names mean is checked by the parser alone. */
export function graphJsonSchema(): { [key: string]: Json } {
  const definitions = new Map<string, JsonSchema>();
  const schema = graphShape.schema(definitions);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Pawl task graph',
    ...schema,
    $defs: Object.fromEntries(definitions),
  };
}
