import type { FunctionName } from './functions.ts';
import type { Definition, Focus, Sources } from './library.ts';

type Implementation = Definition['implementation'];
type Comparator = (this: unknown, ...args: unknown[]) => unknown;

/** Functions in place of JSONata's. Arguments have been checked against its signatures, and may be undefined. */
export function replacements({ now, random }: Sources): Partial<Record<FunctionName, Implementation>> {
  return {
    millis: () => now(),
    now(picture, timezone) {
      const format = this.environment.lookup('fromMillis') as Definition;
      return format.implementation.call(this, now(), picture, timezone);
    },
    random: () => random(),
    shuffle(list) {
      if (!Array.isArray(list)) return list;
      const result = [...list];
      for (let index = result.length - 1; index > 0; index -= 1) {
        const other = Math.floor(random() * (index + 1));
        [result[index], result[other]] = [result[other], result[index]];
      }
      return result;
    },
    max: (list) => extreme(list, (a, b) => a > b),
    min: (list) => extreme(list, (a, b) => a < b),
    distinct(list) {
      if (!Array.isArray(list) || list.length <= 1) return list;
      const seen = new Set<string>();
      const result = 'sequence' in list ? this.createSequence() : [];
      for (const item of list) {
        const key = canonical(item);
        if (!seen.has(key)) result.push(item);
        seen.add(key);
      }
      return result;
    },
    spread(value) {
      return typeof value === 'object' && value !== null ? spreadInto(this.createSequence(), value) : value;
    },
    sort,
  };
}

function extreme(list: unknown, isBetter: (a: number, b: number) => boolean): unknown {
  if (!Array.isArray(list) || list.length === 0) return undefined;
  return list.reduce((best: number, item: number) => (isBetter(item, best) ? item : best));
}

/** Equal for values that JSONata takes for equal. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function spreadInto(result: unknown[], value: unknown): unknown[] {
  if (Array.isArray(value)) for (const item of value) spreadInto(result, item);
  else if (typeof value === 'object' && value !== null) {
    for (const [name, part] of Object.entries(value)) {
      const single: Record<string, unknown> = Object.create(null);
      single[name] = part;
      result.push(single);
    }
  } else if (value !== undefined) result.push(value);
  return result;
}

/** Stable; the comparator is a function of the expression that says whether the first comes after the second. */
async function sort(this: Focus, list: unknown, comparator?: unknown): Promise<unknown> {
  if (!Array.isArray(list) || list.length <= 1) return list;
  const given = comparator as Comparator | undefined;
  const isKind = (kind: string) => list.every((item) => typeof item === kind);
  if (given === undefined && !isKind('number') && !isKind('string')) {
    const message = '$sort needs a function for lists that are not of numbers or of texts';
    throw { code: 'D3070', message, stack: '' };
  }
  const comesAfter = async (a: never, b: never): Promise<unknown> => (given ? await given.apply(this, [a, b]) : a > b);
  let source: unknown[] = [...list];
  for (let width = 1; width < source.length; width *= 2) {
    const target: unknown[] = [];
    for (let start = 0; start < source.length; start += 2 * width) {
      const middle = Math.min(start + width, source.length);
      const end = Math.min(start + 2 * width, source.length);
      let left = start;
      let right = middle;
      while (left < middle && right < end) {
        if (await comesAfter(source[left] as never, source[right] as never)) target.push(source[right++]);
        else target.push(source[left++]);
      }
      while (left < middle) target.push(source[left++]);
      while (right < end) target.push(source[right++]);
    }
    source = target;
  }
  return source;
}
