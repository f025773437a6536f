import type { Definition } from '../kernel/definition.ts';
import { type Operations, type StepAttempt, type StepSpec, withSteps } from '../kernel/operations.ts';
import { fitsPattern, type StepPattern } from './step-pattern.ts';

/**
 * What runs in place of a step's function.
 *
 * Owns: replacements, injected failures and crashes, and a record of every call of a step's function.
 * It wraps definitions; the kernel knows nothing of it.
 */

/** What a replacement of a step is told. */
export interface TestAttempt extends StepAttempt {
  /** The step's key: the names of its scopes and its own. */
  readonly key: string;
  readonly runId: string;
  readonly workflow: string;
}

export type StepReplacement = (attempt: TestAttempt, original: () => Promise<unknown>) => unknown;

/** One call of a step's function. */
export interface StepCall {
  key: string;
  /** As the step was told: a crash before the outcome was recorded repeats the number. */
  attempt: number;
  /** Milliseconds of virtual time. */
  at: number;
  /** `lost`: the process crashed before the function ended. */
  outcome: 'running' | 'completed' | 'failed' | 'lost';
  error?: unknown;
}

/** Which steps, of which workflow. */
export interface StepTarget {
  /** Only in runs of this workflow. */
  workflow?: string;
}

/** Decides what a call does. `undefined`: not mine. */
interface StandIn extends StepTarget {
  pattern: StepPattern;
  attempts: readonly number[] | undefined;
  act(attempt: TestAttempt, original: () => Promise<unknown>): unknown;
  /** What it waits for is virtual time, so that nobody has to wait for it in real time. */
  virtual: boolean;
}

export interface StandIns {
  add(standIn: StandIn): void;
  /** The definition with every step under the stand-ins' control. */
  wrap(definition: Definition): Definition;
  calls(runId: string): StepCall[];
  /** Calls that do real work just now, and are still wanted; and a number that changes whenever a call begins or ends. */
  readonly busy: number;
  readonly changes: number;
  /** All calls under way belong to a process that has died. */
  loseCalls(): void;
}

export function createStandIns(now: () => number): StandIns {
  const standIns: StandIn[] = [];
  const calls = new Map<string, StepCall[]>();
  const running = new Map<StepCall, { standIn: StandIn | undefined; attempt: TestAttempt }>();
  let changes = 0;

  function find(attempt: TestAttempt): StandIn | undefined {
    return standIns.findLast(
      ({ pattern, workflow, attempts }) =>
        fitsPattern(pattern, attempt.key) &&
        (workflow === undefined || workflow === attempt.workflow) &&
        (attempts === undefined || attempts.includes(attempt.attempt)),
    );
  }

  function begin(attempt: TestAttempt, standIn: StandIn | undefined): StepCall {
    const call: StepCall = { key: attempt.key, attempt: attempt.attempt, at: now(), outcome: 'running' };
    calls.set(attempt.runId, [...(calls.get(attempt.runId) ?? []), call]);
    running.set(call, { standIn, attempt });
    changes += 1;
    return call;
  }

  function end(call: StepCall, outcome: 'completed' | 'failed', error?: unknown): void {
    if (!running.delete(call)) return;
    changes += 1;
    call.outcome = outcome;
    if (outcome === 'failed') call.error = error;
  }

  async function run(attempt: TestAttempt, spec: StepSpec): Promise<unknown> {
    const standIn = find(attempt);
    const call = begin(attempt, standIn);
    const original = async () => spec.run(attempt);
    try {
      const value = await (standIn ? standIn.act(attempt, original) : original());
      end(call, 'completed');
      return value;
    } catch (error) {
      end(call, 'failed', error);
      throw error;
    }
  }

  function wrapOperations(operations: Operations): Operations {
    const { id: runId, workflow } = operations.run;
    return withSteps(operations, (key, spec) => ({
      ...spec,
      run: (attempt) => run(toldMore(attempt, { key, runId, workflow }), spec),
    }));
  }

  return {
    add: (standIn) => void standIns.push(standIn),
    wrap: (definition) => ({
      ...definition,
      run: (operations, input) => definition.run(wrapOperations(operations), input),
    }),
    calls: (runId) => [...(calls.get(runId) ?? [])],
    get busy() {
      return [...running.values()].filter(({ standIn, attempt }) => !standIn?.virtual && !attempt.signal.aborted)
        .length;
    },
    get changes() {
      return changes;
    },
    loseCalls() {
      for (const call of running.keys()) call.outcome = 'lost';
      running.clear();
      changes += 1;
    },
  };
}

/** The abort signal is made when it is asked for, so the attempt must not be copied field by field. */
function toldMore(attempt: StepAttempt, more: Pick<TestAttempt, 'key' | 'runId' | 'workflow'>): TestAttempt {
  return {
    ...more,
    attempt: attempt.attempt,
    idempotencyToken: attempt.idempotencyToken,
    get signal() {
      return attempt.signal;
    },
    heartbeat: () => attempt.heartbeat(),
  };
}
