/**
 * Checks values against JSON Schemas of graphs. The schema is interpreted, never compiled to code; patterns are matched in
 * linear time, and the number of schemas that one check applies is bounded.
 */
import { dereference, format, type Schema, validate } from '@cfworker/json-schema';
import type { Problem } from '../../kernel/faults.ts';
import type { Json, JsonSchema } from '../definition.ts';
import { graphLimits } from '../limits.ts';
import { linearRegex } from '../linear-regex.ts';
import { explain } from './explain.ts';

interface Prepared {
  schema: Schema | boolean;
  lookup: Record<string, Schema | boolean>;
}

const prepared = new WeakMap<object, Prepared>();
let steps = 0;

class TooMuchWork extends Error {}

/** What is wrong with the value, with paths like `items[2].price`; empty if it fits. The schema is one that was parsed. */
export function checkAgainst(schema: JsonSchema, value: Json): Problem[] {
  if (schema === true) return [];
  const ready = prepare(schema);
  steps = 0;
  try {
    const { errors } = validate(value, ready.schema, '2020-12', ready.lookup, false);
    return explain(schema, value, errors);
  } catch (error) {
    if (!(error instanceof TooMuchWork || error instanceof RangeError)) throw error;
    return [{ path: '', message: 'the schema asks for too many checks of this value (limit schemaSteps)' }];
  }
}

function prepare(schema: JsonSchema): Prepared {
  const known = typeof schema === 'object' ? prepared.get(schema) : undefined;
  if (known) return known;
  const own = ownSchema(schema) as Schema | boolean;
  const result = { schema: own, lookup: dereference(own) };
  if (typeof schema === 'object') prepared.set(schema, result);
  return result;
}

const schemaMaps = new Set(['properties', '$defs', 'definitions', 'dependentSchemas']);
const plain = new Set(['enum', 'const', 'default', 'examples', 'required', 'type', 'dependentRequired']);

/** A copy that counts each use, with patterns as formats of our own and unique items bounded. */
function ownSchema(schema: Json): Json {
  if (schema === null || typeof schema !== 'object' || Array.isArray(schema)) return schema;
  const { pattern, format: formatName, ...rest } = schema;
  const own: { [key: string]: Json } = {};
  for (const [keyword, value] of Object.entries(rest)) {
    if (plain.has(keyword)) own[keyword] = value;
    else if (Array.isArray(value)) own[keyword] = value.map(ownSchema);
    else if (schemaMaps.has(keyword) && value !== null && typeof value === 'object') {
      own[keyword] = Object.fromEntries(Object.entries(value).map(([name, part]) => [name, ownSchema(part)]));
    } else own[keyword] = ownSchema(value);
  }
  if (formatName !== undefined) own.format = formatName;
  const more: Json[] = [];
  if (typeof pattern === 'string') {
    if (formatName === undefined) own.format = patternFormat(pattern);
    else more.push({ format: patternFormat(pattern) });
  }
  if (own.uniqueItems === true) {
    delete own.uniqueItems;
    const few = { maxItems: graphLimits.uniqueItems };
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
    more.push({ if: few, then: uniqueItems(graphLimits.uniqueItems), else: few });
  }
  if (more.length > 0) own.allOf = [...((own.allOf as Json[] | undefined) ?? []), ...more];
  return counted(own, 1);
}

/** To compare two items takes a fourth of what a step takes. */
const stepsForTwo = 0.25;
const shortList = 8;

/**
 * Of lists that are no longer. The interpreter compares all items with all: so lists are told apart by how long they are, and
 * each counts as the steps that comparing it takes.
 */
function uniqueItems(length: number): Json {
  const all = counted({ uniqueItems: true }, length * length * stepsForTwo);
  if (length <= shortList) return all;
  const half = Math.floor(length / 2);
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
  return { if: { maxItems: half }, then: uniqueItems(half), else: all };
}

/** Read by the interpreter whenever it applies the schema, which is then so many steps. */
function counted(schema: { [key: string]: Json }, by: number): Json {
  function count(): undefined {
    steps += by;
    if (steps > graphLimits.schemaSteps) throw new TooMuchWork();
    return undefined;
  }
  return Object.defineProperty(schema, '$recursiveAnchor', { enumerable: false, get: count });
}

const patternPrefix = 'pattern:';

/** The interpreter's own patterns may take exponential time; its formats are functions. */
function patternFormat(pattern: string): string {
  const name = `${patternPrefix}${pattern}`;
  if (!Object.hasOwn(format, name)) {
    const regex = linearRegex(pattern);
    format[name] = 'problem' in regex ? () => false : (text: string) => regex.find(text) !== undefined;
  }
  return name;
}
