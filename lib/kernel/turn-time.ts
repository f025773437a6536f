import type { Limits } from './limits.ts';
import type { StepSpec } from './operations.ts';

/**
 * The time that a turn has where it is cut off from outside, as in a Lambda function. Pure but for remembering when the
 * turn's first step began.
 *
 * Owns: when nothing new begins any more, and which step belongs into the next turn instead.
 */
export interface TurnTime {
  /** By then the turn has to have ended; infinity where it may last. */
  readonly until: number;
  /** From then on no step begins; those that run may go on to `until`. */
  readonly drainAt: number;
  /** How long an attempt that begins now may take, in ms. `undefined`: it would not fit, the next turn has more time. */
  budgetOf(spec: Pick<StepSpec, 'timeoutMs' | 'atMostOnce'>, now: number): number | undefined;
}

const longestDrainMs = 30_000;
/** Steps that begin this soon after a turn's first one have, like it, all the time that a turn can give. */
const togetherMs = 1_000;

class RunTurnTime implements TurnTime {
  readonly until: number;
  readonly drainAt: number;
  readonly #stepMs: number;
  #firstAt: number | undefined;

  constructor({ stepMs }: Limits, now: number, until: number) {
    this.until = until;
    this.drainAt = until - Math.min(longestDrainMs, (until - now) / 10);
    this.#stepMs = stepMs;
  }

  budgetOf({ timeoutMs, atMostOnce }: Pick<StepSpec, 'timeoutMs' | 'atMostOnce'>, now: number): number | undefined {
    const { until } = this;
    const own = timeoutMs ?? this.#stepMs;
    if (until === Number.POSITIVE_INFINITY) return own;
    this.#firstAt ??= now;
    // No turn has more time: what does not end now would never end.
    if (now <= this.#firstAt + togetherMs) return Math.max(1, Math.min(own, until - now));
    // Without a timeout it may be short. If it is not, it is begun again by the next turn, unless that is not allowed.
    const needs = timeoutMs ?? (atMostOnce ? own : 0);
    return now + needs <= until ? own : undefined;
  }
}

export function createTurnTime(limits: Limits, now: number, until = Number.POSITIVE_INFINITY): TurnTime {
  return new RunTurnTime(limits, now, until);
}
