import type { JoinRule, Json } from '../definition.ts';

/** How a task ended. */
export type Outcome =
  | { status: 'completed'; output: Json }
  /** `caught`: one of its own `catch` chose what happens instead. */
  | { status: 'failed'; error: Error; caught: boolean }
  | { status: 'skipped'; cause: SkipCause };

/**
 * Why a task was skipped: for its own sake (its `when`, or nobody chose it), because a caught failure before it led
 * elsewhere, or because of a failure before it that nobody caught.
 */
export type SkipCause = 'own' | 'detour' | 'failure';

export function skipped(cause: SkipCause): Outcome {
  return { status: 'skipped', cause };
}

/** A failure that nobody caught, or what was left out because of one. */
function isLost(outcome: Outcome): boolean {
  switch (outcome.status) {
    case 'failed':
      return !outcome.caught;
    case 'skipped':
      return outcome.cause === 'failure';
    default:
      return false;
  }
}

function isOnDetour(outcome: Outcome): boolean {
  return outcome.status === 'skipped' && outcome.cause === 'detour';
}

/** Why a task is skipped that one of these, none of which it is, would have had to choose. */
export function causeOfNotChosen(choosers: readonly Outcome[]): SkipCause {
  if (choosers.some(isLost)) return 'failure';
  return choosers.some(isOnDetour) ? 'detour' : 'own';
}

/** Why a task is skipped whose rule does not hold. */
export function causeOfJoin(dependencies: readonly Outcome[]): SkipCause {
  if (dependencies.some(isLost)) return 'failure';
  return dependencies.some((outcome) => outcome.status === 'failed' || isOnDetour(outcome)) ? 'detour' : 'own';
}

/**
 * Whether a task with this rule runs after what it depends on has ended so. Without dependencies it does. `isPassedBy`: a
 * detour around what it depends on leads around it as well, as in a sequence around all up to where the `catch` leads.
 */
export function joinHolds(rule: JoinRule, dependencies: readonly Outcome[], isPassedBy: boolean): boolean {
  switch (rule) {
    case 'all_succeeded':
      return dependencies.every(({ status }) => status === 'completed');
    case 'none_failed':
      // A caught failure leads elsewhere: what stands behind the task that failed is not that place.
      return !dependencies.some(
        (outcome) => outcome.status === 'failed' || isLost(outcome) || (isPassedBy && isOnDetour(outcome)),
      );
    case 'any_succeeded':
      return dependencies.length === 0 || dependencies.some(({ status }) => status === 'completed');
    case 'all_done':
      return true;
  }
}
