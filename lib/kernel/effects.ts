import { createRun, type NewRun } from './create-run.ts';
import { recipientOf } from './deliver.ts';
import type { Birth, JournalEvent, TaskEvent } from './events.ts';
import { ownerOf } from './expiry.ts';
import { Fault, isFault, isOutage } from './faults.ts';
import { findForNewRun } from './find-definition.ts';
import { isSettled } from './head.ts';
import { foldJournal } from './journal.ts';
import type { RetryPolicy } from './operations.ts';
import { neverStarted, settledNotice } from './outbox.ts';
import type { EncodedPayload } from './payload.ts';
import type { Ports } from './ports.ts';
import type { ChildRequest, EffectRequest, Program, StepRequest } from './program.ts';
import { retrying } from './retrying.ts';
import { RunningStep } from './step-attempt.ts';
import { NonRetryableError, storeError } from './stored-error.ts';

/**
 * Running steps and starting children.
 *
 * Owns: what this driver has under way, and turning what came of it into events.
 * Does not own: when something may start, or what becomes of the events.
 */

interface RunningEffect {
  key: string;
  attempt: number;
  startedAt: number;
  /** Aborts the step. Children are not aborted: starting one is short. */
  abort(reason: Error): void;
  atMostOnce: boolean;
}

/** What came of an effect: kept until it is durable, since a turn may have to feed it a second time (K3). */
export interface Arrival {
  key: string;
  attempt: number;
  event: JournalEvent;
  /** JSON text of the event's payload, where it is too large to stand in the event. */
  text: string | undefined;
}

export interface Effects {
  readonly running: ReadonlyMap<string, RunningEffect>;
  /** `budgetMs`: how long the attempt of a step may take. */
  start(request: EffectRequest, budgetMs?: number): void;
  /** Forgets a running effect; what comes of it is dropped. */
  drop(key: string, reason: string): void;
  dropAll(reason: string): void;
}

/** The turn that they belong to. */
export interface EffectsOwner {
  /** Is told what came of each effect that was not dropped. */
  arrived(arrival: Arrival): void;
  /** The turn cannot go on. */
  broke(error: unknown): void;
}

class RunEffects implements Effects {
  readonly running = new Map<string, RunningEffect>();
  readonly #ports: Ports;
  readonly #birth: Birth;
  readonly #owner: EffectsOwner;

  constructor(ports: Ports, birth: Birth, owner: EffectsOwner) {
    this.#ports = ports;
    this.#birth = birth;
    this.#owner = owner;
  }

  start(request: EffectRequest, budgetMs = Number.POSITIVE_INFINITY): void {
    if (request.kind === 'step') this.#startStep(request, budgetMs);
    else this.#startChild(request);
  }

  drop(key: string, reason: string): void {
    const effect = this.running.get(key);
    this.running.delete(key);
    effect?.abort(abortError(reason));
  }

  dropAll(reason: string): void {
    if (this.running.size === 0) return;
    const effects = [...this.running.values()];
    this.running.clear();
    for (const effect of effects) effect.abort(abortError(reason));
  }

  #startStep(request: StepRequest, budgetMs: number): void {
    const step = new RunningStep(this.#ports, this.#birth, request, budgetMs);
    const { key, attempt, startedAt } = step;
    this.#ports.observer?.stepStarted?.({ run: this.#birth.id, key, attempt, at: startedAt });
    try {
      const result = step.run();
      if (result instanceof Promise) this.#awaitStep(step, result);
      else this.#owner.arrived(completed(this.#ports, step, result));
    } catch (error) {
      this.#owner.arrived(failedAttempt(this.#ports, step, error));
    }
  }

  #awaitStep(step: RunningStep, result: Promise<EncodedPayload>): void {
    this.running.set(step.key, step);
    result.then(
      (value) => this.#finish(step, completed(this.#ports, step, value)),
      (error: unknown) => this.#finish(step, failedAttempt(this.#ports, step, error)),
    );
  }

  #startChild(request: ChildRequest): void {
    const { key } = request;
    const ports = this.#ports;
    const effect: RunningEffect = { key, attempt: 1, startedAt: ports.clock.now(), atMostOnce: false, abort: () => {} };
    this.running.set(key, effect);
    createChild(ports, this.#birth, request).then(
      (arrival) => this.#finish(effect, arrival),
      (error: unknown) => {
        if (!isOutage(error)) this.#finish(effect, failedChild(ports, key, error));
        else if (this.running.get(key) === effect) this.#owner.broke(error);
      },
    );
  }

  #finish(effect: RunningEffect, arrival: Arrival): void {
    if (this.running.get(effect.key) !== effect) return;
    this.running.delete(effect.key);
    this.#owner.arrived(arrival);
  }
}

export function createEffects(ports: Ports, birth: Birth, owner: EffectsOwner): Effects {
  return new RunEffects(ports, birth, owner);
}

/** What an aborted step finds as its signal's reason. */
function abortError(message: string): Error {
  const error = new Error(message);
  error.name = 'AbortError';
  return error;
}

function completed(ports: Ports, { key, attempt, startedAt }: RunningStep, { payload, text }: EncodedPayload): Arrival {
  const event: TaskEvent = { type: 'task_completed', at: ports.clock.now(), key, kind: 'step', attempt, startedAt };
  if (payload !== undefined) event.result = payload;
  return { key, attempt, text, event };
}

/** Decides here, once, whether there is another attempt; the event says so in every replay (K24). */
function failedAttempt(ports: Ports, { key, attempt, startedAt, request }: RunningStep, thrown: unknown): Arrival {
  const { retry } = request.spec;
  const at = ports.clock.now();
  const failed = { at, key, attempt, startedAt, error: storeError(thrown, ports.limits) };
  if (!isRetryable(retry, attempt, thrown)) {
    return { key, attempt, text: undefined, event: { type: 'task_failed', kind: 'step', ...failed } };
  }
  const retryAt = at + retryDelay(retry, attempt, ports.ids.fraction());
  return { key, attempt, text: undefined, event: { type: 'task_retried', ...failed, retryAt } };
}

export function isRetryable(policy: RetryPolicy, attempt: number, thrown: unknown): boolean {
  if (attempt >= policy.attempts) return false;
  try {
    if (thrown instanceof NonRetryableError || isFault(thrown, 'invalid_input') || isFault(thrown, 'too_large'))
      return false;
    return policy.retryIf ? policy.retryIf(thrown) : true;
  } catch {
    // Of the policy, or of what was thrown: some values cannot even be looked at.
    return false;
  }
}

/** Delay after the failed attempt (from 1), in ms. `fraction` in [0, 1) makes the jitter. */
export function retryDelay(policy: RetryPolicy, attempt: number, fraction: number): number {
  // Growth past the largest number is infinite, and nothing times infinity is no number.
  const grown = policy.initialMs === 0 ? 0 : policy.initialMs * policy.factor ** (attempt - 1);
  const full = Math.min(policy.maxMs, grown);
  return Math.round(full * (1 - policy.jitter * fraction));
}

/** A step that will not be run again, because its driver died while it ran. */
export function crashedStep(ports: Ports, key: string, attempt: number, name: string, message: string): Arrival {
  const code = name === 'OutcomeUnknownError' ? 'outcome_unknown' : 'crashed';
  const error = { name, message, code };
  return {
    key,
    attempt,
    text: undefined,
    event: { type: 'task_failed', at: ports.clock.now(), key, kind: 'step', attempt, error },
  };
}

/** An arrival of a child, which has but one attempt. */
function ofChild(key: string, event: JournalEvent, text?: string): Arrival {
  return { key, attempt: 1, text, event };
}

async function createChild(ports: Ports, birth: Birth, request: ChildRequest): Promise<Arrival> {
  const { key, spec, id } = request;
  const definition = await findForNewRun(ports, spec.workflow, spec.version, id);
  if (!definition) {
    const version = spec.version === undefined ? '' : `@${spec.version}`;
    throw new Fault(
      'not_found',
      `Workflow ${spec.workflow}${version}, asked for as child '${key}', is not deployed here`,
    );
  }
  const child: NewRun = {
    id,
    definition,
    input: spec.input,
    correlationId: spec.correlationId ?? birth.correlationId,
    origin: `run ${birth.id}`,
    ...(!spec.detached && { parent: { ...recipientOf(ports, birth), key }, latestDeadline: birth.deadline }),
  };
  const { created, head } = await retrying(ports, () => createRun(ports, child));
  const at = ports.clock.now();
  if (spec.detached) {
    const text = JSON.stringify({ id });
    return ofChild(key, { type: 'task_completed', at, key, kind: 'child', result: text }, text);
  }
  if (!created && isSettled(head.state.status)) {
    const settled = await lookAtChild(ports, birth, key, id);
    if (settled) return settled;
  }
  return ofChild(key, { type: 'task_started', at, key, kind: 'child', attempt: 1, child: id });
}

function failedChild(ports: Ports, key: string, thrown: unknown): Arrival {
  const error = storeError(thrown, ports.limits);
  return ofChild(key, { type: 'task_failed', at: ports.clock.now(), key, kind: 'child', error });
}

/** What came of the children that a program waits for, where they have ended: no turn has to create those any more. */
export async function lookAtChildren(ports: Ports, birth: Birth, program: Program): Promise<Arrival[]> {
  const arrivals: Arrival[] = [];
  for (const request of [...program.open.values()]) {
    if (request.kind !== 'child') continue;
    const settled = await retrying(ports, () => lookAtChild(ports, birth, request.key, request.id));
    if (!settled) continue;
    program.pending.delete(request);
    arrivals.push(settled);
  }
  return arrivals;
}

/**
 * Reads a child's own journal, since the notice of its end may have been lost (K23). `undefined`: it is still open, or
 * cannot be read here, which is its own trouble and not its parent's.
 */
async function lookAtChild(ports: Ports, birth: Birth, key: string, id: string): Promise<Arrival | undefined> {
  try {
    return await readChild(ports, birth, key, id);
  } catch (error) {
    if (isFault(error, 'newer_format') || isFault(error, 'corrupt')) return undefined;
    throw error;
  }
}

async function readChild(ports: Ports, birth: Birth, key: string, id: string): Promise<Arrival | undefined> {
  const record = await ports.store.read(id);
  if (!record) return undefined;
  const { current } = foldJournal(record.head.birth, record.chunks);
  if (current.phase !== 'settled') {
    if (!isSettled(record.head.state.status)) return undefined;
    const outcome = { status: 'cancelled' as const, error: neverStarted };
    return ofChild(key, { type: 'child_settled', id: `settled:${key}`, at: ports.clock.now(), key, outcome });
  }
  if (current.end.type === 'run_completed' && current.end.continuedAs) {
    return readChild(ports, birth, key, current.end.continuedAs.id);
  }
  return ofChild(
    key,
    await settledNotice(ports, record.head.birth, current.end, { ...ownerOf(birth, ports.limits), key }),
  );
}
