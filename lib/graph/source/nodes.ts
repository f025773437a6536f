/** A value of a text, with the offsets between which it stands. */
export type SourceNode = SourceScalar | SourceList | SourceMap;

export interface SourceScalar {
  kind: 'scalar';
  value: null | boolean | number | string;
  /** There is a problem with it already, and the value stands for nothing. */
  broken?: true;
  start: number;
  end: number;
}

interface SourceList {
  kind: 'list';
  items: SourceNode[];
  start: number;
  end: number;
}

export interface SourceMap {
  kind: 'map';
  entries: SourceEntry[];
  start: number;
  end: number;
}

export interface SourceEntry {
  name: string;
  /** Where the name stands. */
  nameStart: number;
  value: SourceNode;
}

/** Of several fields of one name, which is a problem already, the first. */
export function entryOf(map: SourceMap, name: string): SourceEntry | undefined {
  return map.entries.find((entry) => entry.name === name);
}

/** A value that nobody should complain of any more. */
export function isBroken(node: SourceNode): boolean {
  return node.kind === 'scalar' && node.broken === true;
}

/** What stands there, for "found …". */
export function found(node: SourceNode): string {
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'map') return 'an object';
  if (node.value === null) return 'nothing';
  if (typeof node.value === 'string') return `the text ${quoted(node.value)}`;
  return `${typeof node.value === 'number' ? 'the number' : 'the truth value'} ${node.value}`;
}

/** A text as it is quoted in messages. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}…` : text);
}
