/**
 * Makes of a schedule that fails the smallest one that still fails in the same way, by leaving out what it can.
 *
 * Owns: what may be left out. Does not own: what a schedule does.
 */
import type { Case } from './case.ts';
import { type Plan, partsOf } from './plan.ts';
import { type Result, runSchedule } from './schedule.ts';
import type { Traits } from './traits.ts';

export interface Shrunk {
  case: Case;
  violation: string;
  /** Schedules that were tried. */
  tried: number;
}

/** Of what kind a violation is: its invariant, or what it says without names and numbers. */
function kindOf(violation: string): string {
  const number = /\(\d+\)/.exec(violation);
  if (number) return number[0];
  return violation
    .replace(/^run \S+ /, '')
    .replace(/\S*\d\S*/g, '')
    .trim()
    .slice(0, 40);
}

/** `run` answers as `runSchedule` does; `endsAt` is of `now()`. Undefined: it does not fail. */
export async function shrink(
  failing: Case,
  { endsAt, now, run = runSchedule }: { endsAt: number; now(): number; run?: (schedule: Case) => Promise<Result> },
): Promise<Shrunk | undefined> {
  let tried = 0;
  const first = await attempt(failing);
  const violation = first?.violations[0];
  if (violation === undefined) return undefined;
  const kind = kindOf(violation);
  let best: Shrunk = { case: failing, violation, tried };
  await keep({ ...failing, only: first?.struck ?? [] });

  for (let found = true; found && now() < endsAt; ) {
    found = false;
    for (const smaller of [...simplerTraits(best.case), ...simplerWork(best.case)]) {
      if (now() < endsAt && (await keep(smaller(best.case)))) found = true;
    }
    found = (await dropFaults()) || found;
  }
  return { ...best, tried };

  async function attempt(schedule: Case): Promise<Result | undefined> {
    tried += 1;
    return run(schedule).catch((error: unknown) => ({ violations: [`threw ${String(error)}`] }) as Result);
  }

  /** Goes on with the schedule if it fails in the same way; it need not name faults that do not strike in it. */
  async function keep(schedule: Case | undefined): Promise<boolean> {
    if (!schedule) return false;
    const result = await attempt(schedule);
    const same = result?.violations.find((other) => kindOf(other) === kind);
    if (!result || same === undefined) return false;
    const only = schedule.only && result.struck ? schedule.only.filter((fault) => result.struck.includes(fault)) : [];
    best = { case: schedule.only ? { ...schedule, only } : schedule, violation: same, tried };
    return true;
  }

  /** First the larger parts of the list, then the smaller ones, then each by itself. */
  async function dropFaults(): Promise<boolean> {
    let dropped = false;
    for (let size = Math.ceil((best.case.only?.length ?? 0) / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let from = 0; from < (best.case.only?.length ?? 0) && now() < endsAt; ) {
        const only = best.case.only ?? [];
        if (await keep({ ...best.case, only: [...only.slice(0, from), ...only.slice(from + size)] })) dropped = true;
        else from += size;
      }
    }
    return dropped;
  }
}

type Smaller = (from: Case) => Case | undefined;

const plain: { [Name in keyof Traits]?: Traits[Name] } = {
  runs: 1,
  again: 0,
  commands: false,
  cancel: false,
  twice: false,
  reborn: false,
  deploys: false,
  upgrades: false,
  turnMs: undefined,
  timeoutMs: undefined,
  silent: false,
  outage: undefined,
  receiver: 'drive',
  processes: 2,
  durability: 'each',
  durableQueue: true,
};

function simplerTraits({ traits }: Case): Smaller[] {
  const changes = Object.entries(plain).filter(([name, value]) => traits[name as keyof Traits] !== value);
  const { crashes, takeovers, ...others } = traits.limits;
  const limits = { ...(crashes && { crashes }), ...(takeovers && { takeovers }) };
  return [
    ...changes.map(
      ([name, value]): Smaller =>
        (from) => ({ ...from, traits: { ...from.traits, [name]: value } }),
    ),
    ...(Object.keys(others).length > 0
      ? [(from: Case): Case => ({ ...from, traits: { ...from.traits, limits } })]
      : []),
  ];
}

/** Each of these is one place of the plan made simpler; places are counted, since what was there may be gone by then. */
function simplerWork({ work }: Case): Smaller[] {
  if (work.do !== 'plan') return [];
  const count = simplerPlans(work.plan).length;
  // From the last: leaving one out does not move those before it.
  return Array.from(
    { length: count },
    (_, index): Smaller =>
      (from) => {
        if (from.work.do !== 'plan') return undefined;
        const plan = simplerPlans(from.work.plan)[count - 1 - index];
        return plan && { ...from, work: { do: 'plan', plan } };
      },
  );
}

/** All plans with one thing less than this one. */
function simplerPlans(plan: Plan): Plan[] {
  const inner = partsOf(plan);
  const own: Plan[] = plan.id === 'n0' && inner.length === 0 ? [] : [...inner];
  switch (plan.do) {
    case 'step':
      if (plan.ms > 0) own.push({ ...plan, ms: 0 });
      if (plan.fails > 0) own.push({ ...plan, fails: 0 });
      if (plan.undo) own.push(without(plan, 'undo'));
      if (plan.once) own.push(without(plan, 'once'));
      if (plan.hasty) own.push(without(plan, 'hasty'));
      if (plan.hangs) own.push(without(plan, 'hangs'));
      break;
    case 'loop':
      if (plan.times > 1) own.push({ ...plan, times: Math.ceil(plan.times / 2) });
      break;
    case 'map':
      if (plan.items > 1) own.push({ ...plan, items: plan.items - 1 });
      break;
    case 'signal':
      if (plan.timeoutMs !== undefined) own.push({ do: 'signal', id: plan.id, name: plan.name });
      break;
    default:
  }
  if ('parts' in plan) {
    const { parts } = plan;
    if (parts.length > 1)
      own.push(...parts.map((_, index) => ({ ...plan, parts: parts.filter((__, at) => at !== index) })));
    const deeper = parts.flatMap((part, index) =>
      simplerPlans(part).map((simpler) => ({ ...plan, parts: parts.with(index, simpler) })),
    );
    return [...own, ...deeper];
  }
  if ('plan' in plan) return [...own, ...simplerPlans(plan.plan).map((simpler) => ({ ...plan, plan: simpler }))];
  return own;
}

function without(plan: Extract<Plan, { do: 'step' }>, flag: 'undo' | 'once' | 'hasty' | 'hangs'): Plan {
  const { [flag]: _, ...rest } = plan;
  return rest;
}
