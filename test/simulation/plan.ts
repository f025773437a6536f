/**
 * Random workflows as data, and the one workflow that interprets them.
 *
 * Owns: what a generated workflow may do. Does not own: faults, time, or what is right.
 */
import { type Context, type Workflow, workflow } from '../../lib/workflow/index.ts';

export type Plan =
  | { do: 'step'; id: string; ms: number; fails: number; once?: true; undo?: true; hasty?: true; hangs?: true }
  | { do: 'sleep'; id: string; ms: number }
  | { do: 'signal'; id: string; name: string; timeoutMs?: number }
  /** A stray one is not waited for. */
  | { do: 'child'; id: string; plan: Plan; stray?: true }
  | { do: 'sequence' | 'all' | 'race'; id: string; parts: Plan[] }
  | { do: 'map'; id: string; items: number; width: number; plan: Plan }
  | { do: 'attempt'; id: string; plan: Plan }
  /** Steps one after the other, without a pause. */
  | { do: 'loop'; id: string; times: number; ms: number }
  | { do: 'fail'; id: string };

type StepPlan = Extract<Plan, { do: 'step' }>;
type Chance = () => number;

const attempts = 3;

export function randomPlan(chance: Chance, size = 3): Plan {
  let count = 0;
  const below = (max: number) => Math.floor(chance() * max);

  function make(depth: number): Plan {
    count += 1;
    const id = `n${count}`;
    const roll = below(depth > 0 ? 100 : 45);
    if (roll < 26) return step(id);
    if (roll < 36) return { do: 'sleep', id, ms: [5, 300, 3_000, 45_000, 120_000][below(5)] as number };
    if (roll < 45) {
      const name = `s${below(2)}`;
      return { do: 'signal', id, name, ...(chance() < 0.3 && { timeoutMs: 500 + below(40_000) }) };
    }
    if (roll < 68) return { do: 'sequence', id, parts: many(depth, 4) };
    if (roll < 80) return { do: 'all', id, parts: many(depth, 3) };
    if (roll < 87) return { do: 'race', id, parts: many(depth, 3) };
    if (roll < 90) return { do: 'map', id, items: 1 + below(4), width: 1 + below(3), plan: make(depth - 1) };
    if (roll < 93) return { do: 'child', id, ...(chance() < 0.3 && { stray: true }), plan: make(depth - 1) };
    if (roll < 95) return beside(id);
    if (roll < 97) return contest(id);
    if (roll < 98) return { do: 'loop', id, times: 2 + below(12), ms: [0, 0, 700][below(3)] as number };
    return { do: 'attempt', id, plan: make(depth - 1) };
  }

  function step(id: string): Plan {
    const ms = chance() < 0.04 ? 40_000 : ([0, 0, 10, 400, 2_500, 9_000][below(6)] as number);
    const fails = chance() < 0.15 ? 1 + below(attempts) : 0;
    return {
      do: 'step',
      id,
      ms,
      fails,
      ...(chance() < 0.1 && { once: true }),
      ...(chance() < 0.15 && { undo: true }),
      ...(chance() < 0.3 && { hasty: true }),
      ...(chance() < 0.2 && { hangs: true }),
    };
  }

  /** Which of two comes first decides whether a third goes on: a signal, or a step behind which its branch gives up. */
  function contest(id: string): Plan {
    const step = (name: string): Plan => ({ do: 'step', id: `${id}${name}`, ms: 0, fails: 0 });
    const givesUp: Plan = { do: 'sequence', id: `${id}b`, parts: [step('c'), { do: 'fail', id: `${id}d` }] };
    const signal: Plan = { do: 'signal', id: `${id}e`, name: 's0' };
    const parts: Plan[] = [
      { do: 'race', id: `${id}f`, parts: [signal, givesUp] },
      { ...(step('g') as StepPlan), ms: [0, 0, 400][below(3)] as number },
    ];
    return { do: 'attempt', id, plan: { do: 'all', id: `${id}a`, parts } };
  }

  /** A child that ends about when a timer fires. */
  function beside(id: string): Plan {
    const plan = { ...(step(`${id}b`) as StepPlan), ms: [2_500, 9_000][below(2)] as number };
    return {
      do: 'all',
      id,
      parts: [
        { do: 'child', id: `${id}a`, plan },
        { do: 'sleep', id: `${id}c`, ms: 3_000 },
      ],
    };
  }

  function many(depth: number, most: number): Plan[] {
    return Array.from({ length: 2 + below(most - 1) }, () => make(depth - 1));
  }

  const roll = chance();
  if (roll < 0.003) return { do: 'loop', id: 'n0', times: 1_000, ms: 0 };
  if (roll < 0.1) return saga();
  return { do: 'sequence', id: 'n0', parts: many(size, 5) };

  /** Whatever can be undone, and an end that has it undone. */
  function saga(): Plan {
    const parts = many(1, 5).map((part): Plan => (part.do === 'step' ? { ...part, undo: true } : part));
    return { do: 'sequence', id: 'n0', parts: [...parts, { do: 'fail', id: 'end' }] };
  }
}

export function partsOf(plan: Plan): Plan[] {
  if ('parts' in plan) return plan.parts;
  return 'plan' in plan ? [plan.plan] : [];
}

export function anyPart(plan: Plan, holds: (part: Plan) => boolean): boolean {
  return holds(plan) || partsOf(plan).some((part) => anyPart(part, holds));
}

/** Whether faults and time may change what comes out. */
export function isDeterministic(plan: Plan): boolean {
  return !anyPart(
    plan,
    (part) =>
      part.do === 'race' ||
      (part.do === 'signal' && part.timeoutMs !== undefined) ||
      (part.do === 'step' && (part.once === true || part.fails >= attempts)),
  );
}

/** How many signals of each name a run of this plan may take; its children take their own. */
export function signalsOf(plan: Plan): Map<string, number> {
  const counts = new Map<string, number>();
  const visit = (part: Plan, times: number): void => {
    if (part.do === 'signal') counts.set(part.name, (counts.get(part.name) ?? 0) + times);
    if (part.do === 'child') return;
    for (const inner of partsOf(part)) visit(inner, part.do === 'map' ? times * part.items : times);
  };
  visit(plan, 1);
  return counts;
}

/** All steps but those of loops: their ids, and what is special about them. */
export function stepsOf(plan: Plan): { id: string; once: boolean; undo: boolean }[] {
  if (plan.do === 'step') return [{ id: plan.id, once: plan.once === true, undo: plan.undo === true }];
  return partsOf(plan).flatMap(stepsOf);
}

const retry = { attempts, initial: 200, jitter: 0.5 } as const;
const hastyRetry = { attempts, initial: 0, jitter: 0 } as const;

export interface PlanInput {
  plan: Plan;
  /** How often the run goes on as another one. */
  again?: number;
  /** Whether it is one that another went on as: that one has been told all that this one needs. */
  continued?: true;
}

export interface Interpreting {
  /** How long a step takes. */
  sleep(ms: number): Promise<void>;
  durability: 'each' | 'relaxed' | 'none';
  /** Where it may strike. Then what undoes a step may hang, too. */
  timeoutMs?: number | undefined;
  /** Told of a result that was made for another request than the one that it is given to. */
  mismatch?: (what: string) => void;
}

const hangMs = 40 * 60_000;

export function interpreter({
  sleep,
  durability,
  timeoutMs,
  mismatch = () => {},
}: Interpreting): Workflow<PlanInput, unknown> {
  const simulated: Workflow<PlanInput, unknown> = workflow(
    { name: 'simulated', timeout: timeoutMs ?? 12 * 60 * 60_000, durability },
    async (ctx, { plan, again = 0 }: PlanInput) => {
      const result = await run(ctx, plan);
      return again > 0 ? ctx.continueAs({ plan, again: again - 1, continued: true }) : result;
    },
  ) as Workflow<PlanInput, unknown>;

  async function run(ctx: Context, plan: Plan): Promise<unknown> {
    switch (plan.do) {
      case 'step': {
        const asked = ctx.now();
        const options = {
          ...(plan.once ? { atMostOnce: true } : { retry: plan.hasty ? hastyRetry : retry }),
          ...(plan.undo && { compensate: () => sleep(plan.hangs && timeoutMs !== undefined ? hangMs : 5) }),
        };
        const { is, made } = await ctx.step(
          plan.id,
          async ({ attempt }) => {
            await sleep(plan.ms);
            if (attempt <= plan.fails) throw new RangeError(`${plan.id} failed at attempt ${attempt}`);
            return { is: `${plan.id}#${attempt}`, made: asked };
          },
          options,
        );
        compare(plan.id, asked, made);
        return is;
      }
      case 'sleep':
        await ctx.sleep(plan.ms, { name: plan.id });
        return plan.id;
      case 'signal': {
        const options = plan.timeoutMs === undefined ? {} : { timeout: plan.timeoutMs };
        await ctx.signal(plan.name, options).catch((error: Error) => {
          if (error.name !== 'TimeoutError') throw error;
        });
        return plan.id;
      }
      case 'child': {
        const ended = ctx.child(simulated, { plan: plan.plan }, { name: plan.id });
        if (!plan.stray) return ended;
        ended.catch(() => {});
        return plan.id;
      }
      case 'sequence': {
        const results: unknown[] = [];
        let latest = ctx.now();
        for (const part of plan.parts) {
          results.push(await run(ctx, part));
          if (ctx.now() < latest) throw new Error('Time went back');
          latest = ctx.now();
        }
        return results;
      }
      case 'all':
        return ctx.all(plan.id, branches(plan.parts));
      case 'race': {
        const { winner, value } = await ctx.race(plan.id, branches(plan.parts));
        return [winner, value];
      }
      case 'map':
        return ctx.map(
          plan.id,
          Array.from({ length: plan.items }, (_, index) => index),
          (_item, branch) => run(branch, plan.plan),
          { concurrency: plan.width },
        );
      case 'loop': {
        const results: unknown[] = [];
        for (let index = 0; index < plan.times; index += 1) {
          const asked = ctx.now();
          const work = () => (plan.ms > 0 ? sleep(plan.ms).then(() => asked) : asked);
          results.push(await ctx.step(`${plan.id}:${index}`, work));
          compare(`${plan.id}:${index}`, asked, results.at(-1) as number);
        }
        return results.length;
      }
      case 'fail':
        throw new RangeError(`${plan.id} gives up`);
      case 'attempt':
        return run(ctx, plan.plan).catch((error: Error) => `caught ${error.name}`);
    }
  }

  /** What a step's function sees of the program follows from events, and so is the same in every replay (K24, K27). */
  function compare(id: string, asked: number, made: number): void {
    if (asked !== made) mismatch(`${id} was asked for at ${asked}, and its result was made for ${made}`);
  }

  function branches(parts: Plan[]): Record<string, (ctx: Context) => Promise<unknown>> {
    return Object.fromEntries(parts.map((part) => [part.id, (branch: Context) => run(branch, part)]));
  }

  return simulated;
}
