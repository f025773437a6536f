import type { JsonSchema } from '../definition.ts';
import { checkSchema } from '../schema/check-schema.ts';
import { toJson } from '../source/source.ts';
import type { Shape } from './shape.ts';

/** A JSON Schema, checked as far as it goes. */
export const jsonSchema: Shape<JsonSchema> = {
  words: 'a JSON Schema (2020-12)',
  read(node, path, reader) {
    checkSchema(node, path, reader);
    return node.kind === 'map' ? (toJson(node) as JsonSchema) : node.kind === 'scalar' && node.value === true;
  },
  schema: () => ({ type: ['object', 'boolean'] }),
};
