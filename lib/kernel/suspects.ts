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

/** The turn that asks: it may replace its program. */
interface TurnOfSuspects {
  readonly program: Program;
  /** The process has room for a suspect again. */
  wake(): void;
}

class RunSuspects implements Suspects {
  readonly #ports: Ports;
  readonly #journal: Journal;
  readonly #turn: TurnOfSuspects;
  #alone: string | undefined;

  constructor(ports: Ports, journal: Journal, turn: TurnOfSuspects) {
    this.#ports = ports;
    this.#journal = journal;
    this.#turn = turn;
  }

  any(): boolean {
    // Also while what came of it is not durable.
    if (this.#alone !== undefined) return true;
    if (this.#journal.suspects.size === 0) return false;
    for (const key of this.#journal.suspects) if (this.#turn.program.open.has(key)) return true;
    return false;
  }

  isStrict(): boolean {
    return this.#journal.takeovers > 0 || this.any();
  }

  enter(key: string): boolean {
    if (this.#alone === undefined && this.#ports.alone.enter(() => this.#turn.wake())) this.#alone = key;
    return this.#alone === key;
  }

  isIn(): boolean {
    return this.#alone !== undefined;
  }

  leave(key: string): void {
    if (this.#alone === key) this.leaveAll();
  }

  leaveIfEnded(running: ReadonlyMap<string, unknown>): void {
    if (this.#alone === undefined || running.has(this.#alone)) return;
    if (!this.#turn.program.open.has(this.#alone) || !this.#journal.started.has(this.#alone)) this.leaveAll();
  }

  leaveAll(): void {
    if (this.#alone === undefined) return;
    this.#alone = undefined;
    this.#ports.alone.leave();
  }

  verdictOn({ key, attempt, spec }: StepRequest): Arrival | undefined {
    if (!this.#journal.suspects.has(key)) return undefined;
    if (spec.atMostOnce) {
      const message = `The process died during step '${key}', which runs at most once: whether it took effect is not known`;
      return crashedStep(this.#ports, key, attempt, 'OutcomeUnknownError', message);
    }
    const crashes = this.#journal.crashes.get(key) ?? 0;
    if (crashes < this.#ports.limits.crashes) return undefined;
    const message = `The process died ${crashes} times while only step '${key}' ran (limit crashes)`;
    return crashedStep(this.#ports, key, attempt, 'CrashedError', message);
  }
}

export function createSuspects(ports: Ports, journal: Journal, turn: TurnOfSuspects): Suspects {
  return new RunSuspects(ports, journal, turn);
}
