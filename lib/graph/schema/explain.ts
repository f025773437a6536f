import type { OutputUnit } from '@cfworker/json-schema';
import type { Problem } from '../../kernel/faults.ts';
import type { Json, JsonSchema } from '../definition.ts';
import { orList } from '../language/choice.ts';

/** Keywords whose complaint only says that a part of the value is wrong; the part's own complaint says what. */
const wrappers = new Set([
  '$ref',
  'allOf',
  'if',
  'properties',
  'additionalProperties',
  'unevaluatedProperties',
  'prefixItems',
  'items',
  'unevaluatedItems',
  'dependentSchemas',
]);

/** Keywords that stand for what their parts complain of. */
const choices = new Set(['anyOf', 'oneOf', 'propertyNames', 'contains']);

export function explain(schema: JsonSchema, value: Json, errors: OutputUnit[]): Problem[] {
  const hidden = errors.flatMap(({ keyword, keywordLocation }) =>
    choices.has(keyword) ? [`${keywordLocation}/`] : [],
  );
  const problems = errors.flatMap((unit): Problem[] => {
    if (wrappers.has(unit.keyword)) return [];
    if (hidden.some((location) => unit.keywordLocation.startsWith(location))) return [];
    const steps = partsOf(unit.instanceLocation);
    const expected = follow(schema, partsOf(unit.keywordLocation), schema);
    return [{ path: pathOf(value, steps), message: messageOf(unit, expected, follow(value, steps)) }];
  });
  const seen = new Set<string>();
  return problems.filter(({ path, message }) => {
    const key = `${path}\n${message}`;
    return !seen.has(key) && seen.add(key);
  });
}

function messageOf({ keyword, error }: OutputUnit, expected: Json | undefined, value: Json | undefined): string {
  const wanted = JSON.stringify(expected);
  switch (keyword) {
    case 'type': {
      const names = Array.isArray(expected) ? expected.map(String) : [String(expected)];
      return `expected ${orList(names.map((name) => typeWords[name] ?? name))}, found ${kindOf(value)}`;
    }
    case 'required':
      return `the field "${/"(.*)"/s.exec(error)?.[1] ?? ''}" is missing`;
    case 'false':
      return 'is not allowed here';
    case 'enum':
      return `expected ${Array.isArray(expected) ? orList(expected.map((item) => JSON.stringify(item))) : wanted}`;
    case 'const':
      return `expected ${wanted}`;
    case 'minimum':
      return `expected at least ${wanted}`;
    case 'maximum':
      return `expected at most ${wanted}`;
    case 'exclusiveMinimum':
      return `expected more than ${wanted}`;
    case 'exclusiveMaximum':
      return `expected less than ${wanted}`;
    case 'multipleOf':
      return `expected a multiple of ${wanted}`;
    case 'minLength':
      return `expected at least ${wanted} characters`;
    case 'maxLength':
      return `expected at most ${wanted} characters`;
    case 'minItems':
      return `expected at least ${wanted} items`;
    case 'maxItems':
      return 'has too many items';
    case 'format': {
      const pattern = /format "pattern:(.*)"\.$/s.exec(error)?.[1];
      return pattern === undefined
        ? `expected a text of the format ${wanted}`
        : `expected a text that matches ${pattern}`;
    }
    case 'anyOf':
      return 'fits none of the forms that are allowed here';
    case 'oneOf':
      return 'does not fit exactly one of the forms that are allowed here';
    case 'not':
      return 'has a form that is not allowed here';
    case 'contains':
      return 'has no item of the kind that has to be among them';
    default:
      return error.replace(/^Instance /, '').replace(/\.$/, '');
  }
}

const typeWords: Record<string, string> = {
  object: 'an object',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  null: 'null',
};

function kindOf(value: Json | undefined): string {
  if (value === undefined || value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : JSON.stringify(value).slice(0, 60);
}

function partsOf(location: string): string[] {
  const parts = location.split('/').slice(1);
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** With `root`, references are followed. */
function follow(from: Json, parts: string[], root?: Json): Json | undefined {
  let value: Json | undefined = from;
  for (const part of parts) {
    if (value === null || typeof value !== 'object') return undefined;
    const next: Json | undefined = Array.isArray(value)
      ? value[Number(part)]
      : Object.hasOwn(value, part)
        ? value[part]
        : undefined;
    const isReference: boolean = root !== undefined && part === '$ref' && typeof next === 'string';
    value = isReference ? follow(root ?? null, partsOf(String(next)), root) : next;
  }
  return value;
}

function pathOf(value: Json, parts: string[]): string {
  let path = '';
  let here: Json | undefined = value;
  for (const part of parts) {
    if (Array.isArray(here)) path += `[${part}]`;
    else path += path === '' ? part : `.${part}`;
    here = follow(here ?? null, [part]);
  }
  return path;
}
