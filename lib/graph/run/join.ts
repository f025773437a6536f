import type { JoinRule, Json } from '../definition.ts';

/** How a task ended. */
export type Outcome =
  | { status: 'completed'; output: Json }
  /** `caught`: one of its own `catch` chose what happens instead. */
  | { status: 'failed'; error: Error; caught: boolean }
  /** `afterFailure`: it would have run but for a failure before it that nobody caught. */
  | { status: 'skipped'; afterFailure: boolean };

/** A failure that nobody caught, or what was left out because of one. */
export function isLost(outcome: Outcome): boolean {
  switch (outcome.status) {
    case 'failed':
      return !outcome.caught;
    case 'skipped':
      return outcome.afterFailure;
    default:
      return false;
  }
}

/** Whether a task with this rule runs after what it depends on has ended so. Without dependencies it does. */
export function joinHolds(rule: JoinRule, dependencies: readonly Outcome[]): boolean {
  switch (rule) {
    case 'all_succeeded':
      return dependencies.every(({ status }) => status === 'completed');
    case 'none_failed':
      // A caught failure leads elsewhere: what stands behind the task that failed is not that place.
      return !dependencies.some((outcome) => outcome.status === 'failed' || isLost(outcome));
    case 'any_succeeded':
      return dependencies.length === 0 || dependencies.some(({ status }) => status === 'completed');
    case 'all_done':
      return true;
  }
}
