/**
 * The functions that an expression calls, as JSONata sees them. Each one is JSONata's own, metered, or a replacement where
 * that one takes more than linear time, grows without bound, or asks the machine for time and chance.
 */
import { graphLimits } from '../limits.ts';
import type { FunctionName } from './functions.ts';
import { LimitCrossed, type Meter } from './meter.ts';
import { replacements } from './replacements.ts';

/** A function as JSONata keeps it. Its implementation gets `this`, the focus. */
export interface Definition {
  _jsonata_function: true;
  implementation: (this: Focus, ...args: unknown[]) => unknown;
  signature?: unknown;
  arity?: number;
}

export interface Focus {
  environment: { lookup(name: string): unknown };
  createSequence(...first: unknown[]): unknown[];
}

/** Where time and chance come from. */
export interface Sources {
  /** Milliseconds since the epoch. */
  now(): number;
  /** In [0, 1). */
  random(): number;
}

/** The definition that takes the place of `own`. */
export function meteredFunction(name: FunctionName, own: Definition, meter: Meter, sources: Sources): Definition {
  const replacement = replacements(sources)[name];
  const implementation = replacement ?? own.implementation;
  const guard = guards[name];
  const metered = function (this: Focus, ...args: unknown[]): unknown {
    meter.charge(1);
    for (const arg of args) meter.weigh(arg);
    guard?.(args, meter);
    const result = implementation.apply(this, args);
    if (!(result instanceof Promise)) return weighed(result, meter);
    return result.then((value) => weighed(value, meter));
  };
  // JSONata looks at how many arguments a function takes, and reads their names in its text.
  Object.defineProperty(metered, 'length', { value: own.implementation.length });
  Object.defineProperty(metered, 'toString', { value: () => own.implementation.toString() });
  const { signature } = own;
  return { _jsonata_function: true, implementation: metered, ...(signature !== undefined && { signature }) };
}

function weighed(value: unknown, meter: Meter): unknown {
  meter.weigh(value);
  return value;
}

type Guard = (args: unknown[], meter: Meter) => void;

/** What has to be known before a function runs, because afterwards is too late. */
const guards: Partial<Record<FunctionName, Guard>> = {
  length: chargeByChar,
  substring: chargeByChar,
  pad(args, meter) {
    chargeByChar(args, meter);
    const [, width] = args;
    if (typeof width === 'number' && Math.abs(width) > graphLimits.evaluationChars) throw tooLong('$pad');
  },
  join([parts, separator = '']) {
    if (!Array.isArray(parts)) return;
    const chars = parts.reduce((sum: number, part) => sum + lengthOf(part) + lengthOf(separator), 0);
    if (chars > graphLimits.evaluationChars) throw tooLong('$join');
  },
  replace([text, pattern, replacement], meter) {
    meter.charge((lengthOf(text) * lengthOf(replacement)) >> 6);
    if (typeof pattern !== 'string' || pattern === '') return;
    const growth = Math.max(0, lengthOf(replacement) - pattern.length) * (lengthOf(text) / pattern.length);
    if (growth > graphLimits.evaluationChars) throw tooLong('$replace');
  },
  string([value, prettify], meter) {
    if (prettify !== true) return;
    const { values, chars, depth } = meter.weigh(value);
    if (chars + values * (4 + 2 * depth) > graphLimits.evaluationChars) throw tooLong('$string');
  },
  append: (args, meter) => meter.charge(args.reduce((sum: number, arg) => sum + (lengthOf(arg) >> 6), 0)),
  formatInteger([value, picture]) {
    checkPicture(picture);
    if (typeof value !== 'number' || !Number.isFinite(value)) throw new LimitCrossed('$formatInteger takes a number');
    const isRoman = typeof picture === 'string' && /^i(;|$)/i.test(picture);
    if (isRoman && Math.abs(value) > 100_000)
      throw new LimitCrossed('$formatInteger writes roman numbers up to 100000');
  },
  parseInteger: ([, picture]) => checkPicture(picture),
  formatNumber([, picture, options]) {
    checkPicture(picture);
    if (typeof options !== 'object' || options === null) return;
    const isShort = (value: unknown) => typeof value === 'string' && value.length > 0 && value.length <= 8;
    if (!Object.values(options).every(isShort)) {
      throw new LimitCrossed('the options of $formatNumber are texts of 1 to 8 characters');
    }
  },
  now: ([picture]) => checkPicture(picture),
  fromMillis([millis, picture]) {
    checkPicture(picture);
    if (typeof millis === 'number' && Math.abs(millis) > 8.64e15)
      throw new LimitCrossed('$fromMillis: there is no such time');
  },
  toMillis([text, picture]) {
    checkPicture(picture);
    if (typeof picture !== 'string') return;
    const parts = picture.match(/\[[^[\]]*\]/g) ?? [];
    const isSeparated = picture
      .split(/\[[^[\]]*\]/)
      .slice(1, -1)
      .every((between) => /^[^0-9A-Za-z]+$/.test(between));
    const isPlain = isSeparated && !parts.some((part) => /w/i.test(part.slice(2)));
    const limit = isPlain ? graphLimits.pictureChars : 32;
    if (parts.length > 8) throw new LimitCrossed('a picture that is read by $toMillis has up to 8 parts');
    if (lengthOf(text) > limit) throw new LimitCrossed(`$toMillis reads up to ${limit} characters with such a picture`);
  },
};

/** These go through a text character by character. */
function chargeByChar([text]: unknown[], meter: Meter): void {
  meter.charge(lengthOf(text) >> 4);
}

function checkPicture(picture: unknown): void {
  if (typeof picture !== 'string') return;
  if (picture.length > graphLimits.pictureChars) {
    throw new LimitCrossed(`a picture has more than ${graphLimits.pictureChars} characters (limit pictureChars)`);
  }
  if (/,[^\]]*\d{3}/.test(picture) && picture.includes('['))
    throw new LimitCrossed('a picture asks for too many digits');
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' || Array.isArray(value) ? value.length : 0;
}

function tooLong(name: string): LimitCrossed {
  return new LimitCrossed(`${name} gives more than ${graphLimits.evaluationChars} characters (limit evaluationChars)`);
}
