import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Definition } from './definition.ts';
import type { Birth, JournalEvent, Payload, RunEvent, TaskKind } from './events.ts';
import { Fault } from './faults.ts';
import { isOutside } from './journal.ts';
import type { Limits } from './limits.ts';
import { type ChildSpec, ContinueAs, type Operations, type StepSpec, type Task, WorkflowError } from './operations.ts';
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
  /** Effects asked for and not yet handed out by `take`. */
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
  onFault(): void;
}

export interface ProgramContext extends ProgramHost {
  definition: Definition;
  birth: Birth;
  clock: Clock;
  ids: Ids;
  limits: Limits;
  /** What the journal already holds, for `version()` and for checks. */
  recorded: JournalEvent[];
  /** What derived identifiers follow from, where the birth's nonce is not the run's: in a replay of an exported run. */
  seed?: string;
}

export function createProgram(context: ProgramContext): Program {
  const { birth, definition, recorded, limits } = context;
  let host: ProgramHost = context;
  const open = new Map<string, Request>();
  const timers = new Set<TimerRequest>();
  const closed = new Set<string>();
  const pending = new Set<EffectRequest>();
  const stops: Stop[] = [];
  const waiting = new Map<string, SignalRequest[]>();
  /** Signals that nobody has waited for yet, oldest first. */
  const untaken = new Map<string, { id: string; text: string | undefined }[]>();
  const versions = new Set<string>();
  const kinds = new Map<string, TaskKind>();
  /** How many events the journal held when that was last read, and up to which of them a program had come. */
  let known = 0;
  let lastOfOldCode = 0;
  learn(recorded, 0);

  let outcome: Outcome | undefined;
  let fault: Fault | undefined;
  let cancelled: { reason: string | undefined } | undefined;
  let feeding = false;
  let seed = context.seed;
  let seq = 0;
  let time = birth.createdAt;

  const isLive = () => seq >= known;

  function learn(events: readonly JournalEvent[], from: number): void {
    for (let index = from; index < events.length; index += 1) {
      const event = events[index] as JournalEvent;
      if (event.type === 'child_settled') kinds.set(event.key, 'child');
      else if (event.type === 'task_retried') kinds.set(event.key, 'step');
      else if ('key' in event) kinds.set(event.key, event.kind);
      else if (event.type === 'run_versioned') versions.add(event.change);
      else if (event.type === 'run_suspended') for (const { key, kind } of event.awaiting) kinds.set(key, kind);
      if (isOfProgram(event)) lastOfOldCode = index + 1;
    }
    known = events.length;
  }

  function nonDeterministic(message: string): Fault {
    return new Fault('non_deterministic', `Run ${birth.id} of ${birth.workflow}@${birth.version}: ${message}`);
  }

  function foreign(what: string): void {
    fault ??= nonDeterministic(
      `${what} was called when the run had no event to react to. The workflow has probably awaited something that is not ` +
        "the context's (a fetch, a timer, another promise), or it calls the context inside a step. Do such work in ctx.step().",
    );
    host.onFault();
  }

  function ask<R extends Request>(key: string, kind: TaskKind, fields: Omit<R, keyof Asked | 'kind'>): R {
    if (!feeding) foreign(`A ${kind} '${key}'`);
    if (key.length > limits.keyChars) {
      throw new WorkflowError(`The key '${key.slice(0, 60)}…' is longer than the limit keyChars, ${limits.keyChars}`);
    }
    if (open.has(key) || closed.has(key)) {
      throw new WorkflowError(
        `Two tasks are named '${key}'. Give each task of one scope a name of its own, for instance with the number of the loop's turn in it.`,
      );
    }
    if (open.size >= limits.concurrentSteps * 4) {
      throw new WorkflowError(
        `More than ${limits.concurrentSteps * 4} tasks are open at once (limit concurrentSteps × 4)`,
      );
    }
    const found = kinds.get(key);
    if (found !== undefined && found !== kind) {
      throw rememberFault(
        nonDeterministic(`the journal holds a ${found} '${key}', the code now asks for a ${kind} of that name.`),
      );
    }
    let resolve!: Asked['resolve'];
    let reject!: Asked['reject'];
    const result = new Promise<unknown>((onResolve, onReject) => {
      resolve = onResolve;
      reject = onReject;
    });
    const request = { key, kind, after: seq, result, resolve, reject, ...fields } as unknown as R;
    open.set(key, request);
    return request;
  }

  function rememberFault(error: Fault): Fault {
    fault ??= error;
    return error;
  }

  function leave(request: Request): void {
    open.delete(request.key);
    closed.add(request.key);
    if (request.kind === 'timer') timers.delete(request);
  }

  function mayHaveBegun(request: ChildRequest): boolean {
    return !pending.has(request) || request.after <= known;
  }

  function close(request: Request): void {
    if (open.get(request.key) !== request) return;
    leave(request);
    if (request.kind === 'signal') withdraw(request);
    if (request.kind === 'step' && !pending.delete(request)) stops.push({ request, after: seq });
    if (request.kind === 'child') {
      if (mayHaveBegun(request)) stops.push({ request, after: seq });
      pending.delete(request);
    }
  }

  function withdraw(request: SignalRequest): void {
    const queue = waiting.get(request.name);
    if (queue) {
      queue.splice(queue.indexOf(request), 1);
      if (queue.length === 0) waiting.delete(request.name);
    }
  }

  function settleTask(request: Request, error: Error | undefined, text: string | undefined): void {
    leave(request);
    if (request.kind === 'step' || request.kind === 'child') pending.delete(request);
    if (error) fail(request, error);
    else request.resolve(fromJson(text));
  }

  /** Whoever does not await a task has chosen not to hear of its failure. */
  function fail(request: Request, error: Error): void {
    request.result.catch(() => {});
    request.reject(error);
  }

  function task(request: Request): Task {
    return { result: request.result, close: () => close(request) };
  }

  const operations: Operations = {
    run: birth,
    step(key, spec) {
      const request = ask<StepRequest>(key, 'step', { spec, attempt: 1, retryAt: 0 });
      pending.add(request);
      return task(request);
    },
    timer(key, due) {
      if (due > birth.deadline) {
        throw new WorkflowError(
          `The timer '${key}' would fire at ${new Date(due).toISOString()}, after the run's deadline ${new Date(birth.deadline).toISOString()}. ` +
            'Give the workflow a longer timeout.',
        );
      }
      const request = ask<TimerRequest>(key, 'timer', { due });
      timers.add(request);
      return task(request);
    },
    signal(key, name) {
      const request = ask<SignalRequest>(key, 'signal', { name });
      const early = untaken.get(name);
      if (early) {
        const signal = early.shift();
        if (early.length === 0) untaken.delete(name);
        settleTask(request, undefined, signal?.text);
      } else {
        const queue = waiting.get(name);
        if (queue) queue.push(request);
        else waiting.set(name, [request]);
      }
      return task(request);
    },
    child(key, spec) {
      seed ??= seedOf(context.ids, birth);
      const id = childId(context.ids, seed, key);
      const request = ask<ChildRequest>(key, 'child', { spec, id, askedAt: time });
      pending.add(request);
      return task(request);
    },
    now: () => time,
    derive(label) {
      seed ??= seedOf(context.ids, birth);
      return context.ids.digest(`${seed}\n${label}`);
    },
    callbackToken: (name) => callbackToken(context.ids, birth, name),
    version(change) {
      if (versions.has(change)) return true;
      if (seq < lastOfOldCode) return false;
      versions.add(change);
      seq = host.emit({ type: 'run_versioned', at: time, change });
      return true;
    },
    report(details) {
      // Checked in replay too, so that the program is refused the same.
      const text = reportText(details, limits);
      if (isLive()) host.emit({ type: 'run_reported', at: time, details: text });
    },
    log(level, message, fields) {
      if (isLive()) host.log(level, message, fields);
    },
    isCancelled: () => cancelled !== undefined,
  };

  function quiesced(): void {
    feeding = false;
    if (fault) throw fault;
  }

  /** Lets the program react until nothing moves any more. Rejects if it did what no replay would repeat. */
  function quiesce(change: () => void): Promise<void> {
    feeding = true;
    try {
      change();
    } catch (error) {
      feeding = false;
      throw error;
    }
    return context.clock.macrotask().then(quiesced);
  }

  function end(result: Outcome, what: string): void {
    if (!feeding) foreign(what);
    outcome = result;
  }

  function rejectAll(makeError: () => Error): void {
    for (const request of [...open.values()]) {
      if (request.kind === 'step' && request.spec.shielded) continue;
      close(request);
      fail(request, makeError());
    }
  }

  function react(event: JournalEvent, text: string | undefined): void {
    switch (event.type) {
      case 'task_completed':
      case 'task_failed':
      case 'task_retried':
      case 'child_settled': {
        const request = expectTask(event);
        if (!request) return;
        if (event.type === 'task_retried') {
          if (request.kind !== 'step') return;
          request.attempt = event.attempt + 1;
          request.retryAt = event.retryAt;
          request.after = seq;
          pending.add(request);
        } else {
          settleTask(request, errorOf(event), text);
        }
        return;
      }
      case 'task_started': {
        // A child that is recorded as started is there: no turn creates it again.
        const request = open.get(event.key);
        if (request?.kind === 'child') pending.delete(request);
        return;
      }
      case 'run_signalled': {
        const [request] = waiting.get(event.name) ?? [];
        if (request) {
          withdraw(request);
          settleTask(request, undefined, text);
        } else {
          const early = untaken.get(event.name);
          if (early) early.push({ id: event.id, text });
          else untaken.set(event.name, [{ id: event.id, text }]);
        }
        return;
      }
      case 'run_cancel_requested':
        // Whoever cancels after that means the same, and must not hit what the workflow does to clean up. And what has
        // ended by an earlier event has ended: nothing would be undone any more.
        if (cancelled || outcome) return;
        cancelled = { reason: event.reason };
        rejectAll(() => new CancelledError(event.reason ?? 'The run was cancelled'));
        return;
      case 'run_timed_out':
        rejectAll(() => new DeadlineError('The run passed its deadline'));
        return;
      case 'run_suspended':
        for (const awaited of event.awaiting) {
          if (!open.has(awaited.key) && !closed.has(awaited.key)) throw unexpected(awaited.kind, awaited.key);
        }
        return;
      default:
        return;
    }
  }

  function expectTask(event: Extract<JournalEvent, { key: string }>): Request | undefined {
    const request = open.get(event.key);
    if (!request && !closed.has(event.key)) {
      throw unexpected('kind' in event ? event.kind : event.type === 'child_settled' ? 'child' : 'step', event.key);
    }
    return request;
  }

  function unexpected(kind: TaskKind, key: string): Fault {
    const waitingFor = [...open.values()].slice(0, 5).map((request) => `${request.kind} '${request.key}'`);
    const got = outcome
      ? 'the workflow has ended'
      : waitingFor.length === 0
        ? 'it asks for nothing'
        : `it asks for ${waitingFor.join(', ')}`;
    return nonDeterministic(
      `at event ${seq} the journal expects the code to have asked for the ${kind} '${key}', but ${got}. ` +
        'The code has changed under this open run: deploy code that still asks for it, or guard the change with ctx.version().',
    );
  }

  return {
    open,
    timers,
    pending,
    stops,
    get outcome() {
      return outcome;
    },
    get fault() {
      return fault;
    },
    get cancelled() {
      return cancelled;
    },
    untakenSignals: () => [...untaken.values()].flat().map(({ id }) => id),
    async start(input) {
      await quiesce(() => {
        // The function may throw before its first await.
        Promise.resolve()
          .then(() => definition.run(operations, input))
          .then(
            (value) => end({ type: 'returned', value }, 'The end of the workflow'),
            (error: unknown) =>
              end(
                error instanceof ContinueAs ? { type: 'continued', input: error.input } : { type: 'threw', error },
                'The end of the workflow',
              ),
          );
      });
    },
    feed(event, position, text) {
      seq = position;
      // Marks are fed in replay only: `now()` must not notice them (K24).
      if (isSilent(event)) {
        react(event, text);
        return undefined;
      }
      time = Math.max(time, event.at);
      return quiesce(() => react(event, text));
    },
    mayHaveBegun,
    moveTo(next, events) {
      host = next;
      if (events.length > seq) learn(events, seq);
    },
  };
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
