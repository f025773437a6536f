import { nearest } from '../../workflow/nearest.ts';
import { found } from '../source/nodes.ts';
import type { Shape } from './shape.ts';

/** One of some texts, each with what it means. */
export function choice<T extends string>(meanings: Record<T, string>): Shape<T> & { meanings: Record<T, string> } {
  const options = Object.keys(meanings) as T[];
  const words = orList(options.map((option) => `"${option}"`));
  return {
    words,
    meanings,
    read(node, path, reader) {
      const value = node.kind === 'scalar' ? node.value : undefined;
      const known = options.find((option) => option === value);
      if (known !== undefined) return known;
      const meant = typeof value === 'string' ? nearest(value, options) : undefined;
      const hint = meant === undefined ? undefined : `did you mean "${meant}"?`;
      reader.problems.add(node.start, path, `expected ${words}, found ${found(node)}`, hint);
      return undefined;
    },
    schema: () => ({ enum: options }),
  };
}

/** `a, b or c` */
export function orList(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}
