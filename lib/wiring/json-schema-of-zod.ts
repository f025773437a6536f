/** Apart, and of zod only what is used here: it is loaded for those whose schemas are zod's, and for nobody else. */
import { toJSONSchema, ZodType } from 'zod';

/** `undefined`: it is no schema of this zod, or has none in JSON. */
export function jsonSchemaOfZod(schema: unknown, io: 'input' | 'output'): unknown {
  if (!(schema instanceof ZodType)) return undefined;
  try {
    return toJSONSchema(schema, { io });
  } catch {
    // Transforms and the like.
    return undefined;
  }
}
