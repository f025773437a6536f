/**
 * What a schedule's runs do: a generated plan, or one of the examples.
 *
 * Owns: what runs are started with, what they have to be told, and how they come out without any fault.
 */
import type { Definition } from '../../lib/kernel/definition.ts';
import type { Birth } from '../../lib/kernel/events.ts';
import { examples, openExample } from './examples.ts';
import { anyPart, interpreter, isDeterministic, type Plan, type PlanInput, signalsOf, stepsOf } from './plan.ts';
import type { Traits } from './traits.ts';
import { undisturbed } from './undisturbed.ts';

export type Work = { do: 'plan'; plan: Plan } | { do: 'example'; name: string };

/** A signal that the run may take. `key` tells it from others of the name. */
export interface Telling {
  name: string;
  key: string;
  payload?: unknown;
  /** People say it once more. */
  repeats?: true;
}

export interface Workload {
  definitions: Definition[];
  root: Definition;
  input: unknown;
  /** What a run with this input has to be told, once. */
  tellings(birth: Birth, input: unknown): Telling[];
  /** Ids of all steps of a plan, of those that run at most once, and of those that can be undone. */
  steps: string[];
  once: ReadonlySet<string>;
  /** Undefined: not known by id. */
  undo: ReadonlySet<string> | undefined;
  hasChildren: boolean;
  /** How its runs come out when nothing happens to them. Undefined: that depends on time. */
  expected(): Promise<string> | undefined;
}

interface Making {
  sleep(ms: number): Promise<void>;
  /** Steps of an example take some of it. */
  chance(place: string): () => number;
  traits: Pick<Traits, 'durability' | 'timeoutMs' | 'again' | 'silent'>;
  mismatch(what: string): void;
}

export async function createWorkload(work: Work, making: Making): Promise<Workload> {
  return work.do === 'plan' ? planned(work.plan, making) : exampled(work.name, making);
}

function planned(plan: Plan, { sleep, traits, mismatch }: Making): Workload {
  const { durability, timeoutMs, again, silent } = traits;
  const definition = interpreter({ sleep, durability, timeoutMs, mismatch });
  const steps = stepsOf(plan);
  return {
    definitions: [definition],
    root: definition,
    input: { plan, again } satisfies PlanInput,
    tellings: silent ? () => noise : tellingsOf,
    steps: steps.map(({ id }) => id),
    once: new Set(steps.filter(({ once }) => once).map(({ id }) => id)),
    undo: new Set(steps.filter(({ undo }) => undo).map(({ id }) => id)),
    hasChildren: anyPart(plan, (part) => part.do === 'child'),
    expected() {
      if (!isDeterministic(plan)) return undefined;
      return undisturbed({
        definitionsIn: ({ sleep }) => [interpreter({ sleep, durability: 'each' })],
        input: { plan },
        tellings: tellingsOf,
      });
    },
  };
}

/** What nobody waits for, said twice. */
const noise: Telling[] = [{ name: 'noise', key: 'noise', repeats: true }];

function tellingsOf(_birth: Birth, input: unknown): Telling[] {
  const { plan, again = 0, continued } = input as PlanInput;
  if (continued) return [];
  return [...signalsOf(plan)].flatMap(([name, count]) =>
    Array.from({ length: count * (again + 1) }, (_, index) => ({ name, key: `${name}${index}` })),
  );
}

async function exampled(name: string, { sleep, chance, traits }: Making): Promise<Workload> {
  const example = await openExample(name);
  const definitions = example.definitions(traits.durability, async (step) => {
    const share = chance(`work of ${step}`)();
    await sleep(share < 0.6 ? 0 : Math.floor(share * 4_000));
  });
  return {
    definitions,
    root: definitions[0] as Definition,
    input: example.input,
    tellings: (birth) => (birth.parent === undefined ? example.tellings : []),
    steps: [],
    once: new Set(),
    undo: undefined,
    hasChildren: true,
    expected: async () => example.result,
  };
}

export const exampleNames = Object.keys(examples);
