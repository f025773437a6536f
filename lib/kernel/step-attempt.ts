import type { Birth } from './events.ts';
import { keepPayload } from './keep-payload.ts';
import type { Limits } from './limits.ts';
import type { StepAttempt } from './operations.ts';
import { type EncodedPayload, toJson } from './payload.ts';
import type { Ports } from './ports.ts';
import type { StepRequest } from './program.ts';
import { NonRetryableError, TimeoutError } from './stored-error.ts';

/**
 * One attempt of a step, under way: what the driver knows of it and what its function is told. A class because every
 * step makes one, and what few steps use is made when they ask for it.
 */
export class RunningStep implements StepAttempt {
  readonly key: string;
  readonly attempt: number;
  readonly startedAt: number;
  readonly request: StepRequest;
  readonly #ports: Ports;
  readonly #birth: Birth;
  readonly #budgetMs: number;
  #controller: AbortController | undefined;
  #aborted: Error | undefined;
  #beat: (() => void) | undefined;
  #cancelTimers: (() => void) | undefined;

  constructor(ports: Ports, birth: Birth, request: StepRequest, budgetMs: number) {
    this.key = request.key;
    this.attempt = request.attempt;
    this.startedAt = ports.clock.now();
    this.request = request;
    this.#ports = ports;
    this.#birth = birth;
    this.#budgetMs = budgetMs;
  }

  get atMostOnce(): boolean {
    return this.request.spec.atMostOnce;
  }

  get idempotencyToken(): string {
    return this.#ports.ids.digest(`step\n${this.#birth.nonce}\n${this.key}`);
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted) this.#controller.abort(this.#aborted);
    return this.#controller.signal;
  }

  get heartbeat(): () => void {
    return () => this.#beat?.();
  }

  abort(reason: Error): void {
    this.#aborted = reason;
    this.#controller?.abort(reason);
    this.#cancelTimers?.();
  }

  /**
   * Calls the step's function and makes its result ready to be stored, at once where the function needs no waiting for.
   * Throws, or rejects with, what the function does.
   */
  run(): EncodedPayload | Promise<EncodedPayload> {
    const { spec } = this.request;
    const { limits } = this.#ports;
    if (spec.timeoutMs !== undefined && spec.timeoutMs > limits.stepMs) throw tooLong(this.key, spec.timeoutMs, limits);
    const isLimited = this.#budgetMs !== Number.POSITIVE_INFINITY || spec.heartbeatTimeoutMs !== undefined;
    const value = isLimited ? this.#limited() : spec.run(this);
    return isThenable(value) ? Promise.resolve(value).then((result) => this.#encode(result)) : this.#encode(value);
  }

  #encode(value: unknown): EncodedPayload | Promise<EncodedPayload> {
    const { limits } = this.#ports;
    const text = toJson(value, `The result of step '${this.key}'`, limits);
    return keepPayload(this.#ports, this.#birth, this.key, text);
  }

  async #limited(): Promise<unknown> {
    const { clock } = this.#ports;
    const { timeoutMs = Number.POSITIVE_INFINITY, heartbeatTimeoutMs, run } = this.request.spec;
    const budgetMs = this.#budgetMs;
    let cancelTimeout = () => {};
    let cancelBeat = () => {};
    this.#cancelTimers = () => {
      cancelTimeout();
      cancelBeat();
    };
    const expired = new Promise<never>((_resolve, reject) => {
      const expire = (ms: number, message: string) =>
        clock.schedule(clock.now() + ms, () => {
          const error = new TimeoutError(message);
          reject(error);
          this.abort(error);
        });
      if (budgetMs !== Number.POSITIVE_INFINITY) {
        const limit =
          budgetMs === timeoutMs
            ? `its timeout of ${timeoutMs} ms`
            : `a step can take here, ${budgetMs} ms (limit stepMs). ${callbackAdvice}`;
        cancelTimeout = expire(budgetMs, `Step '${this.key}' took longer than ${limit}`);
      }
      if (heartbeatTimeoutMs === undefined) return;
      this.#beat = () => {
        cancelBeat();
        cancelBeat = expire(heartbeatTimeoutMs, `Step '${this.key}' gave no heartbeat for ${heartbeatTimeoutMs} ms`);
      };
      this.#beat();
    });
    try {
      return await Promise.race([run(this), expired]);
    } finally {
      this.#beat = undefined;
      this.#cancelTimers();
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

const callbackAdvice = 'For longer work wait for a ctx.callback() that whoever does it answers';

/** Turns are cut off here, so the attempt could never end. */
function tooLong(key: string, timeoutMs: number, { stepMs }: Limits): NonRetryableError {
  return new NonRetryableError(
    `Step '${key}' has a timeout of ${timeoutMs} ms; a step can take ${stepMs} ms here (limit stepMs). ${callbackAdvice}`,
  );
}
