/**
 * Shapes say what may stand somewhere in a graph: once, for reading (with problems), for the published JSON Schema, and for
 * the reference page. The language itself, in these terms, is in `tasks.ts` and `graph-language.ts`.
 */
import type { Expression, Json, JsonSchema } from '../definition.ts';
import type { Problems } from '../problems.ts';
import { found, isBroken, type SourceNode, type SourceScalar } from '../source/nodes.ts';
import type { Path } from '../source/path.ts';
import type { Positions } from '../source/positions.ts';

export interface Reader {
  text: string;
  positions: Positions;
  problems: Problems;
  /** Where each expression that was read has its text. */
  expressions: Map<Expression, { node: SourceScalar; path: Path | undefined }>;
}

export interface Shape<T> {
  /** Undefined if something is wrong with the value; the reader has been told what. */
  read(node: SourceNode, path: Path | undefined, reader: Reader): T | undefined;
  /** Named parts go into `definitions` and are referred to. */
  schema(definitions: Map<string, JsonSchema>): { [key: string]: Json };
  /** What may stand there, for messages. */
  words: string;
  /** The same in a word or two, for the reference. Default: `words`. */
  noun?: string;
}

/** The name of something that is declared elsewhere, with its place. */
export interface Name {
  text: string;
  offset: number;
  path: Path | undefined;
}

export function unexpected(
  shape: { words: string },
  node: SourceNode,
  path: Path | undefined,
  reader: Reader,
): undefined {
  reader.problems.add(node.start, path, `expected ${shape.words}, found ${found(node)}`);
  return undefined;
}

export function text(options: { words: string; pattern?: RegExp; maxChars?: number; hint?: string }): Shape<string> {
  const named = name(options);
  return { ...named, read: (node, path, reader) => named.read(node, path, reader)?.text };
}

export function name(options: { words: string; pattern?: RegExp; maxChars?: number; hint?: string }): Shape<Name> {
  const { words, pattern, maxChars = 1_000, hint } = options;
  return {
    words,
    read(node, path, reader) {
      if (node.kind !== 'scalar' || typeof node.value !== 'string') return unexpected({ words }, node, path, reader);
      if (node.value !== '' && node.value.length <= maxChars && (pattern?.test(node.value) ?? true)) {
        return { text: node.value, offset: node.start, path };
      }
      reader.problems.add(node.start, path, `expected ${words}, found ${found(node)}`, hint);
      return undefined;
    },
    schema: () => ({ type: 'string', minLength: 1, maxLength: maxChars, ...(pattern && { pattern: pattern.source }) }),
  };
}

export const truth: Shape<boolean> = {
  words: 'true or false',
  read(node, path, reader) {
    if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
    return unexpected(truth, node, path, reader);
  },
  schema: () => ({ type: 'boolean' }),
};

export function wholeNumber(min: number, max: number): Shape<number> {
  const words = `a whole number from ${min} to ${max}`;
  return {
    words,
    read(node, path, reader) {
      const value = node.kind === 'scalar' ? node.value : undefined;
      if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
      return unexpected({ words }, node, path, reader);
    },
    schema: () => ({ type: 'integer', minimum: min, maximum: max }),
  };
}

export function decimal(min: number, max: number): Shape<number> {
  const words = `a number from ${min} to ${max}`;
  return {
    words,
    read(node, path, reader) {
      const value = node.kind === 'scalar' ? node.value : undefined;
      if (typeof value === 'number' && value >= min && value <= max) return value;
      return unexpected({ words }, node, path, reader);
    },
    schema: () => ({ type: 'number', minimum: min, maximum: max }),
  };
}

export function listOf<T>(item: Shape<T>, options: { words: string; min?: number }): Shape<T[]> {
  const { words, min = 0 } = options;
  return {
    words,
    read(node, path, reader) {
      if (node.kind !== 'list') return unexpected({ words }, node, path, reader);
      if (node.items.length < min) reader.problems.add(node.start, path, `expected ${words}, found an empty list`);
      return node.items.flatMap((part, index) => {
        const value = isBroken(part) ? undefined : item.read(part, { parent: path, key: index }, reader);
        return value === undefined ? [] : [value];
      });
    },
    schema: (definitions) => ({ type: 'array', items: item.schema(definitions), ...(min > 0 && { minItems: min }) }),
  };
}

export function oneOrMore<T>(item: Shape<T>, words: string): Shape<T[]> {
  const list = listOf(item, { words, min: 1 });
  return {
    words,
    read(node, path, reader) {
      if (node.kind === 'list') return list.read(node, path, reader);
      const value = item.read(node, path, reader);
      return value === undefined ? [] : [value];
    },
    schema: (definitions) => ({ anyOf: [item.schema(definitions), list.schema(definitions)] }),
  };
}

export interface Entry<T> extends Name {
  value: T;
}

/** An object whose field names are free. */
export function entriesOf<T>(item: Shape<T>, options: { words: string; key?: RegExp }): Shape<Entry<T>[]> {
  const { words, key } = options;
  return {
    words,
    read(node, path, reader) {
      if (node.kind !== 'map') return unexpected({ words }, node, path, reader);
      return node.entries.flatMap(({ name: field, nameStart, value }) => {
        const inside = { parent: path, key: field };
        if (field === '' || !(key?.test(field) ?? true)) {
          reader.problems.add(nameStart, inside, `expected ${words}, found the name ${JSON.stringify(field)}`);
        }
        const read = isBroken(value) ? undefined : item.read(value, inside, reader);
        return read === undefined ? [] : [{ text: field, offset: nameStart, path: inside, value: read }];
      });
    },
    schema: (definitions) => ({
      type: 'object',
      additionalProperties: item.schema(definitions),
      ...(key && { propertyNames: { pattern: key.source } }),
    }),
  };
}
