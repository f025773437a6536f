import { nearest } from '../../workflow/nearest.ts';
import type { Json, JsonSchema } from '../definition.ts';
import { entryOf, isBroken, type SourceMap, type SourceNode } from '../source/nodes.ts';
import { at, type Path } from '../source/path.ts';
import { orList } from './choice.ts';
import { type Reader, type Shape, unexpected } from './shape.ts';

export interface Field<T> {
  shape: Shape<T>;
  /** One sentence or two, for the reference and for editors. */
  doc: string;
  required: boolean;
  /** What holds where the field is left out, in words. */
  otherwise?: string | undefined;
}

export type Fields = Record<string, Field<unknown>>;

/** What was read of an object. A field that is missing or wrong is undefined. */
export type Values<F extends Fields> = { [Name in keyof F]: F[Name] extends Field<infer T> ? T | undefined : never };

export interface ObjectRead<F extends Fields> {
  node: SourceMap;
  path: Path | undefined;
  values: Values<F>;
}

export function required<T>(shape: Shape<T>, doc: string): Field<T> {
  return { shape, doc, required: true };
}

export function optional<T>(shape: Shape<T>, doc: string, otherwise?: string): Field<T> {
  return { shape, doc, required: false, otherwise };
}

export interface ObjectShape<F extends Fields> extends Shape<ObjectRead<F>> {
  title: string;
  fields: F;
  /** Groups of fields of which exactly one stands there. */
  exactlyOne: readonly (readonly string[])[];
}

export interface ObjectOptions {
  /** As in "a task of type executor". */
  title: string;
  /** The name of its definition in the JSON Schema. Undefined: it has none. */
  definition?: string;
  exactlyOne?: readonly (readonly string[])[];
  /** What to say of a field that this object has not. */
  hintFor?: (field: string) => string | undefined;
}

export function object<F extends Fields>(fields: F, options: ObjectOptions): ObjectShape<F> {
  const { title, definition, exactlyOne = [], hintFor } = options;
  const known = Object.keys(fields);

  const read = (node: SourceNode, path: Path | undefined, reader: Reader): ObjectRead<F> | undefined => {
    if (node.kind !== 'map') return unexpected({ words: title }, node, path, reader);
    const values: Record<string, unknown> = {};
    for (const { name, nameStart, value } of node.entries) {
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (field && !isBroken(value)) values[name] = field.shape.read(value, at(path, name), reader);
      else if (field) continue;
      else {
        const hint = mergeKey(name) ?? hintFor?.(name) ?? didYouMean(name, known) ?? `there are ${known.join(', ')}`;
        reader.problems.add(nameStart, at(path, name), `there is no field "${name}" in ${title}`, hint);
      }
    }
    for (const [name, { required: isRequired, shape }] of Object.entries(fields)) {
      if (isRequired && !entryOf(node, name)) {
        reader.problems.add(node.start, path, `"${name}" is missing in ${title}`, `it is ${shape.words}`);
      }
    }
    for (const group of exactlyOne) checkOneOf(group, node, path, reader);
    return { node, path, values: values as Values<F> };
  };

  const checkOneOf = (group: readonly string[], node: SourceMap, path: Path | undefined, reader: Reader) => {
    const present = node.entries.filter(({ name }) => group.includes(name));
    const names = orList(group.map((name) => `"${name}"`));
    if (present.length === 0) reader.problems.add(node.start, path, `${title} needs ${names}`);
    const [first, second] = present;
    if (first && second) {
      const message = `${title} has "${first.name}" and "${second.name}"`;
      reader.problems.add(second.nameStart, at(path, second.name), message, `exactly one of ${names} stands there`);
    }
  };

  const ownSchema = (definitions: Map<string, JsonSchema>): { [key: string]: Json } => {
    const properties: { [key: string]: Json } = {};
    for (const [name, { shape, doc, otherwise }] of Object.entries(fields)) {
      const description = otherwise === undefined ? doc : `${doc} Default: ${otherwise}.`;
      properties[name] = { ...shape.schema(definitions), description };
    }
    const needed = Object.entries(fields).flatMap(([name, field]) => (field.required ? [name] : []));
    return {
      type: 'object',
      properties,
      additionalProperties: false,
      ...(needed.length > 0 && { required: needed }),
      ...(exactlyOne.length > 0 && {
        allOf: exactlyOne.map((group) => ({ oneOf: group.map((name) => ({ required: [name] })) })),
      }),
    };
  };

  return {
    title,
    fields,
    exactlyOne,
    words: title,
    read,
    schema(definitions) {
      if (definition === undefined) return ownSchema(definitions);
      if (!definitions.has(definition)) {
        definitions.set(definition, true);
        definitions.set(definition, ownSchema(definitions));
      }
      return { $ref: `#/$defs/${definition}` };
    },
  };
}

function mergeKey(name: string): string | undefined {
  return name === '<<' ? 'merge keys of YAML are not supported' : undefined;
}

/** What a mistyped name most likely means. Short names are near to anything. */
export function didYouMean(name: string, known: readonly string[]): string | undefined {
  const meant = name.length < 3 ? undefined : nearest(name, known);
  return meant === undefined ? undefined : `did you mean "${meant}"?`;
}
