import type { Json } from '../definition.ts';
import { graphLimits } from '../limits.ts';
import type { Problems } from '../problems.ts';
import { readJson } from './json.ts';
import type { SourceNode } from './nodes.ts';
import { readPlainYaml } from './plain-yaml.ts';
import { readYaml } from './yaml.ts';

export type GraphFormat = 'yaml' | 'json';

/** The values of a text with their places. Undefined if it is not of the format; what is wrong is in `problems` then. */
export function readSource(text: string, format: GraphFormat, problems: Problems): SourceNode | undefined {
  if (text.length > graphLimits.textChars) {
    const size = `${text.length} characters, more than ${graphLimits.textChars}`;
    problems.add(0, undefined, `the text has ${size} (limit textChars)`, 'split the graph into several workflows');
    return undefined;
  }
  if (format === 'json') return readJson(text, problems);
  return readPlainYaml(text) ?? readYaml(text, problems);
}

/** By the file's ending; what is not `.json` is YAML. */
export function formatOf(file: string): GraphFormat {
  return /\.json$/i.test(file) ? 'json' : 'yaml';
}

/** The plain value. Fields named `__proto__` cannot occur: both readers refuse them. */
export function toJson(node: SourceNode): Json {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toJson);
  const result: { [key: string]: Json } = {};
  for (const { name, value } of node.entries) result[name] = toJson(value);
  return result;
}
