import type { Expression, Json, Template } from '../definition.ts';
import type { SourceNode, SourceScalar } from '../source/nodes.ts';
import { at, inWords, type Path } from '../source/path.ts';
import { toJson } from '../source/source.ts';
import { type Reader, type Shape, unexpected } from './shape.ts';

const wholeExpression = /^\s*\{%([\s\S]*)%\}\s*$/;

/** What an editor can check of it. */
const expressionSchema = { type: 'string', pattern: '^\\s*\\{%[\\s\\S]*%\\}\\s*$' };

export const expression: Shape<Expression> = {
  noun: 'expression',
  words: 'an expression like "{% $input.total > 100 %}"',
  read(node, path, reader) {
    if (node.kind === 'scalar' && typeof node.value === 'string') {
      const source = expressionIn(node, node.value, path, reader);
      if (source === 'broken') return undefined;
      if (source !== undefined) return source;
    }
    return unexpected(expression, node, path, reader);
  },
  schema: () => expressionSchema,
};

/** Any value, whose leaves may be expressions. */
export const template: Shape<Template> = {
  noun: 'any value, or expressions in it',
  words: 'any value, with expressions at its leaves',
  read: readTemplate,
  schema: () => ({}),
};

/** Either a text of this shape, or an expression. */
export function orExpression<T>(literal: Shape<T>): Shape<{ literal: T } | { expression: Expression }> {
  const words = `${literal.words}, or an expression`;
  return {
    words,
    noun: `${literal.noun ?? literal.words} or expression`,
    read(node, path, reader) {
      if (node.kind === 'scalar' && typeof node.value === 'string') {
        const source = expressionIn(node, node.value, path, reader);
        if (source === 'broken') return undefined;
        if (source !== undefined) return { expression: source };
      }
      const value = literal.read(node, path, reader);
      return value === undefined ? undefined : { literal: value };
    },
    schema: (definitions) => ({ anyOf: [expressionSchema, literal.schema(definitions)] }),
  };
}

/** A text, or an expression that gives one. */
export const textTemplate: Shape<Template> = {
  noun: 'text or expression',
  words: 'a text, or an expression that gives one',
  read(node, path, reader) {
    const isText = node.kind === 'scalar' && typeof node.value === 'string' && node.value !== '';
    return isText ? readTemplate(node, path, reader) : unexpected(textTemplate, node, path, reader);
  },
  schema: () => ({ type: 'string', minLength: 1 }),
};

function readTemplate(node: SourceNode, path: Path | undefined, reader: Reader): Template | undefined {
  if (node.kind === 'scalar') {
    if (typeof node.value !== 'string') return { kind: 'literal', value: node.value };
    const source = expressionIn(node, node.value, path, reader);
    if (source === 'broken') return undefined;
    return source === undefined ? { kind: 'literal', value: node.value } : { kind: 'expression', expression: source };
  }
  if (node.kind === 'list') {
    const items = node.items.map((item, index) => readTemplate(item, at(path, index), reader) ?? nothing);
    return items.every((item) => item.kind === 'literal') ? literal(node) : { kind: 'list', items };
  }
  const fields = node.entries.map(({ name, value }) => {
    return { name, value: readTemplate(value, at(path, name), reader) ?? nothing };
  });
  return fields.every(({ value }) => value.kind === 'literal') ? literal(node) : { kind: 'object', fields };
}

const nothing: Template = { kind: 'literal', value: null };

function literal(node: SourceNode): Template {
  const value: Json = toJson(node);
  return { kind: 'literal', value };
}

/** Undefined: it is a plain text. */
function expressionIn(
  node: SourceScalar,
  value: string,
  path: Path | undefined,
  reader: Reader,
): Expression | 'broken' | undefined {
  if (!value.includes('{%')) return undefined;
  const source = wholeExpression.exec(value)?.[1];
  const complain = (message: string, hint?: string) => {
    reader.problems.add(node.start, path, message, hint);
    return 'broken' as const;
  };
  if (source === undefined && !value.includes('%}')) return complain('an expression ends with "%}"');
  if (source === undefined || /%\}[\s\S]*\{%/.test(source)) {
    const hint = `join texts inside of one, as in "{% 'Order ' & $input.id %}"`;
    return complain('a text is either one expression as a whole, or has none', hint);
  }
  if (source.trim() === '') return complain('the expression is empty');
  const read: Expression = {
    source,
    place: { path: inWords(path), ...reader.positions.at(node.start) },
  };
  reader.expressions.set(read, { node, path });
  return read;
}

/** Every expression of a template. */
export function expressionsOf(of: Template | undefined): Expression[] {
  if (of === undefined || of.kind === 'literal') return [];
  if (of.kind === 'expression') return [of.expression];
  return of.kind === 'list' ? of.items.flatMap(expressionsOf) : of.fields.flatMap(({ value }) => expressionsOf(value));
}
