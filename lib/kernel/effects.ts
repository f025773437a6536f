import { createRun } from './create-run.ts';
import type { Birth, JournalEvent, Payload } from './events.ts';
import { Fault, isFault } from './faults.ts';
import { isSettled } from './head.ts';
import { foldJournal } from './journal.ts';
import type { RetryPolicy, StepAttempt } from './operations.ts';
import { neverStarted, settledNotice } from './outbox.ts';
import { storePayload, toJson } from './payload.ts';
import type { Ports } from './ports.ts';
import type { ChildRequest, EffectRequest, StepRequest } from './program.ts';
import { NonRetryableError, storeError, TimeoutError } from './stored-error.ts';

/**
 * Running steps and starting children.
 *
 * Owns: what this driver has under way, and turning what came of it into events.
 * Does not own: when something may start, or what becomes of the events.
 */

export interface RunningEffect {
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
  toEvent(at: number): JournalEvent;
  /** JSON text of the event's payload, where it is too large to stand in the event. */
  text: string | undefined;
}

export interface Effects {
  readonly running: ReadonlyMap<string, RunningEffect>;
  start(request: EffectRequest): void;
  /** Forgets a running effect; what comes of it is dropped. */
  drop(key: string, reason: Error): void;
  dropAll(reason: Error): void;
  /** What has arrived since the last call, in order of arrival. */
  takeArrivals(): Arrival[];
  hasArrivals(): boolean;
}

export function createEffects(ports: Ports, birth: Birth, arrived: () => void): Effects {
  const running = new Map<string, RunningEffect>();
  let arrivals: Arrival[] = [];

  function finish(effect: RunningEffect, arrival: Arrival): void {
    if (running.get(effect.key) !== effect) return;
    running.delete(effect.key);
    arrivals.push(arrival);
    arrived();
  }

  function startStep(request: StepRequest): void {
    const { key, attempt } = request;
    const startedAt = ports.clock.now();
    let controller: AbortController | undefined;
    let aborted: Error | undefined;
    const execution = createExecution(ports, birth, request);
    const effect: RunningEffect = {
      key,
      attempt,
      startedAt,
      atMostOnce: request.spec.atMostOnce,
      abort(reason) {
        aborted = reason;
        controller?.abort(reason);
        execution.cancelTimers();
      },
    };
    running.set(key, effect);
    ports.observer?.stepStarted?.({ run: birth.id, key, attempt, at: startedAt });
    const told: StepAttempt = {
      attempt,
      idempotencyToken: ports.ids.digest(`step\n${birth.nonce}\n${key}`),
      get signal() {
        controller ??= new AbortController();
        if (aborted) controller.abort(aborted);
        return controller.signal;
      },
      heartbeat: () => execution.heartbeat(),
    };
    execution
      .run(told, (reason) => effect.abort(reason))
      .then(
        (done) => finish(effect, completed(key, attempt, startedAt, done)),
        (error: unknown) => finish(effect, failedAttempt(ports, request, attempt, startedAt, error)),
      );
  }

  function startChild(request: ChildRequest): void {
    const { key } = request;
    const effect: RunningEffect = { key, attempt: 1, startedAt: ports.clock.now(), atMostOnce: false, abort: () => {} };
    running.set(key, effect);
    createChild(ports, birth, request).then(
      (arrival) => finish(effect, arrival),
      (error: unknown) => finish(effect, failedChild(ports, key, error)),
    );
  }

  return {
    running,
    start(request) {
      if (request.kind === 'step') startStep(request);
      else startChild(request);
    },
    drop(key, reason) {
      const effect = running.get(key);
      running.delete(key);
      effect?.abort(reason);
    },
    dropAll(reason) {
      const effects = [...running.values()];
      running.clear();
      for (const effect of effects) effect.abort(reason);
    },
    takeArrivals() {
      const taken = arrivals;
      arrivals = [];
      return taken;
    },
    hasArrivals: () => arrivals.length > 0,
  };
}

interface Done {
  payload: Payload | undefined;
  text: string | undefined;
}

/** One attempt of a step with its two time limits. */
function createExecution(ports: Ports, birth: Birth, request: StepRequest) {
  const { spec, key } = request;
  let beat: (() => void) | undefined;
  let timers: (() => void)[] = [];

  function cancelTimers(): void {
    for (const cancel of timers) cancel();
    timers = [];
  }

  function limited(attempt: StepAttempt, abort: (reason: Error) => void): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const expire = (message: string) => {
        const error = new TimeoutError(message);
        reject(error);
        abort(error);
      };
      const after = (ms: number, message: string) =>
        ports.clock.schedule(ports.clock.now() + ms, () => expire(message));
      if (spec.timeoutMs !== undefined) {
        timers.push(after(spec.timeoutMs, `Step '${key}' took longer than its timeout of ${spec.timeoutMs} ms`));
      }
      const { heartbeatTimeoutMs } = spec;
      if (heartbeatTimeoutMs !== undefined) {
        let cancel = () => {};
        beat = () => {
          cancel();
          cancel = after(heartbeatTimeoutMs, `Step '${key}' gave no heartbeat for ${heartbeatTimeoutMs} ms`);
        };
        timers.push(() => cancel());
        beat();
      }
      invoke(attempt).then(resolve, reject);
    });
  }

  async function invoke(attempt: StepAttempt): Promise<unknown> {
    return spec.run(attempt);
  }

  return {
    heartbeat: () => beat?.(),
    cancelTimers,
    async run(attempt: StepAttempt, abort: (reason: Error) => void): Promise<Done> {
      try {
        const isLimited = spec.timeoutMs !== undefined || spec.heartbeatTimeoutMs !== undefined;
        const value = await (isLimited ? limited(attempt, abort) : spec.run(attempt));
        const text = toJson(value, `The result of step '${key}'`, ports.limits);
        if (text === undefined || text.length * 3 <= ports.limits.inlineBytes) return { payload: text, text };
        return await storePayload(ports, birth.id, key, text);
      } finally {
        cancelTimers();
      }
    },
  };
}

function completed(key: string, attempt: number, startedAt: number, done: Done): Arrival {
  return {
    key,
    attempt,
    text: done.text,
    toEvent: (at) => ({
      type: 'task_completed',
      at,
      key,
      kind: 'step',
      attempt,
      startedAt,
      ...(done.payload !== undefined && { result: done.payload }),
    }),
  };
}

/** Decides here, once, whether there is another attempt; the event says so in every replay (K24). */
function failedAttempt(
  ports: Ports,
  request: StepRequest,
  attempt: number,
  startedAt: number,
  thrown: unknown,
): Arrival {
  const { key, spec } = request;
  const error = storeError(thrown, ports.limits);
  const delay = isRetryable(spec.retry, attempt, thrown)
    ? retryDelay(spec.retry, attempt, ports.ids.fraction())
    : undefined;
  return {
    key,
    attempt,
    text: undefined,
    toEvent: (at) =>
      delay === undefined
        ? { type: 'task_failed', at, key, kind: 'step', attempt, startedAt, error }
        : { type: 'task_retried', at, key, attempt, startedAt, error, retryAt: at + delay },
  };
}

export function isRetryable(policy: RetryPolicy, attempt: number, thrown: unknown): boolean {
  if (attempt >= policy.attempts) return false;
  if (thrown instanceof NonRetryableError || isFault(thrown, 'invalid_input') || isFault(thrown, 'too_large'))
    return false;
  try {
    return policy.retryIf ? policy.retryIf(thrown) : true;
  } catch {
    return false;
  }
}

/** Delay after the failed attempt (from 1), in ms. `fraction` in [0, 1) makes the jitter. */
export function retryDelay(policy: RetryPolicy, attempt: number, fraction: number): number {
  const full = Math.min(policy.maxMs, policy.initialMs * policy.factor ** (attempt - 1));
  return Math.round(full * (1 - policy.jitter * fraction));
}

/** A step that will not be run again, because its driver died while it ran. */
export function crashedStep(ports: Ports, key: string, attempt: number, name: string, message: string): Arrival {
  const error = storeError(new Error(message), { errorChars: ports.limits.errorChars });
  const stored = { name, message: error.message, code: name === 'OutcomeUnknownError' ? 'outcome_unknown' : 'crashed' };
  return {
    key,
    attempt,
    text: undefined,
    toEvent: (at) => ({ type: 'task_failed', at, key, kind: 'step', attempt, error: stored }),
  };
}

async function createChild(ports: Ports, birth: Birth, request: ChildRequest): Promise<Arrival> {
  const { key, spec, id } = request;
  const definition = ports.definitions.find(spec.workflow, spec.version);
  if (!definition) {
    const version = spec.version === undefined ? '' : `@${spec.version}`;
    throw new Fault(
      'not_found',
      `Workflow ${spec.workflow}${version}, asked for as child '${key}', is not deployed here`,
    );
  }
  const { created, head } = await createRun(ports, {
    id,
    definition,
    input: spec.input,
    correlationId: spec.correlationId ?? birth.correlationId,
    origin: `run ${birth.id}`,
    ...(!spec.detached && { parent: { id: birth.id, nonce: birth.nonce, key }, latestDeadline: birth.deadline }),
  });
  if (spec.detached) {
    const text = JSON.stringify({ id });
    return {
      key,
      attempt: 1,
      text,
      toEvent: (at) => ({ type: 'task_completed', at, key, kind: 'child', result: text }),
    };
  }
  if (!created && isSettled(head.state.status)) {
    const settled = await lookAtChild(ports, birth, key, id);
    if (settled) return settled;
  }
  return {
    key,
    attempt: 1,
    text: undefined,
    toEvent: (at) => ({ type: 'task_started', at, key, kind: 'child', attempt: 1, child: id }),
  };
}

function failedChild(ports: Ports, key: string, thrown: unknown): Arrival {
  const error = storeError(thrown, ports.limits);
  return {
    key,
    attempt: 1,
    text: undefined,
    toEvent: (at) => ({ type: 'task_failed', at, key, kind: 'child', error }),
  };
}

/** Reads a child's own journal, since the notice of its end may have been lost (K23). `undefined`: it is still open. */
export async function lookAtChild(ports: Ports, birth: Birth, key: string, id: string): Promise<Arrival | undefined> {
  const record = await ports.store.read(id);
  if (!record) return undefined;
  const { current } = foldJournal(record.head.birth, record.chunks);
  if (current.phase !== 'settled') {
    if (!isSettled(record.head.state.status)) return undefined;
    const event = {
      type: 'child_settled' as const,
      id: `settled:${key}`,
      key,
      outcome: { status: 'cancelled' as const, error: neverStarted },
    };
    return { key, attempt: 1, text: undefined, toEvent: (at) => ({ ...event, at }) };
  }
  if (current.end.type === 'run_completed' && current.end.continuedAs) {
    return lookAtChild(ports, birth, key, current.end.continuedAs.id);
  }
  const notice = await settledNotice(ports, record.head.birth, current.end, { id: birth.id, key });
  return { key, attempt: 1, text: undefined, toEvent: (at) => ({ ...notice, at }) };
}
