import { graphLimits } from '../limits.ts';
import { type LinearRegex, linearRegex } from '../linear-regex.ts';
import { LimitCrossed, type Meter } from './meter.ts';

const known = new WeakMap<RegExp, LinearRegex>();

/** What JSONata uses in place of `RegExp`: the part of it that it needs, in linear time. */
export function regexEngine(meter: Meter | undefined): RegExpConstructor {
  const engine = class {
    lastIndex = 0;
    readonly #regex: LinearRegex;

    constructor(literal: RegExp) {
      this.#regex = known.get(literal) ?? compile(literal);
      known.set(literal, this.#regex);
    }

    exec(text: unknown): (RegExpExecArray & { index: number }) | null {
      if (typeof text !== 'string') throw new LimitCrossed('a regular expression takes a text');
      if (text.length > graphLimits.regexTextChars) {
        const limit = `${graphLimits.regexTextChars} characters (limit regexTextChars)`;
        throw new LimitCrossed(`a regular expression searches a text of more than ${limit}`);
      }
      meter?.charge(1 + ((text.length - this.lastIndex) >> 6));
      const found = this.#regex.find(text, Math.min(this.lastIndex, text.length));
      this.lastIndex = found?.end ?? 0;
      if (found === undefined) return null;
      const match = [text.slice(found.start, found.end), ...found.groups] as string[] as RegExpExecArray;
      match.index = found.start;
      return match;
    }
  };
  return engine as unknown as RegExpConstructor;
}

function compile({ source, flags }: RegExp): LinearRegex {
  const regex = linearRegex(source, flags);
  if ('problem' in regex) throw new LimitCrossed(`the regular expression cannot be used: ${regex.problem}`);
  return regex;
}
