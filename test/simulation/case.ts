/** What a schedule is: everything in it follows from this, and nothing else. */
import { seededFraction } from '../kernel/harness.ts';
import { anyPart, randomPlan } from './plan.ts';
import { type Mode, modes, randomTraits, type Traits } from './traits.ts';
import { exampleNames, type Work } from './workload.ts';

export interface Case {
  seed: number;
  mode: Mode;
  /** False: nothing repairs later what a missing guard has spoilt. */
  backstops: boolean;
  traits: Traits;
  work: Work;
  /** The only faults that may strike, as `Fate` names them. */
  only?: readonly string[];
}

export interface CaseOptions {
  mode?: Mode | undefined;
  /** Default true. */
  backstops?: boolean | undefined;
  /** An example to run, in place of what the seed says. */
  example?: string | undefined;
}

/** So many of a hundred schedules run an example. */
const examplePercent = 5;

export function caseOf(seed: number, { mode: given, backstops = true, example }: CaseOptions = {}): Case {
  const chance = seededFraction(seed * 7919 + 13);
  const mode = given ?? (modes[seed % modes.length] as Mode);
  const plan = randomPlan(chance, 3);
  const traits = randomTraits(mode, chance);
  // Where there is no other run, nobody else's step can be to blame, however few crashes are allowed.
  const isSingle = mode === 'poison' && traits.runs === 1 && !anyPart(plan, (part) => part.do === 'child');
  if (isSingle) traits.limits = { ...traits.limits, crashes: 1 + Math.floor(chance() * 3) };
  const roll = Math.floor(chance() * 100);
  const drawn = exampleNames[Math.floor(chance() * exampleNames.length)] as string;
  const name = example ?? (roll < examplePercent && mode !== 'poison' ? drawn : undefined);
  if (name === undefined) return { seed, mode, backstops, traits, work: { do: 'plan', plan } };
  return {
    seed,
    mode,
    backstops,
    // Reports may not be as large as inputs.
    traits: { ...traits, again: 0, timeoutMs: undefined, silent: false, limits: withoutSize(traits.limits) },
    work: { do: 'example', name },
  };
}

function withoutSize({ inlineBytes: _, ...others }: Traits['limits']): Traits['limits'] {
  return others;
}
