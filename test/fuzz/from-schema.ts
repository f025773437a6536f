/** Values that fit a schema of the OpenAPI document, and values that nearly do. */
import fc from 'fast-check';
import type { JsonSchema } from '../../lib/http/openapi.ts';
import { damaged, hostileJson, hostileText } from './hostile.ts';

export type Components = Record<string, JsonSchema>;

/** Texts that mean something in a field of that name: ids of runs that are there, names of workflows. */
export type Known = (field: string) => fc.Arbitrary<string>;

function fitting(schema: JsonSchema, components: Components, known: Known, field = ''): fc.Arbitrary<unknown> {
  const inner = (of: JsonSchema, name = field) => fitting(of, components, known, name);
  if (schema.$ref !== undefined) return inner(components[schema.$ref.split('/').at(-1) as string] as JsonSchema);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((of) => inner(of)));
  switch (schema.type) {
    case 'string': {
      const { minLength = 0, maxLength = 100 } = schema;
      if (schema.format === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
      const any = fc.string({ minLength, maxLength: Math.min(maxLength, minLength + 60) });
      return fc.oneof({ weight: 4, arbitrary: known(field) }, { weight: 1, arbitrary: any });
    }
    case 'integer':
      return integer(schema);
    case 'number':
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(inner(schema.items ?? {}), { maxLength: 3 });
    case 'object': {
      const fields = Object.entries(schema.properties ?? {}).map(([name, of]) => [name, inner(of, name)] as const);
      const requiredKeys = schema.required ?? [];
      return fc.record(Object.fromEntries(fields), { requiredKeys } as never);
    }
    default:
      return hostileJson;
  }
}

function integer({ minimum = -10, maximum = 1_000 }: JsonSchema): fc.Arbitrary<number> {
  const any = fc.integer({ min: minimum, max: Math.min(maximum, 10_000) });
  return fc.oneof(fc.integer({ min: Math.max(minimum, 1), max: Math.min(maximum, 3) }), any);
}

export function nearly(schema: JsonSchema, components: Components, known: Known, field = ''): fc.Arbitrary<unknown> {
  const fits = fitting(schema, components, known, field);
  return fc.oneof(
    { weight: 6, arbitrary: fits },
    {
      weight: 3,
      arbitrary: damaged(fits.map((value) => (typeof value === 'object' && value !== null ? value : { value }))),
    },
    { weight: 1, arbitrary: hostileJson },
    { weight: 1, arbitrary: hostileText },
  );
}
