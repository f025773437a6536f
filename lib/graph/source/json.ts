import { graphLimits } from '../limits.ts';
import type { Problems } from '../problems.ts';
import { createFields } from './fields.ts';
import type { SourceNode, SourceScalar } from './nodes.ts';
import { at, type Path } from './path.ts';

const space = /[ \t\r\n]*/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const escapedChar = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const word = /[A-Za-z_$][\w$]*/y;
const words: Record<string, null | boolean> = { null: null, true: true, false: false };

/** Ends the reading at the first place where the text is not JSON. */
class NotJson extends Error {
  readonly offset: number;
  readonly hint: string | undefined;
  constructor(offset: number, message: string, hint?: string) {
    super(message);
    this.offset = offset;
    this.hint = hint;
  }
}

export function readJson(text: string, problems: Problems): SourceNode | undefined {
  let offset = text.startsWith('\uFEFF') ? 1 : 0;

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = offset;
    const match = pattern.exec(text)?.[0];
    offset += match?.length ?? 0;
    return match;
  };
  const takeString = (): string | undefined => {
    if (text[offset] !== '"') return undefined;
    let end = offset + 1;
    for (let char = text[end]; char !== '"'; char = text[end]) {
      if (char === undefined || char < ' ') return undefined;
      escapedChar.lastIndex = end;
      if (char !== '\\') end += 1;
      else if (escapedChar.test(text)) end = escapedChar.lastIndex;
      else return undefined;
    }
    const literal = text.slice(offset, end + 1);
    offset = end + 1;
    return JSON.parse(literal);
  };
  const fail = (expected: string): never => {
    const char = text[offset];
    if (char === undefined) throw new NotJson(offset, `the text ends where ${expected} is expected`);
    const isText = expected === 'a value' || expected.startsWith('the name');
    if (char === '"' && isText) throw new NotJson(offset, 'a text is not closed, or not escaped as in JSON');
    const hint =
      char === "'"
        ? 'JSON has only double quotes'
        : char === '/' || char === '#'
          ? 'JSON has no comments; YAML has'
          : (char === '}' || char === ']') && expected !== "',' or '}'" && expected !== "',' or ']'"
            ? 'JSON has no comma before a closing bracket'
            : undefined;
    throw new NotJson(offset, `expected ${expected}, found '${char}'`, hint);
  };

  const readValue = (path: Path | undefined, depth: number): SourceNode => {
    take(space);
    const start = offset;
    const char = text[offset];
    if (char === '{' || char === '[') {
      if (depth >= graphLimits.textDepth) {
        throw new NotJson(offset, `the text nests deeper than ${graphLimits.textDepth} (limit textDepth)`);
      }
      offset += 1;
      return char === '{' ? readObject(start, path, depth) : readList(start, path, depth);
    }
    if (char === '"') return scalar(start, takeString() ?? fail('a value'));
    const digits = take(number);
    if (digits) {
      const value = toNumber(digits, start, path, problems);
      return value === undefined ? { ...scalar(start, null), broken: true } : scalar(start, value);
    }
    const name = take(word);
    if (name !== undefined && Object.hasOwn(words, name)) return scalar(start, words[name] ?? null);
    offset = start;
    if (name !== undefined) throw new NotJson(start, `expected a value, found ${name}`, 'texts stand in double quotes');
    return fail('a value');
  };
  const scalar = (start: number, value: null | boolean | number | string): SourceScalar => {
    return { kind: 'scalar', value, start, end: offset };
  };

  const readObject = (start: number, path: Path | undefined, depth: number): SourceNode => {
    const fields = createFields(path, problems);
    take(space);
    if (text[offset] !== '}') {
      for (;;) {
        take(space);
        const nameStart = offset;
        const name = takeString() ?? fail('the name of a field, in double quotes');
        const isNew = fields.claim(name, nameStart);
        take(space);
        if (text[offset] !== ':') fail("':'");
        offset += 1;
        const value = readValue(at(path, name), depth + 1);
        if (isNew) fields.entries.push({ name, nameStart, value });
        take(space);
        if (text[offset] === '}') break;
        if (text[offset] !== ',') fail("',' or '}'");
        offset += 1;
      }
    }
    offset += 1;
    return { kind: 'map', entries: fields.entries, start, end: offset };
  };

  const readList = (start: number, path: Path | undefined, depth: number): SourceNode => {
    const items: SourceNode[] = [];
    take(space);
    if (text[offset] !== ']') {
      for (;;) {
        items.push(readValue(at(path, items.length), depth + 1));
        take(space);
        if (text[offset] === ']') break;
        if (text[offset] !== ',') fail("',' or ']'");
        offset += 1;
      }
    }
    offset += 1;
    return { kind: 'list', items, start, end: offset };
  };

  try {
    const value = readValue(undefined, 0);
    take(space);
    if (offset < text.length) fail('the end of the text');
    return value;
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    problems.add(error.offset, undefined, `not JSON: ${error.message}`, error.hint);
    return undefined;
  }
}

/** The number, if it is one that can be held exactly enough; else a problem. */
export function toNumber(
  digits: string,
  offset: number,
  path: Path | undefined,
  problems: Problems,
): number | undefined {
  const value = Number(digits);
  if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value) || /[.eE]/.test(digits))) {
    return value;
  }
  problems.add(
    offset,
    path,
    `the number ${digits.slice(0, 40)} cannot be held exactly`,
    'write it in quotes, as a text',
  );
  return undefined;
}
