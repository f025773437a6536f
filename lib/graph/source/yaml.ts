import { Composer, type CST, type Document, isAlias, isMap, isScalar, type Node, Parser, Scalar } from 'yaml';
import { graphLimits } from '../limits.ts';
import type { Problems } from '../problems.ts';
import { createFields } from './fields.ts';
import { toNumber } from './json.ts';
import { quoted, type SourceNode } from './nodes.ts';
import { at, type Path } from './path.ts';

const options = {
  version: '1.2',
  schema: 'core',
  merge: false,
  uniqueKeys: false,
  stringKeys: true,
  prettyErrors: false,
} as const;

/**
 * YAML 1.2 of the core schema without tags, directives, merge keys and further documents. The tokens are looked at before
 * they are composed, since composing is recursive: no text can exhaust the stack.
 */
export function readYaml(text: string, problems: Problems): SourceNode | undefined {
  const tokens = [...new Parser().parse(text)];
  const tooDeep = deeperThan(tokens, graphLimits.textDepth);
  if (tooDeep !== undefined) {
    problems.add(tooDeep, undefined, `the text nests deeper than ${graphLimits.textDepth} (limit textDepth)`);
    return undefined;
  }
  const documents = [...new Composer(options).compose(tokens, true, text.length)];
  const [document, second] = documents;
  if (document === undefined) return undefined;
  let isYaml = true;
  const refuse = (offset: number, message: string, hint?: string) => {
    isYaml = false;
    problems.add(offset, undefined, message, hint);
  };
  if (second) refuse(second.range[0], 'there is a second YAML document', 'a file holds one graph');
  if (document.directives.yaml.explicit) refuse(0, 'YAML directives (%YAML, %TAG) are not supported', 'remove them');
  for (const { code, message, pos } of [...document.errors, ...document.warnings]) {
    if (code === 'TAG_RESOLVE_FAILED') refuseTag(text, pos[0], refuse);
    else refuse(pos[0], `not YAML: ${reworded(code, message)}`, hintOf(code, text, pos[0]));
  }
  if (!isYaml) return undefined;
  if (document.contents === null || isEmpty(document)) {
    problems.add(0, undefined, 'the text is empty', 'a graph begins with its name: and its tasks:');
    return undefined;
  }
  return createReader(text, problems, refuse).read(document.contents, undefined);
}

function isEmpty({ contents }: Document): boolean {
  return isScalar(contents) && contents.value === null && contents.range?.[0] === contents.range?.[1];
}

function createReader(text: string, problems: Problems, refuse: Refuse) {
  const known = new Map<Node, { node: SourceNode; values: number }>();
  const open = new Set<Node>();
  const anchors = new Map<string, Node>();
  let aliases = 0;
  let values = 0;

  /** Counts it once more, as often as it is used. */
  const count = (more: number, offset: number): boolean => {
    const wasWithin = values <= graphLimits.textValues;
    values += more;
    if (values <= graphLimits.textValues) return true;
    if (wasWithin) refuse(offset, `the text has more than ${graphLimits.textValues} values (limit textValues)`);
    return false;
  };

  const read = (node: Node | null, path: Path | undefined): SourceNode => {
    const [start, end] = node?.range ?? [0, 0];
    const nothing: SourceNode = { kind: 'scalar', value: null, broken: true, start, end };
    if (node === null || values > graphLimits.textValues) return nothing;
    if (isAlias(node)) {
      aliases += 1;
      const limit = graphLimits.aliases;
      if (aliases > limit) {
        if (aliases === limit + 1) refuse(start, `there are more than ${limit} aliases (limit aliases)`);
        return nothing;
      }
      const target = anchors.get(node.source);
      if (target === undefined) {
        problems.add(start, path, `there is no anchor &${node.source} before this`);
        return nothing;
      }
      if (open.has(target)) {
        problems.add(start, path, `the alias *${node.source} stands inside of what it names`);
        return nothing;
      }
      const was = known.get(target);
      return was !== undefined && count(was.values, start) ? was.node : nothing;
    }
    if (node.tag !== undefined) refuseTag(text, start, refuse);
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    const before = values;
    count(1, start);
    open.add(node);
    const result = readContent(node, path, start, end);
    open.delete(node);
    if (node.anchor !== undefined) known.set(node, { node: result, values: values - before });
    return result;
  };

  const readContent = (node: Node, path: Path | undefined, start: number, end: number): SourceNode => {
    if (isScalar(node)) return readScalar(node, path, start, end);
    if (isMap(node)) {
      const fields = createFields(path, problems);
      for (const pair of node.items) {
        const key = pair.key as Node | null;
        const nameStart = key?.range?.[0] ?? start;
        const name = isScalar(key) ? String(key.value) : '';
        if (!isScalar(key)) problems.add(nameStart, path, 'the name of a field is a text');
        if (isScalar(key) && key.tag !== undefined) refuseTag(text, nameStart, refuse);
        const isNew = fields.claim(name, nameStart);
        const value = read((pair.value as Node | null) ?? emptyAfter(key), at(path, name));
        if (isNew && isScalar(key)) fields.entries.push({ name, nameStart, value });
      }
      return { kind: 'map', entries: fields.entries, start, end };
    }
    const items = (node as { items: (Node | null)[] }).items;
    return { kind: 'list', items: items.map((item, index) => read(item, at(path, index))), start, end };
  };

  const readScalar = (node: Scalar, path: Path | undefined, start: number, end: number): SourceNode => {
    const { value } = node;
    const plain = (read: null | boolean | number | string): SourceNode => ({ kind: 'scalar', value: read, start, end });
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return plain(value);
    if (typeof value !== 'number' && typeof value !== 'bigint') return plain(String(value));
    const digits = node.source ?? String(value);
    if (/^0[xo]/.test(digits)) return plain(Number(value));
    const isJson = !/^[-+]?\.(inf|nan)$/i.test(digits);
    const number = isJson ? toNumber(digits, start, path, problems) : undefined;
    if (number !== undefined) return plain(number);
    if (!isJson)
      problems.add(start, path, `${digits} is a number that JSON cannot hold`, 'write it in quotes, as a text');
    return { kind: 'scalar', value: null, broken: true, start, end };
  };

  return { read };
}

/** Nothing after a field's colon: a null that stands behind the name. */
function emptyAfter(key: Node | null): Node | null {
  if (!isScalar(key) || !key.range) return null;
  const end = key.range[1] + 1;
  const nothing = new Scalar(null);
  nothing.range = [end, end, end];
  return nothing;
}

type Refuse = (offset: number, message: string, hint?: string) => void;

function refuseTag(text: string, offset: number, refuse: Refuse): void {
  const from = text.lastIndexOf('!', offset);
  const tag = /^![^\s,[\]{}]*/.exec(text.slice(text[from - 1] === '!' ? from - 1 : from, offset + 40))?.[0] ?? '!';
  refuse(offset, `the tag ${quoted(tag)}: YAML tags are not supported`, 'leave it out');
}

function reworded(code: string, message: string): string {
  if (code === 'NON_STRING_KEY') return 'the name of a field is a text';
  if (code === 'MISSING_CHAR' && message.includes('quote')) return 'a quote is not closed before this';
  return message.replace(/ at line .*/s, '');
}

function hintOf(code: string, text: string, offset: number): string | undefined {
  if (code === 'BAD_SCALAR_START' && /^\{?%/.test(text.slice(offset))) {
    return 'an expression stands in quotes: "{% … %}"';
  }
  if (code === 'BAD_SCALAR_START') return 'put the text in quotes';
  if (code === 'BLOCK_AS_IMPLICIT_KEY') return 'a text with ": " in it stands in quotes';
  if (code === 'TAB_AS_INDENT') return 'indent with spaces';
  if (code === 'BAD_INDENT' || code === 'UNEXPECTED_TOKEN') return 'check indentation and quotes here and just above';
  return undefined;
}

type Token = CST.Token | CST.Document;

/** Where tokens nest deeper than that. Iterative. */
function deeperThan(tokens: readonly Token[], limit: number): number | undefined {
  const pending: { token: Token; depth: number }[] = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { token, depth } = next;
    if (depth > limit) return token.offset;
    if (token.type === 'document' && token.value) pending.push({ token: token.value, depth: 0 });
    if (!('items' in token)) continue;
    for (const { key, value } of token.items) {
      if (key) pending.push({ token: key, depth: depth + 1 });
      if (value) pending.push({ token: value, depth: depth + 1 });
    }
  }
  return undefined;
}
