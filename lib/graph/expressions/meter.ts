/**
 * Bounds what one evaluation does and how large anything gets, by counting: the same evaluation is cut off at the same
 * place in every replay, on every machine.
 */
import { graphLimits } from '../limits.ts';

/** Thrown when a limit is crossed; never caught by an expression. */
export class LimitCrossed extends Error {
  override readonly name = 'LimitCrossed';
}

/** The tree that a value is, shared parts counted as often as they occur. */
interface Weight {
  values: number;
  chars: number;
  depth: number;
}

export interface Meter {
  /** One more part is evaluated. */
  step(): void;
  /** So many more steps' worth of work. */
  charge(steps: number): void;
  /** Weighs a value, and charges for it. */
  weigh(value: unknown): Weight;
}

const resultDepth = 200;
const leaf: Weight = { values: 1, chars: 0, depth: 0 };

/** With `mutates`, no weight is remembered, since values may change. */
export function createMeter(mutates: boolean): Meter {
  const known = new WeakMap<object, Weight>();
  let steps = 0;
  let fresh = 0;

  const charge = (more: number) => {
    steps += more;
    if (steps > graphLimits.evaluationSteps) {
      throw new LimitCrossed(`it takes more than ${graphLimits.evaluationSteps} steps (limit evaluationSteps)`);
    }
  };

  const weightOf = (value: unknown): Weight => {
    if (typeof value === 'string') {
      if (value.length > graphLimits.evaluationChars) throw tooLarge('characters', 'evaluationChars');
      return { values: 1, chars: value.length, depth: 0 };
    }
    if (typeof value !== 'object' || value === null || isFunctionValue(value)) return leaf;
    const was = known.get(value);
    if (was) return was;
    const weight: Weight = { values: 1, chars: 0, depth: 0 };
    const add = (part: unknown) => {
      const { values, chars, depth } = weightOf(part);
      weight.values += values;
      weight.chars += chars;
      weight.depth = Math.max(weight.depth, depth + 1);
      fresh += 1;
      if (weight.values > graphLimits.evaluationValues) throw tooLarge('values', 'evaluationValues');
      if (weight.chars > graphLimits.evaluationChars) throw tooLarge('characters', 'evaluationChars');
      if (weight.depth > resultDepth) throw new LimitCrossed(`a value nests deeper than ${resultDepth}`);
    };
    if (Array.isArray(value)) for (const item of value) add(item);
    else {
      for (const [name, part] of Object.entries(value)) {
        weight.chars += name.length;
        add(part);
      }
    }
    if (!mutates) known.set(value, weight);
    return weight;
  };

  return {
    step: () => charge(1),
    charge,
    weigh(value) {
      if (typeof value !== 'string' && (typeof value !== 'object' || value === null)) return leaf;
      fresh = 0;
      const weight = weightOf(value);
      charge(((weight.values + weight.chars) >> 8) + (fresh >> 4));
      return weight;
    },
  };
}

function tooLarge(unit: 'values' | 'characters', limit: 'evaluationValues' | 'evaluationChars'): LimitCrossed {
  return new LimitCrossed(`a value has more than ${graphLimits[limit]} ${unit} (limit ${limit})`);
}

/** Functions of JSONata are objects, or functions of JavaScript. */
export function isFunctionValue(value: unknown): boolean {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null) return false;
  const { _jsonata_function, _jsonata_lambda } = value as Record<string, unknown>;
  return _jsonata_function === true || _jsonata_lambda === true;
}
