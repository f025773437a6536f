/**
 * Reads the YAML that graphs are usually written in: block lists and objects, flow lists and objects, and texts of one line
 * or literal blocks. It is many times faster than the YAML library, and says nothing of what is wrong: for whatever it does
 * not know for sure it gives undefined, and the library reads the whole text instead. What it gives is what the library
 * gives, which a test compares.
 */
import { graphLimits } from '../limits.ts';
import type { SourceEntry, SourceNode, SourceScalar } from './nodes.ts';

/** Not of this subset, or not YAML at all. */
class Unsure extends Error {}

/** A line ends here; all these are refused as a whole, since they change what lines and indentation are. */
const unusual = /[\t\r\uFEFF\u0085\u2028\u2029]|^(?:---|\.\.\.|%)/m;
const keyPattern = /([A-Za-z_$][\w$-]*)(?=:(?:[ \n]|$))/y;
const plainStart = /[^\s\-?:,[\]{}#&*!|>'"%@`]/;
const wordStart = /[A-Za-z_$0-9./+~=(<;]/;

export function readPlainYaml(text: string): SourceNode | undefined {
  if (unusual.test(text)) return undefined;
  try {
    return createReader(text).read();
  } catch (error) {
    if (error instanceof Unsure) return undefined;
    throw error;
  }
}

function createReader(text: string) {
  let at = 0;
  let values = 0;

  function unsure(): never {
    throw new Unsure();
  }

  function count(): void {
    values += 1;
    if (values > graphLimits.textValues) unsure();
  }

  function column(offset: number): number {
    return offset - (text.lastIndexOf('\n', offset - 1) + 1);
  }

  /** Over empty lines and comments, to the first character of a line that has something. */
  function toContent(): void {
    for (;;) {
      while (text[at] === ' ') at += 1;
      if (text[at] === '#') {
        if (at > 0 && text[at - 1] !== ' ' && text[at - 1] !== '\n') unsure();
        while (at < text.length && text[at] !== '\n') at += 1;
      }
      if (text[at] !== '\n') return;
      at += 1;
    }
  }

  /** Behind a value of one line there is only a comment. */
  function endLine(): void {
    const start = at;
    while (text[at] === ' ') at += 1;
    if (text[at] === '#' && at > start) while (at < text.length && text[at] !== '\n') at += 1;
    if (at < text.length && text[at] !== '\n') unsure();
  }

  function read(): SourceNode {
    toContent();
    const start = column(at);
    const node = text[at] === '{' || text[at] === '[' ? flow(-1, 0) : block(start, 0);
    if (node.kind !== 'map' && node.kind !== 'list') unsure();
    toContent();
    if (at < text.length) unsure();
    return node;
  }

  /** The list or object whose first line begins here, in this column. */
  function block(indent: number, depth: number): SourceNode {
    if (depth > graphLimits.textDepth) unsure();
    return isDash() ? blockList(indent, depth) : blockMap(indent, depth);
  }

  function isDash(): boolean {
    return text[at] === '-' && (text[at + 1] === ' ' || text[at + 1] === '\n');
  }

  function blockList(indent: number, depth: number): SourceNode {
    const items: SourceNode[] = [];
    const start = at;
    let end = at;
    while (at < text.length && column(at) === indent && isDash()) {
      at += 1;
      const dash = at;
      while (text[at] === ' ') at += 1;
      if (text[at] === '\n' || text[at] === '#' || at >= text.length || isDash() || at === dash) unsure();
      items.push(valueOrMap(indent, depth));
      end = at;
      toContent();
    }
    if (at < text.length && column(at) > indent) unsure();
    return { kind: 'list', items, start, end };
  }

  /** Behind a dash: an object whose other fields stand below its first, or a value of one line. */
  function valueOrMap(indent: number, depth: number): SourceNode {
    count();
    const inner = column(at);
    keyPattern.lastIndex = at;
    return keyPattern.test(text) ? blockMap(inner, depth + 1) : inlineValue(indent, depth);
  }

  function blockMap(indent: number, depth: number): SourceNode {
    if (depth > graphLimits.textDepth) unsure();
    const entries: SourceEntry[] = [];
    const names = new Set<string>();
    const start = at;
    let end = at;
    while (at < text.length && column(at) === indent) {
      const nameStart = at;
      keyPattern.lastIndex = at;
      const name = keyPattern.exec(text)?.[1] ?? unsure();
      if (names.has(name) || name === '__proto__') unsure();
      names.add(name);
      at += name.length + 1;
      entries.push({ name, nameStart, value: blockValue(indent, depth) });
      end = at;
      toContent();
    }
    if (entries.length === 0 || (at < text.length && column(at) > indent)) unsure();
    return { kind: 'map', entries, start, end };
  }

  /** What stands behind the colon of a field, or below it. */
  function blockValue(indent: number, depth: number): SourceNode {
    count();
    while (text[at] === ' ') at += 1;
    if (text[at] !== '\n' && text[at] !== '#') return at < text.length ? inlineValue(indent, depth) : unsure();
    toContent();
    if (at >= text.length) unsure();
    const inner = column(at);
    if (inner > indent) {
      keyPattern.lastIndex = at;
      return isDash() || keyPattern.test(text) ? block(inner, depth + 1) : unsure();
    }
    return inner === indent && isDash() ? blockList(inner, depth + 1) : unsure();
  }

  function inlineValue(indent: number, depth: number): SourceNode {
    const char = text[at] ?? '';
    if (char === '{' || char === '[') {
      const node = flow(indent, depth);
      endLine();
      return node;
    }
    if (char === '|') return literalBlock(indent);
    const scalar = char === '"' || char === "'" ? quotedScalar() : plainScalar(false);
    const end = at;
    endLine();
    const next = at;
    toContent();
    // A deeper line would go on with the text.
    if (at < text.length && column(at) > indent) unsure();
    at = next;
    return { ...scalar, end };
  }

  /** `|` or `|-`, with its lines below. */
  function literalBlock(indent: number): SourceNode {
    const start = at;
    const isStripped = text[at + 1] === '-';
    at += isStripped ? 2 : 1;
    if (text[at] !== '\n') unsure();
    const lines: string[] = [];
    let inner = -1;
    let end = at;
    for (let line = at + 1; line < text.length; ) {
      const next = text.indexOf('\n', line);
      const stop = next === -1 ? text.length : next;
      let first = line;
      while (first < stop && text[first] === ' ') first += 1;
      const isEmpty = first === stop;
      if (inner === -1) {
        if (isEmpty || first - line <= Math.max(indent, 0)) unsure();
        inner = first - line;
      }
      if (!isEmpty && first - line < inner) break;
      if (isEmpty && stop - line > inner) unsure();
      lines.push(isEmpty ? '' : text.slice(line + inner, stop));
      if (!isEmpty) end = stop;
      line = stop + 1;
    }
    if (inner === -1 || (end === text.length && !isStripped)) unsure();
    while (lines.at(-1) === '') lines.pop();
    at = end;
    return { kind: 'scalar', value: `${lines.join('\n')}${isStripped ? '' : '\n'}`, start, end };
  }

  function quotedScalar(): SourceScalar {
    const start = at;
    const quote = text[at];
    for (at += 1; text[at] !== quote || (quote === "'" && text[at + 1] === quote); at += 1) {
      if (at >= text.length || text[at] === '\n') unsure();
      if (quote === "'" && text[at] === quote) at += 1;
      if (quote === '"' && text[at] === '\\') {
        at += 1;
        if (!'"\\nt/'.includes(text[at] ?? '')) unsure();
      }
    }
    at += 1;
    const inner = text.slice(start + 1, at - 1);
    const value =
      quote === "'"
        ? inner.replaceAll("''", "'")
        : inner.replace(/\\(.)/g, (_all, char: string) => (char === 'n' ? '\n' : char === 't' ? '\t' : char));
    return { kind: 'scalar', value, start, end: at };
  }

  function plainScalar(isInFlow: boolean): SourceScalar {
    const start = at;
    const first = text[at] ?? '';
    const next = text[at + 1] ?? '';
    if (first === '-' ? !/[\w.]/.test(next) : !plainStart.test(first) || !(wordStart.test(first) || first > '\u00a0'))
      unsure();
    let end = at;
    for (; at < text.length && text[at] !== '\n'; at += 1) {
      const char = text[at] ?? '';
      if (isInFlow && ',[]{}'.includes(char)) {
        if (char === '[' || char === '{') unsure();
        break;
      }
      if (char === ':' && (isInFlow ? ' \n,[]{}' : ' \n').includes(text[at + 1] ?? '\n')) unsure();
      if (char === '#' && text[at - 1] === ' ') break;
      if (char !== ' ') end = at + 1;
    }
    const word = text.slice(start, end);
    at = end;
    const { value } = resolved(word) ?? unsure();
    return { kind: 'scalar', value, start, end };
  }

  /** Between the parts of a flow collection, also over lines that are deep enough. */
  function toFlow(indent: number): void {
    const start = at;
    toContent();
    if (at >= text.length) unsure();
    if (text.slice(start, at).includes('\n') && column(at) <= Math.max(indent, 0)) unsure();
  }

  function flow(indent: number, depth: number): SourceNode {
    if (depth > graphLimits.textDepth) unsure();
    const start = at;
    const isList = text[at] === '[';
    at += 1;
    const items: SourceNode[] = [];
    const entries: SourceEntry[] = [];
    const names = new Set<string>();
    toFlow(indent);
    while (text[at] !== (isList ? ']' : '}')) {
      if (isList) items.push(flowValue(indent, depth));
      else {
        const nameStart = at;
        const name = flowName();
        if (names.has(name) || name === '__proto__') unsure();
        names.add(name);
        toFlow(indent);
        entries.push({ name, nameStart, value: flowValue(indent, depth) });
      }
      toFlow(indent);
      if (text[at] === ',') {
        at += 1;
        toFlow(indent);
        if (text[at] === ']' || text[at] === '}') unsure();
      } else if (text[at] !== (isList ? ']' : '}')) unsure();
    }
    at += 1;
    return isList ? { kind: 'list', items, start, end: at } : { kind: 'map', entries, start, end: at };
  }

  function flowName(): string {
    if (text[at] === '"') {
      const name = String(quotedScalar().value);
      if (text[at] !== ':') unsure();
      at += 1;
      return name;
    }
    keyPattern.lastIndex = at;
    const name = keyPattern.exec(text)?.[1] ?? unsure();
    at += name.length + 1;
    return name;
  }

  function flowValue(indent: number, depth: number): SourceNode {
    count();
    const char = text[at] ?? '';
    if (char === '{' || char === '[') return flow(indent, depth + 1);
    const node = char === '"' || char === "'" ? quotedScalar() : plainScalar(true);
    // A colon would make it the name of a field, and more text its next line.
    const end = at;
    toContent();
    if (!',]}'.includes(text[at] ?? ' ')) unsure();
    at = end;
    return node;
  }

  return { read };
}

const words: ReadonlyMap<string, null | boolean> = new Map([
  ['null', null],
  ['true', true],
  ['false', false],
]);

/** The value of a word, in the core schema; undefined if that is not plain to see. */
function resolved(word: string): Pick<SourceScalar, 'value'> | undefined {
  const known = words.get(word);
  if (known !== undefined) return { value: known };
  if (/^(~|null|true|false|-0)$/i.test(word)) return undefined;
  if (/^-?(0|[1-9]\d{0,14})(\.\d{1,15})?$/.test(word)) return { value: Number(word) };
  const isNumberLike = /^[-+.]?(\d|\.|inf|nan)/i.test(word) && !/^\d+(\.\d+)?(ms|s|m|h|d|w)$/.test(word);
  return isNumberLike ? undefined : { value: word };
}
