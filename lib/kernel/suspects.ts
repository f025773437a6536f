import { type Arrival, crashedStep } from './effects.ts';
import type { Journal } from './journal.ts';
import type { Ports } from './ports.ts';
import type { Program, StepRequest } from './program.ts';

/**
 * Steps during which a driver died (K12).
 *
 * Owns: that suspects run alone, in the run and in the process, and that one which crashed too often does not run again.
 */
export interface Suspects {
  /** Some step that the program still wants is a suspect. */
  any(): boolean;
  /** Nothing is lazy: since the takeover no step has ended, or a suspect is left. */
  isStrict(): boolean;
  /** True: this suspect may run now, with nothing beside it, until `leave`. */
  enter(key: string): boolean;
  /** A suspect has entered: others wait until what came of it is durable. */
  isIn(): boolean;
  /** The step was dropped. Nothing happens if it was not running alone. */
  leave(key: string): void;
  /**
   * Leaves if what ran alone does not any more, or is not wanted. To be asked once all events are durable: a crash before
   * that would count against it, whoever has entered by then.
   */
  leaveIfEnded(running: ReadonlyMap<string, unknown>): void;
  leaveAll(): void;
  /** The outcome of a step that must not run again, or may no longer. */
  verdictOn(request: StepRequest): Arrival | undefined;
}

/** `program` is asked for anew each time: a turn may replace it. `wake`: the process has room for a suspect again. */
export function createSuspects(ports: Ports, journal: Journal, program: () => Program, wake: () => void): Suspects {
  let alone: string | undefined;

  function any(): boolean {
    // Also while what came of it is not durable.
    if (alone !== undefined) return true;
    if (journal.suspects.size === 0) return false;
    for (const key of journal.suspects) if (program().open.has(key)) return true;
    return false;
  }

  function leaveAll(): void {
    if (alone === undefined) return;
    alone = undefined;
    ports.alone.leave();
  }

  return {
    any,
    isStrict: () => journal.takeovers > 0 || any(),
    enter(key) {
      if (alone === undefined && ports.alone.enter(wake)) alone = key;
      return alone === key;
    },
    isIn: () => alone !== undefined,
    leave(key) {
      if (alone === key) leaveAll();
    },
    leaveIfEnded(running) {
      if (alone === undefined || running.has(alone)) return;
      if (!program().open.has(alone) || !journal.started.has(alone)) leaveAll();
    },
    leaveAll,
    verdictOn({ key, attempt, spec }) {
      if (!journal.suspects.has(key)) return undefined;
      if (spec.atMostOnce) {
        const message = `The process died during step '${key}', which runs at most once: whether it took effect is not known`;
        return crashedStep(ports, key, attempt, 'OutcomeUnknownError', message);
      }
      const crashes = journal.crashes.get(key) ?? 0;
      if (crashes < ports.limits.crashes) return undefined;
      const message = `The process died ${crashes} times while only step '${key}' ran (limit crashes)`;
      return crashedStep(ports, key, attempt, 'CrashedError', message);
    },
  };
}
