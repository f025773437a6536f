/**
 * Parses JSONata. What could exhaust the parser is refused before it runs: it is recursive, and it copies the left side of
 * each default (`??`, `?:`), so that nested ones double.
 */
import jsonata from 'jsonata';
import { graphLimits } from '../limits.ts';
import type { Ast } from './ast.ts';

interface ParseProblem {
  message: string;
  /** In the source, from 0. */
  position: number;
}

export type Parsed = { ast: Ast } | { problem: ParseProblem };

export function parseExpression(source: string): Parsed {
  const tooMuch = whatIsTooMuch(source);
  if (tooMuch) return { problem: { message: tooMuch, position: 0 } };
  try {
    return { ast: jsonata(source).ast() as Ast };
  } catch (error) {
    return { problem: problemOf(error, source) };
  }
}

const batchSize = 64;

/**
 * Parses many. Setting the parser up costs ten times as much as a short expression, so they are parsed together, as one
 * list of bracketed expressions; if a list does not come out as one block for each, where it was put, they are parsed
 * one by one.
 */
export function parseExpressions(sources: readonly string[]): Parsed[] {
  const results = new Map<number, Parsed>();
  const alike = [...sources.keys()].filter((index) => fitsInList(sources[index] ?? ''));
  for (let from = 0; from < alike.length; from += batchSize) {
    const batch = alike.slice(from, from + batchSize);
    const parsed = parseTogether(batch.map((index) => sources[index] ?? ''));
    for (const [number, index] of batch.entries()) {
      const result = parsed?.[number];
      if (result) results.set(index, result);
    }
  }
  return sources.map((source, index) => results.get(index) ?? parseExpression(source));
}

/** A semicolon at the end would be fine in brackets and is not without. */
function fitsInList(source: string): boolean {
  return !source.includes(';') && whatIsTooMuch(source) === undefined;
}

function parseTogether(batch: string[]): Parsed[] | undefined {
  if (batch.length < 2) return undefined;
  let list = '[';
  const starts = batch.map((source) => {
    const start = list.length;
    list += `(${source}\n),`;
    return start;
  });
  let blocks: Ast[] | undefined;
  try {
    const ast = jsonata(`${list.slice(0, -1)}]`).ast() as Ast;
    blocks = ast.type === 'unary' && ast.value === '[' ? ast.expressions : undefined;
  } catch {
    return undefined;
  }
  const isWhole = (block: Ast, index: number) =>
    block.type === 'block' && block.position === (starts[index] ?? 0) + 1 && block.expressions?.length === 1;
  if (
    blocks?.length !== batch.length ||
    !blocks.every((block, i) => isWhole(block, i) && !block.predicate && !block.group)
  ) {
    return undefined;
  }
  return blocks.map((block, index) => {
    const ast = block.expressions?.[0] ?? block;
    movePositions(ast, -((starts[index] ?? 0) + 1));
    return { ast };
  });
}

/** By how much positions in the tree are off. Shared nodes are moved once. */
function movePositions(ast: Ast, by: number): void {
  const seen = new Set<object>();
  const pending: unknown[] = [ast];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next !== 'object' || next === null || next instanceof RegExp || seen.has(next)) continue;
    seen.add(next);
    const node = next as { position?: number };
    if (Object.hasOwn(node, 'position') && typeof node.position === 'number') node.position += by;
    pending.push(...Object.values(node));
  }
}

/** Counted in the text as it stands, brackets in texts included: too many are refused rather than too few. */
function whatIsTooMuch(source: string): string | undefined {
  if (source.length > graphLimits.expressionChars) {
    return `it has ${source.length} characters, more than ${graphLimits.expressionChars} (limit expressionChars)`;
  }
  let depth = 0;
  let deepest = 0;
  let operators = 0;
  let defaults = 0;
  let last = '';
  for (let at = 0; at < source.length; at += 1) {
    const char = source[at] ?? '';
    if ('([{'.includes(char)) {
      depth += 1;
      deepest = Math.max(deepest, depth);
    } else if (')]}'.includes(char)) depth -= 1;
    else if ('?-|'.includes(char) || (char === ':' && source[at + 1] === '=')) operators += 1;
    const isDefault = char === '?' && '?:'.includes(source[at + 1] ?? ' ');
    if (isDefault && !/[\w`'"]/.test(last)) defaults += 1;
    if (isDefault) at += 1;
    if (!/\s/.test(char)) last = char;
  }
  if (deepest > graphLimits.expressionDepth) {
    return `its brackets nest deeper than ${graphLimits.expressionDepth} (limit expressionDepth)`;
  }
  if (operators > graphLimits.expressionOperators) {
    return `it has more than ${graphLimits.expressionOperators} operators "?", "-", ":=" and "|" (limit expressionOperators)`;
  }
  if (defaults > graphLimits.expressionDefaults) {
    return `it has more than ${graphLimits.expressionDefaults} defaults ("??", "?:") after a bracket (limit expressionDefaults)`;
  }
  return undefined;
}

function problemOf(error: unknown, source: string): ParseProblem {
  const { message, position, token } = (error ?? {}) as { message?: unknown; position?: unknown; token?: unknown };
  const end = typeof position === 'number' ? Math.max(0, Math.min(position, source.length)) : 0;
  const isBehindToken = typeof token === 'string' && source.slice(0, end).endsWith(token);
  const place = isBehindToken ? end - token.length : end;
  if (error instanceof RangeError) return { message: 'it nests too deep', position: 0 };
  if (error instanceof SyntaxError)
    return { message: `a regular expression is not valid: ${error.message}`, position: 0 };
  return { message: typeof message === 'string' && message !== '' ? message : 'it is not JSONata', position: place };
}
