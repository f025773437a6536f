/** What `JSON.parse` does not say, or not on every engine: how deep a text nests, and where it stops being JSON. */

/** Looks at the text alone, so that no depth can exhaust the stack. */
export function nestsDeeperThan(text: string, max: number): boolean {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (isInString) {
      if (char === '\\') at += 1;
      else if (char === '"') isInString = false;
    } else if (char === '"') isInString = true;
    else if (char === '{' || char === '[') {
      depth += 1;
      if (depth > max) return true;
    } else if (char === '}' || char === ']') depth -= 1;
  }
  return false;
}

export interface SyntaxProblem {
  /** From 0, in UTF-16 units. */
  position: number;
  /** From 1. */
  line: number;
  column: number;
  message: string;
}

type Expectation =
  | 'a value'
  | "a value or ']'"
  | 'a name'
  | "a name or '}'"
  | "':'"
  | "',' or '}'"
  | "',' or ']'"
  | 'the end';

const space = /[ \t\r\n]*/y;
const literal = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const escapedChar = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** Where a text stops being JSON; `undefined` if it does not. */
export function findSyntaxProblem(text: string): SyntaxProblem | undefined {
  const open: ('{' | '[')[] = [];
  let expected: Expectation = 'a value';
  let at = 0;
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    at += found?.[0].length ?? 0;
    return found !== null;
  };
  /** By hand: as one pattern it would try an unclosed text in exponentially many ways. */
  const takeString = (): boolean => {
    if (text[at] !== '"') return false;
    let end = at + 1;
    for (let char = text[end]; char !== '"'; char = text[end]) {
      if (char === undefined || char < ' ') return false;
      escapedChar.lastIndex = end;
      if (char !== '\\') end += 1;
      else if (escapedChar.test(text)) end = escapedChar.lastIndex;
      else return false;
    }
    at = end + 1;
    return true;
  };
  const afterValue = (): Expectation => {
    const inside = open.at(-1);
    if (inside === undefined) return 'the end';
    return inside === '{' ? "',' or '}'" : "',' or ']'";
  };

  for (;;) {
    take(space);
    const char = text[at];
    if (expected === 'the end') return char === undefined ? undefined : problemAt(text, at, expected);
    const takesValue = expected === 'a value' || expected === "a value or ']'";
    const takesName = expected === 'a name' || expected === "a name or '}'";
    const closes = expected.endsWith(`'${char}'`) && (char === '}' || char === ']');
    if (closes) {
      open.pop();
      at += 1;
      expected = afterValue();
    } else if (takesValue && (char === '{' || char === '[')) {
      open.push(char);
      at += 1;
      expected = char === '{' ? "a name or '}'" : "a value or ']'";
    } else if (takesValue && (char === '"' ? takeString() : take(literal))) expected = afterValue();
    else if (takesName && takeString()) expected = "':'";
    else if (expected === "':'" && char === ':') {
      at += 1;
      expected = 'a value';
    } else if (char === ',' && expected.startsWith("','")) {
      at += 1;
      expected = open.at(-1) === '{' ? 'a name' : 'a value';
    } else return problemAt(text, at, expected);
  }
}

function problemAt(text: string, position: number, expected: string): SyntaxProblem {
  const before = text.slice(0, position).split('\n');
  const char = text[position];
  const column = (before.at(-1) ?? '').length + 1;
  const isBadString = char === '"' && /^a (value|name)/.test(expected);
  const found =
    char === undefined ? 'the end' : isBadString ? 'a text that is not closed or not escaped as in JSON' : `'${char}'`;
  return { position, line: before.length, column, message: `expected ${expected}, found ${found}` };
}
