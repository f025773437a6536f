import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Definition } from './definition.ts';
import type { Birth, JournalEvent, Payload, RunEvent, TaskKind } from './events.ts';
import { Fault } from './faults.ts';
import { isOutside } from './journal.ts';
import type { Limits } from './limits.ts';
import {
  type ChildSpec,
  ContinueAs,
  type LogLevel,
  type Operations,
  type StepSpec,
  type Task,
  WorkflowError,
} from './operations.ts';
import { byteLength, fromJson, toJson } from './payload.ts';
import { CancelledError, DeadlineError, restoreError } from './stored-error.ts';

/**
 * A workflow function in execution.
 *
 * Owns: what the program has asked for, and feeding it one event at a time (K1).
 * Does not own: effects, the journal, time. It starts nothing; it only says what it wants and from which event on.
 */

interface Asked {
  key: string;
  /** Sequence number of the last event that the program had been fed when it asked (K2). */
  after: number;
  result: Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export type StepRequest = Asked & { kind: 'step'; spec: StepSpec; attempt: number; retryAt: number };
export type TimerRequest = Asked & { kind: 'timer'; due: number };
type SignalRequest = Asked & { kind: 'signal'; name: string };
export type ChildRequest = Asked & { kind: 'child'; spec: ChildSpec; id: string; askedAt: number };
export type Request = StepRequest | TimerRequest | SignalRequest | ChildRequest;
/** Requests that are effects of this driver. */
export type EffectRequest = StepRequest | ChildRequest;

/** An effect that the program no longer wants, and the event that decided so (K4). */
interface Stop {
  request: EffectRequest;
  after: number;
}

export type Outcome =
  | { type: 'returned'; value: unknown }
  | { type: 'threw'; error: unknown }
  | { type: 'continued'; input: unknown };

export interface Program {
  /** Tasks that wait for an outcome, in the order in which they were asked for. */
  readonly open: ReadonlyMap<string, Request>;
  /** Those of them that are timers, in the same order. */
  readonly timers: ReadonlySet<TimerRequest>;
  /** Effects asked for and not yet started. */
  readonly pending: Set<EffectRequest>;
  readonly stops: Stop[];
  readonly outcome: Outcome | undefined;
  /** Why the program cannot go on: it did something that no replay would repeat. */
  readonly fault: Fault | undefined;
  /** The first request to cancel that was fed. */
  readonly cancelled: { reason: string | undefined } | undefined;
  /** Ids of the signals that were heard and that nobody has waited for. */
  untakenSignals(): string[];
  /** Runs the function to its first quiescence. Throws `Fault` non_deterministic. */
  start(input: unknown): Promise<void>;
  /** Feeds one event and runs to quiescence. `text` is the JSON of the event's payload. Throws `Fault` non_deterministic. */
  feed(event: JournalEvent, seq: number, text: string | undefined): Promise<void> | undefined;
  /** False: it is certain that no turn has started this child. One asked for in replay an earlier turn may have. */
  mayHaveBegun(request: ChildRequest): boolean;
  /** Another turn goes on with it, and feeds it what the journal holds beyond the event fed last. */
  moveTo(host: ProgramHost, events: readonly JournalEvent[]): void;
}

/** The turn that a program is in. */
export interface ProgramHost {
  /** Takes a mark that has to stand in the journal right behind the event fed last; answers with its sequence number. */
  emit(event: RunEvent): number;
  log: Operations['log'];
  /** The program did something while it was not being fed. */
  wake(): void;
}

export interface ProgramContext {
  definition: Definition;
  birth: Birth;
  clock: Clock;
  ids: Ids;
  limits: Limits;
  /** What the journal already holds, for `version()` and for checks. */
  recorded: readonly JournalEvent[];
  host: ProgramHost;
  /** What derived identifiers follow from, where the birth's nonce is not the run's: in a replay of an exported run. */
  seed?: string;
}

const noTimers: ReadonlySet<TimerRequest> = new Set();

/** A class, and what few programs need is made when they do: each run under way has one. Its operations are its own methods. */
class RunProgram implements Program, Operations {
  readonly run: Birth;
  readonly open = new Map<string, Request>();
  readonly pending = new Set<EffectRequest>();
  readonly stops: Stop[] = [];
  outcome: Outcome | undefined;
  fault: Fault | undefined;
  cancelled: { reason: string | undefined } | undefined;
  readonly #definition: Definition;
  readonly #clock: Clock;
  readonly #ids: Ids;
  readonly #limits: Limits;
  #host: ProgramHost;
  readonly #closed = new Set<string>();
  #timers: Set<TimerRequest> | undefined;
  #waiting: Map<string, SignalRequest[]> | undefined;
  /** Signals that nobody has waited for yet, oldest first. */
  #untaken: Map<string, { id: string; text: string | undefined }[]> | undefined;
  #versions: Set<string> | undefined;
  #kinds: Map<string, TaskKind> | undefined;
  /** How many events the journal held when that was last read, and up to which of them a program had come. */
  #known = 0;
  #lastOfOldCode = 0;
  #feeding = false;
  #seed: string | undefined;
  #seq = 0;
  #time: number;

  constructor({ definition, birth, clock, ids, limits, recorded, host, seed }: ProgramContext) {
    this.run = birth;
    this.#definition = definition;
    this.#clock = clock;
    this.#ids = ids;
    this.#limits = limits;
    this.#host = host;
    this.#seed = seed;
    this.#time = birth.createdAt;
    this.#learn(recorded, 0);
  }

  get timers(): ReadonlySet<TimerRequest> {
    return this.#timers ?? noTimers;
  }

  // --- for the turn ------------------------------------------------------------------------------------------------

  async start(input: unknown): Promise<void> {
    await this.#quiesce(() => {
      // The function may throw before its first await.
      Promise.resolve()
        .then(() => this.#definition.run(this, input))
        .then(
          (value) => this.#end({ type: 'returned', value }),
          (error: unknown) =>
            this.#end(
              error instanceof ContinueAs ? { type: 'continued', input: error.input } : { type: 'threw', error },
            ),
        );
    });
  }

  feed(event: JournalEvent, seq: number, text: string | undefined): Promise<void> | undefined {
    this.#seq = seq;
    // Marks are fed in replay only: `now()` must not notice them (K24).
    if (isSilent(event)) {
      this.#react(event, text);
      return undefined;
    }
    this.#time = Math.max(this.#time, event.at);
    return this.#quiesce(() => this.#react(event, text));
  }

  untakenSignals(): string[] {
    return [...(this.#untaken?.values() ?? [])].flat().map(({ id }) => id);
  }

  mayHaveBegun(request: ChildRequest): boolean {
    return !this.pending.has(request) || request.after <= this.#known;
  }

  moveTo(host: ProgramHost, events: readonly JournalEvent[]): void {
    this.#host = host;
    if (events.length > this.#seq) this.#learn(events, this.#seq);
  }

  // --- for the workflow --------------------------------------------------------------------------------------------

  step(key: string, spec: StepSpec): Task {
    const request = this.#ask<StepRequest>(key, 'step', { spec, attempt: 1, retryAt: 0 });
    this.pending.add(request);
    return this.#task(request);
  }

  timer(key: string, due: number): Task {
    const { deadline } = this.run;
    if (due > deadline) {
      throw new WorkflowError(
        `The timer '${key}' would fire at ${new Date(due).toISOString()}, after the run's deadline ${new Date(deadline).toISOString()}. ` +
          'Give the workflow a longer timeout.',
      );
    }
    const request = this.#ask<TimerRequest>(key, 'timer', { due });
    this.#timers ??= new Set();
    this.#timers.add(request);
    return this.#task(request);
  }

  signal(key: string, name: string): Task {
    const request = this.#ask<SignalRequest>(key, 'signal', { name });
    const early = this.#untaken?.get(name);
    if (early) {
      const signal = early.shift();
      if (early.length === 0) this.#untaken?.delete(name);
      this.#settle(request, undefined, signal?.text);
    } else {
      this.#waiting ??= new Map();
      const queue = this.#waiting.get(name);
      if (queue) queue.push(request);
      else this.#waiting.set(name, [request]);
    }
    return this.#task(request);
  }

  child(key: string, spec: ChildSpec): Task {
    const id = childId(this.#ids, this.#ownSeed(), key);
    const request = this.#ask<ChildRequest>(key, 'child', { spec, id, askedAt: this.#time });
    this.pending.add(request);
    return this.#task(request);
  }

  now(): number {
    return this.#time;
  }

  derive(label: string): string {
    return this.#ids.digest(`${this.#ownSeed()}\n${label}`);
  }

  callbackToken(name: string): string {
    return callbackToken(this.#ids, this.run, name);
  }

  version(change: string): boolean {
    if (this.#versions?.has(change)) return true;
    if (this.#seq < this.#lastOfOldCode) return false;
    this.#addVersion(change);
    this.#seq = this.#host.emit({ type: 'run_versioned', at: this.#time, change });
    return true;
  }

  report(details: unknown): void {
    // Checked in replay too, so that the program is refused the same.
    const text = reportText(details, this.#limits);
    if (this.#isLive()) this.#host.emit({ type: 'run_reported', at: this.#time, details: text });
  }

  log(level: LogLevel, message: string, fields?: Record<string, unknown>): void {
    if (this.#isLive()) this.#host.log(level, message, fields);
  }

  isCancelled(): boolean {
    return this.cancelled !== undefined;
  }

  // --- what the journal holds --------------------------------------------------------------------------------------

  #learn(events: readonly JournalEvent[], from: number): void {
    for (let index = from; index < events.length; index += 1) {
      const event = events[index] as JournalEvent;
      if (event.type === 'child_settled') this.#addKind(event.key, 'child');
      else if (event.type === 'task_retried') this.#addKind(event.key, 'step');
      else if ('key' in event) this.#addKind(event.key, event.kind);
      else if (event.type === 'run_versioned') this.#addVersion(event.change);
      else if (event.type === 'run_suspended') for (const { key, kind } of event.awaiting) this.#addKind(key, kind);
      if (isOfProgram(event)) this.#lastOfOldCode = index + 1;
    }
    this.#known = events.length;
  }

  #addKind(key: string, kind: TaskKind): void {
    this.#kinds ??= new Map();
    this.#kinds.set(key, kind);
  }

  #addVersion(change: string): void {
    this.#versions ??= new Set();
    this.#versions.add(change);
  }

  #isLive(): boolean {
    return this.#seq >= this.#known;
  }

  #ownSeed(): string {
    this.#seed ??= seedOf(this.#ids, this.run);
    return this.#seed;
  }

  // --- tasks -------------------------------------------------------------------------------------------------------

  #ask<R extends Request>(key: string, kind: TaskKind, fields: Omit<R, keyof Asked | 'kind'>): R {
    const { keyChars, concurrentSteps } = this.#limits;
    if (!this.#feeding) this.#foreign(`A ${kind} '${key}'`);
    if (key.length > keyChars) {
      throw new WorkflowError(`The key '${key.slice(0, 60)}…' is longer than the limit keyChars, ${keyChars}`);
    }
    if (this.open.has(key) || this.#closed.has(key)) {
      throw new WorkflowError(
        `Two tasks are named '${key}'. Give each task of one scope a name of its own, for instance with the number of the loop's turn in it.`,
      );
    }
    if (this.open.size >= concurrentSteps * 4) {
      throw new WorkflowError(`More than ${concurrentSteps * 4} tasks are open at once (limit concurrentSteps × 4)`);
    }
    const found = this.#kinds?.get(key);
    if (found !== undefined && found !== kind) {
      throw this.#rememberFault(
        this.#nonDeterministic(`the journal holds a ${found} '${key}', the code now asks for a ${kind} of that name.`),
      );
    }
    let resolve!: Asked['resolve'];
    let reject!: Asked['reject'];
    const result = new Promise<unknown>((onResolve, onReject) => {
      resolve = onResolve;
      reject = onReject;
    });
    const request = { key, kind, after: this.#seq, result, resolve, reject, ...fields } as unknown as R;
    this.open.set(key, request);
    return request;
  }

  #task(request: Request): Task {
    return { result: request.result, close: () => this.#close(request) };
  }

  #leave(request: Request): void {
    this.open.delete(request.key);
    this.#closed.add(request.key);
    if (request.kind === 'timer') this.#timers?.delete(request);
  }

  #close(request: Request): void {
    if (this.open.get(request.key) !== request) return;
    this.#leave(request);
    if (request.kind === 'signal') this.#withdraw(request);
    if (request.kind === 'step' && !this.pending.delete(request)) this.stops.push({ request, after: this.#seq });
    if (request.kind === 'child') {
      if (this.mayHaveBegun(request)) this.stops.push({ request, after: this.#seq });
      this.pending.delete(request);
    }
  }

  #withdraw(request: SignalRequest): void {
    const queue = this.#waiting?.get(request.name);
    if (queue) {
      queue.splice(queue.indexOf(request), 1);
      if (queue.length === 0) this.#waiting?.delete(request.name);
    }
  }

  #settle(request: Request, error: Error | undefined, text: string | undefined): void {
    this.#leave(request);
    if (request.kind === 'step' || request.kind === 'child') this.pending.delete(request);
    if (error) fail(request, error);
    else request.resolve(fromJson(text));
  }

  // --- reactions ---------------------------------------------------------------------------------------------------

  /** Lets the program react until nothing moves any more. Rejects if it did what no replay would repeat. */
  #quiesce(change: () => void): Promise<void> {
    this.#feeding = true;
    try {
      change();
    } catch (error) {
      this.#feeding = false;
      throw error;
    }
    return this.#clock.macrotask().then(this.#quiesced);
  }

  readonly #quiesced = (): void => {
    this.#feeding = false;
    if (this.fault) throw this.fault;
  };

  #end(outcome: Outcome): void {
    if (!this.#feeding) this.#foreign('The end of the workflow');
    this.outcome = outcome;
  }

  #rejectAll(makeError: () => Error): void {
    for (const request of [...this.open.values()]) {
      if (request.kind === 'step' && request.spec.shielded) continue;
      this.#close(request);
      fail(request, makeError());
    }
  }

  #react(event: JournalEvent, text: string | undefined): void {
    switch (event.type) {
      case 'task_completed':
      case 'task_failed':
      case 'task_retried':
      case 'child_settled': {
        const request = this.#expectTask(event);
        if (!request) return;
        if (event.type === 'task_retried') {
          if (request.kind !== 'step') return;
          request.attempt = event.attempt + 1;
          request.retryAt = event.retryAt;
          request.after = this.#seq;
          this.pending.add(request);
        } else {
          this.#settle(request, errorOf(event), text);
        }
        return;
      }
      case 'task_started': {
        // A child that is recorded as started is there: no turn creates it again.
        const request = this.open.get(event.key);
        if (request?.kind === 'child') this.pending.delete(request);
        return;
      }
      case 'run_signalled': {
        const [request] = this.#waiting?.get(event.name) ?? [];
        if (request) {
          this.#withdraw(request);
          this.#settle(request, undefined, text);
        } else {
          this.#untaken ??= new Map();
          const early = this.#untaken.get(event.name);
          if (early) early.push({ id: event.id, text });
          else this.#untaken.set(event.name, [{ id: event.id, text }]);
        }
        return;
      }
      case 'run_cancel_requested':
        // Whoever cancels after that means the same, and must not hit what the workflow does to clean up. And what has
        // ended by an earlier event has ended: nothing would be undone any more.
        if (this.cancelled || this.outcome) return;
        this.cancelled = { reason: event.reason };
        this.#rejectAll(() => new CancelledError(event.reason ?? 'The run was cancelled'));
        return;
      case 'run_timed_out':
        this.#rejectAll(() => new DeadlineError('The run passed its deadline'));
        return;
      case 'run_suspended':
        for (const { kind, key } of event.awaiting) {
          if (!this.open.has(key) && !this.#closed.has(key)) throw this.#unexpected(kind, key);
        }
        return;
      default:
        return;
    }
  }

  #expectTask(event: Extract<JournalEvent, { key: string }>): Request | undefined {
    const request = this.open.get(event.key);
    if (!request && !this.#closed.has(event.key)) {
      throw this.#unexpected(
        'kind' in event ? event.kind : event.type === 'child_settled' ? 'child' : 'step',
        event.key,
      );
    }
    return request;
  }

  // --- faults ------------------------------------------------------------------------------------------------------

  #foreign(what: string): void {
    this.fault ??= this.#nonDeterministic(
      `${what} was called when the run had no event to react to. The workflow has probably awaited something that is not ` +
        "the context's (a fetch, a timer, another promise), or it calls the context inside a step. Do such work in ctx.step().",
    );
    this.#host.wake();
  }

  #rememberFault(error: Fault): Fault {
    this.fault ??= error;
    return error;
  }

  #unexpected(kind: TaskKind, key: string): Fault {
    const waitingFor = [...this.open.values()].slice(0, 5).map((request) => `${request.kind} '${request.key}'`);
    const got = this.outcome
      ? 'the workflow has ended'
      : waitingFor.length === 0
        ? 'it asks for nothing'
        : `it asks for ${waitingFor.join(', ')}`;
    return this.#nonDeterministic(
      `at event ${this.#seq} the journal expects the code to have asked for the ${kind} '${key}', but ${got}. ` +
        'The code has changed under this open run: deploy code that still asks for it, or guard the change with ctx.version().',
    );
  }

  #nonDeterministic(message: string): Fault {
    const { id, workflow, version } = this.run;
    return new Fault('non_deterministic', `Run ${id} of ${workflow}@${version}: ${message}`);
  }
}

export function createProgram(context: ProgramContext): Program {
  return new RunProgram(context);
}

/** Whoever does not await a task has chosen not to hear of its failure. */
function fail(request: Request, error: Error): void {
  request.result.catch(() => {});
  request.reject(error);
}

/** Events that the program does not notice: no turn of the event loop is spent on them. */
function isSilent(event: JournalEvent): boolean {
  return (
    event.type === 'task_started' ||
    event.type === 'task_retried' ||
    event.type === 'run_versioned' ||
    event.type === 'run_reported' ||
    event.type === 'run_suspended' ||
    event.type === 'run_blocked' ||
    event.type === 'run_paused' ||
    event.type === 'run_resumed'
  );
}

function errorOf(event: JournalEvent): Error | undefined {
  if (event.type === 'task_failed') return restoreError(event.error, event.key);
  if (event.type === 'child_settled' && event.outcome.status !== 'completed') {
    return restoreError(event.outcome.error, event.key);
  }
  return undefined;
}

/** The payload that an event brings to the program. */
export function payloadOf(event: JournalEvent): Payload | undefined {
  switch (event.type) {
    case 'task_completed':
      return event.result;
    case 'run_signalled':
      return event.payload;
    case 'child_settled':
      return event.outcome.status === 'completed' ? event.outcome.output : undefined;
    default:
      return undefined;
  }
}

/** A report stands in its event. Throws `Fault` too_large, or invalid_input with the path. */
function reportText(details: unknown, limits: Limits): string {
  const text = toJson(details, 'The report', limits) ?? 'null';
  const bytes = byteLength(text, limits.inlineBytes);
  if (bytes <= limits.inlineBytes) return text;
  throw new Fault(
    'too_large',
    `The report has ${bytes} bytes of JSON; the limit inlineBytes is ${limits.inlineBytes}. Report less, or where the rest lies.`,
  );
}

/** Events that show how far a program had come; marks themselves prove nothing. */
function isOfProgram(event: JournalEvent): boolean {
  return !isOutside(event) && event.type !== 'run_blocked' && event.type !== 'run_versioned';
}

/** One way: neither the nonce nor a callback token can be made from it. */
export function seedOf(ids: Ids, birth: Birth): string {
  return ids.digest(`seed\n${birth.nonce}`);
}

/** Follows from the parent's nonce, not from its id: a run that comes back under its id has children of its own (K7). */
export function childId(ids: Ids, seed: string, key: string): string {
  return ids.digest(`child\n${seed}\n${key}`);
}

const tokenSeparator = '.';

/**
 * `<run id>.<proof>.<name>`: the proof is 128 bits that only who knows the nonce can make. Made of letters, digits and
 * `-._~` alone, so that gateways that decode paths leave it as it is.
 */
export function callbackToken(ids: Ids, birth: Birth, name: string): string {
  return [birth.id, ids.digest(`callback\n${birth.nonce}\n${name}`), tokenText(name)].join(tokenSeparator);
}

/** The parts of a token. `undefined`: not a token. */
export function parseCallbackToken(token: string): { runId: string; name: string } | undefined {
  const [runId, proof, ...name] = token.split(tokenSeparator);
  if (!runId || !proof || name.length === 0) return undefined;
  try {
    return { runId, name: decodeURIComponent(name.join(tokenSeparator).replaceAll('~', '%')) };
  } catch {
    return undefined;
  }
}

/** Percent-encoding with `~` in place of `%`. */
function tokenText(name: string): string {
  const escaped = encodeURIComponent(name).replace(/[!'()*~]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
  return escaped.replaceAll('%', '~');
}
