import { didYouMean } from '../language/object.ts';
import type { Reader } from '../language/shape.ts';
import { graphLimits } from '../limits.ts';
import { linearRegex } from '../linear-regex.ts';
import { entryOf, found, type SourceMap, type SourceNode } from '../source/nodes.ts';
import { at, type Path } from '../source/path.ts';
import { inPlace, type KeywordValue, keywords, typeNames, unsupportedKeywords } from './keywords.ts';

/**
 * Checks that a value is a JSON Schema that can be interpreted in bounded time: known keywords, references into itself, no
 * reference that leads back to the same value, patterns that are linear.
 */
export function checkSchema(root: SourceNode, path: Path | undefined, reader: Reader): void {
  const schemas: { node: SourceMap; path: Path | undefined }[] = [];
  let values = 0;
  const complain = (offset: number, where: Path | undefined, message: string, hint?: string) =>
    reader.problems.add(offset, where, message, hint);

  const visit = (node: SourceNode, where: Path | undefined): void => {
    values += 1;
    if (values > graphLimits.schemaValues) {
      const limit = `${graphLimits.schemaValues} values (limit schemaValues)`;
      if (values === graphLimits.schemaValues + 1) complain(root.start, path, `the schema has more than ${limit}`);
      return;
    }
    if (node.kind === 'scalar' && typeof node.value === 'boolean') return;
    if (node.kind !== 'map') {
      complain(node.start, where, `expected a JSON Schema (an object, true or false), found ${found(node)}`);
      return;
    }
    schemas.push({ node, path: where });
    for (const { name, nameStart, value } of node.entries) {
      const inside = at(where, name);
      const kind = Object.hasOwn(keywords, name) ? keywords[name] : undefined;
      const instead = Object.hasOwn(unsupportedKeywords, name) ? unsupportedKeywords[name] : undefined;
      if (kind) visitKeyword(kind, value, inside);
      else if (instead) complain(nameStart, inside, `the keyword "${name}" is not supported`, instead);
      else {
        const hint = didYouMean(name, Object.keys(keywords));
        complain(nameStart, inside, `"${name}" is no keyword of JSON Schema`, hint);
      }
    }
  };

  const visitKeyword = (kind: KeywordValue, value: SourceNode, where: Path): void => {
    const expected = (words: string) => complain(value.start, where, `expected ${words}, found ${found(value)}`);
    const scalar = value.kind === 'scalar' ? value.value : undefined;
    if (kind === 'schema') visit(value, where);
    else if (kind === 'schemas') {
      if (value.kind !== 'list' || value.items.length === 0) expected('a list of schemas');
      else for (const [index, item] of value.items.entries()) visit(item, at(where, index));
    } else if (kind === 'schemaMap') {
      if (value.kind !== 'map') expected('an object of schemas');
      else for (const entry of value.entries) visit(entry.value, at(where, entry.name));
    } else if (kind === 'types') visitTypes(value, where);
    else if (kind === 'texts') {
      if (!isTexts(value)) expected('a list of texts');
    } else if (kind === 'textsMap') {
      if (value.kind !== 'map' || !value.entries.every((entry) => isTexts(entry.value))) {
        expected('an object of lists of texts');
      }
    } else if (kind === 'values') {
      if (value.kind !== 'list') expected('a list of values');
    } else if (kind === 'truth') {
      if (typeof scalar !== 'boolean') expected('true or false');
    } else if (kind === 'number') {
      if (typeof scalar !== 'number') expected('a number');
    } else if (kind === 'positive') {
      if (typeof scalar !== 'number' || scalar <= 0) expected('a number greater than 0');
    } else if (kind === 'count') {
      if (typeof scalar !== 'number' || !Number.isInteger(scalar) || scalar < 0) expected('a whole number from 0');
    } else if (kind !== 'anything' && typeof scalar !== 'string') expected('a text');
    else if (kind === 'pattern' && typeof scalar === 'string') {
      const regex = linearRegex(scalar);
      if ('problem' in regex) complain(value.start, where, `the pattern cannot be used: ${regex.problem}`);
    }
  };

  const visitTypes = (value: SourceNode, where: Path): void => {
    const items = value.kind === 'list' ? value.items : [value];
    for (const item of items) {
      const type = item.kind === 'scalar' ? item.value : undefined;
      if (typeof type === 'string' && typeNames.includes(type)) continue;
      const hint = typeof type === 'string' ? didYouMean(type, typeNames) : undefined;
      complain(item.start, where, `expected one of the types ${typeNames.join(', ')}, found ${found(item)}`, hint);
    }
  };

  visit(root, path);
  if (values <= graphLimits.schemaValues) checkReferences(root, schemas, reader);
}

function isTexts(node: SourceNode): boolean {
  return node.kind === 'list' && node.items.every((item) => item.kind === 'scalar' && typeof item.value === 'string');
}

/** Every `$ref` has a target, and none leads back to the value it is for. */
function checkReferences(root: SourceNode, schemas: { node: SourceMap; path: Path | undefined }[], reader: Reader) {
  const known = new Set<SourceNode>(schemas.map(({ node }) => node));
  const targets = new Map<SourceNode, SourceNode>();
  for (const { node, path } of schemas) {
    const entry = entryOf(node, '$ref');
    if (entry?.value.kind !== 'scalar' || typeof entry.value.value !== 'string') continue;
    const target = followPointer(root, entry.value.value);
    const isSchema = target !== undefined && (known.has(target) || target.kind === 'scalar');
    if (isSchema) targets.set(node, target);
    else {
      const message = `"$ref" leads to no schema: ${entry.value.value}`;
      reader.problems.add(entry.value.start, at(path, '$ref'), message, 'it names a part of this schema: "#/$defs/…"');
    }
  }
  /** How many schemas are applied to one value, references followed. */
  const weights = new Map<SourceNode, number | 'open'>();
  const weigh = (node: SourceNode): number | 'endless' => {
    const was = weights.get(node);
    if (was === 'open') return 'endless';
    if (was !== undefined) return was;
    weights.set(node, 'open');
    let sum = 1;
    for (const next of appliedBy(node, targets.get(node))) {
      const weight = weigh(next);
      if (weight === 'endless') return 'endless';
      sum = Math.min(sum + weight, graphLimits.schemaApplications + 1);
    }
    weights.set(node, sum);
    return sum;
  };
  for (const { node, path } of schemas) {
    const weight = weigh(node);
    if (weight === 'endless') {
      reader.problems.add(
        node.start,
        path,
        'the schema refers to itself without end',
        'put the "$ref" below a property',
      );
      return;
    }
    if (weight > graphLimits.schemaApplications) {
      const limit = `${graphLimits.schemaApplications} schemas (limit schemaApplications)`;
      reader.problems.add(node.start, path, `with its references the schema applies more than ${limit} to one value`);
      return;
    }
  }
}

function appliedBy(node: SourceNode, target: SourceNode | undefined): SourceNode[] {
  if (node.kind !== 'map') return [];
  const parts = node.entries.flatMap(({ name, value }) => {
    if (!inPlace.has(name)) return [];
    if (value.kind === 'list') return value.items;
    return name === 'dependentSchemas' && value.kind === 'map' ? value.entries.map((entry) => entry.value) : [value];
  });
  return target === undefined ? parts : [...parts, target];
}

function followPointer(root: SourceNode, reference: string): SourceNode | undefined {
  if (reference !== '#' && !reference.startsWith('#/')) return undefined;
  let node: SourceNode | undefined = root;
  for (const part of reference.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (node?.kind === 'map') node = entryOf(node, key)?.value;
    else node = node?.kind === 'list' ? node.items[Number(key)] : undefined;
  }
  return node;
}
