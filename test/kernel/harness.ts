/**
 * Several processes over one store, one queue, one set of blobs and one virtual clock, all under the test's control.
 *
 * Owns: faults between a process and what it talks to, life and death of processes, and messages that nobody delivers
 * unless told to.
 * Does not own: what is asserted.
 */
import { createMemoryBlobs } from '../../lib/adapters/memory/blobs.ts';
import { createMemoryStore } from '../../lib/adapters/memory/store.ts';
import { createVirtualClock, type VirtualClock } from '../../lib/adapters/memory/virtual-clock.ts';
import { systemIds } from '../../lib/adapters/system/ids.ts';
import { createAloneGate } from '../../lib/kernel/alone.ts';
import type { Definition } from '../../lib/kernel/definition.ts';
import { type DriveEnd, drive } from '../../lib/kernel/drive.ts';
import type { Chunk, JournalEvent, Mail, OutsideEvent } from '../../lib/kernel/events.ts';
import { Fault } from '../../lib/kernel/faults.ts';
import type { Head } from '../../lib/kernel/head.ts';
import { foldJournal, type Journal } from '../../lib/kernel/journal.ts';
import { createKeptRuns, type KnownRun } from '../../lib/kernel/kept-runs.ts';
import { defaultLimits, type Limits } from '../../lib/kernel/limits.ts';
import type { Observer, Ports } from '../../lib/kernel/ports.ts';
import { createSharedLooks } from '../../lib/kernel/shared-looks.ts';
import type { Turn } from '../../lib/kernel/turn.ts';
import type { Blobs } from '../../lib/ports/blobs.ts';
import type { Clock } from '../../lib/ports/clock.ts';
import { type Ids, idLetters } from '../../lib/ports/ids.ts';
import type { Message, Queue } from '../../lib/ports/queue.ts';
import type { RunRecord, Store } from '../../lib/ports/store.ts';
import { startRun } from '../../lib/service/start-run.ts';

/** One call of a process to its store, queue or blobs. */
export interface Call {
  process: string;
  method: string;
  args: readonly unknown[];
  /** From 1, among the process's calls of this method. */
  nth: number;
}

export type Trouble =
  /** Not applied, and says so. */
  | { do: 'refuse' }
  /** Applied, and says that it is unavailable. */
  | { do: 'timeOut' }
  /** The whole process stands still before or after the call takes effect, until it is thawed. */
  | { do: 'stall' | 'kill'; when: 'before' | 'after' }
  | { do: 'delay'; ms: number }
  | { do: 'wait'; for: Promise<unknown> };

export type Rule = (call: Call) => Trouble | undefined;

interface Sent {
  message: Message;
  visibleAt: number;
}

interface StepStart {
  process: string;
  run: string;
  key: string;
  attempt: number;
  at: number;
}

export interface Process {
  readonly name: string;
  readonly ports: Ports;
  readonly calls: Call[];
  readonly turn: Turn | undefined;
  /** What happens to its calls from now on. */
  trouble(rule: Rule | undefined): void;
  kill(): void;
  freeze(): void;
  thaw(): void;
  deploy(...definitions: Definition[]): void;
  drive(message: Message, options?: { receives?: number; until?: number }): Promise<DriveEnd>;
}

export interface WorldOptions {
  seed?: number;
  limits?: Partial<Limits>;
  /** Like SQS: what is in the queue outlives processes. Default true. */
  durableQueue?: boolean;
  /** Macrotasks in a row in which nothing happens: then nothing goes on without time. */
  quietTurns?: number;
}

interface ProcessOptions {
  /** Of its clock, in ms. */
  skewMs?: number;
  limits?: Partial<Limits>;
  observer?: Observer;
  /** In place of a queue that has nothing for anybody. */
  queue?: Partial<Queue>;
  /** The store as this process sees it. */
  store?: (store: Store) => Store;
}

export interface World {
  readonly clock: VirtualClock;
  readonly store: Store;
  readonly blobs: Blobs;
  readonly ids: Ids;
  /** Sent and not yet taken, in order of sending. */
  readonly messages: Sent[];
  /** Every step that was ever started, in order. */
  readonly starts: StepStart[];
  readonly troubles: string[];
  /** Names of processes that everybody knows to be dead. */
  readonly gone: Set<string>;
  process(name: string, definitions: Definition[], options?: ProcessOptions): Process;
  /** Lets everything happen that needs no time. */
  settle(): Promise<void>;
  advance(ms: number): Promise<void>;
  /** Lets time pass until the promise is settled, and answers as it does. */
  until<T>(promise: Promise<T>): Promise<T>;
  sleep(ms: number): Promise<void>;
  /** Takes the oldest message of a kind out of the queue. Throws if there is none. */
  take(kind: Message['kind']): Message;
  /** Delivers what is in the queue to the process, as it becomes visible, until the queue is empty. */
  deliverAll(process: Process, options?: { maxWaitMs?: number }): Promise<void>;
  record(run: string): Promise<RunRecord>;
  head(run: string): Promise<Head>;
  fold(run: string): Promise<Journal>;
  /** The journal, an event a line: `<position>[ takeover] <type> <key or name>`; an append without events is a line too. */
  lines(run: string): Promise<string[]>;
  isAlive(process: string): boolean;
  /** How many events are in the run's journal, told without waiting. */
  durableEvents(run: string): number;
  /** Called when a driver of a process learns that another one has taken a position of the run. */
  onLoss(callback: (process: string, run: string, chunk: Chunk) => void): void;
  /** Called when a process has read what of a run's journal comes after a position, as a driver does that looks for others. */
  onLook(callback: (process: string, run: string, after: number, found: RunRecord) => void): void;
  /** Called when a process is done with a run, and may keep what it knows of it. */
  onKeep(callback: (process: string, known: KnownRun) => void): void;
  /** The steps that were started, as `<process>:<key>#<attempt>`. */
  started(): string[];
}

export function seededFraction(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function seededIds(seed: number): Ids {
  const fraction = seededFraction(seed);
  return {
    fraction,
    random: () => Array.from({ length: 24 }, () => idLetters[Math.floor(fraction() * 32)]).join(''),
    digest: systemIds.digest,
  };
}

const never = new Promise<never>(() => {});

/** In place of a clone: whoever changes what the store holds is told so. */
function frozen<T>(record: T): T {
  if (typeof record !== 'object' || record === null || Object.isFrozen(record)) return record;
  Object.freeze(record);
  for (const part of Object.values(record)) frozen(part);
  return record;
}
export function createWorld(options: WorldOptions = {}): World {
  const { seed = 1, limits = {}, durableQueue = true, quietTurns = 4 } = options;
  const clock = createVirtualClock({ turns: quietTurns });
  const store = createMemoryStore({
    clock,
    keep: frozen,
    copy: frozen,
  });
  const blobs = createMemoryBlobs();
  const ids = seededIds(seed);
  const messages: Sent[] = [];
  const starts: StepStart[] = [];
  const troubles: string[] = [];
  const gone = new Set<string>();
  const alive = new Set<string>();
  const durable = new Map<string, number>();
  let tellLoss = (_process: string, _run: string, _chunk: Chunk) => {};
  let tellLook = (_process: string, _run: string, _after: number, _found: RunRecord) => {};
  let tellKeep = (_process: string, _known: KnownRun) => {};
  let busy = 0;

  async function macrotask(): Promise<void> {
    busy += 1;
    await clock.macrotask();
    busy -= 1;
  }

  async function settle(): Promise<void> {
    for (let quiet = 0; quiet < quietTurns; quiet += 1) {
      await clock.macrotask();
      if (busy > 0) quiet = -1;
    }
  }

  async function until<T>(promise: Promise<T>): Promise<T> {
    let done = false;
    const finish = () => {
      done = true;
    };
    promise.then(finish, finish);
    for (let i = 0; i < 100_000; i += 1) {
      await settle();
      if (done) return promise;
      if (!(await clock.advanceToNext())) {
        await settle();
        if (done) return promise;
        throw new Error('Nothing is scheduled, and it has not ended');
      }
    }
    throw new Error('It does not end');
  }

  async function advance(ms: number): Promise<void> {
    const end = clock.now() + ms;
    await settle();
    for (let due = clock.nextDue; due !== undefined && due <= end; due = clock.nextDue) {
      await clock.advanceTo(Math.max(due, clock.now()));
      await settle();
    }
    await clock.advanceTo(end);
    await settle();
  }

  const sleep = (ms: number) =>
    new Promise<void>((resolve) => {
      clock.schedule(clock.now() + ms, resolve);
    });

  async function record(run: string): Promise<RunRecord> {
    const found = await store.read(run);
    if (!found) throw new Error(`There is no run ${run}`);
    return found;
  }

  function noteAppend(process: string, run: string, chunk: Chunk, answer: unknown): void {
    const { appended, found } = answer as { appended: boolean; found?: Chunk };
    if (appended) durable.set(run, (durable.get(run) ?? 0) + chunk.events.length);
    else if (found?.driver !== undefined && found.driver.id !== chunk.driver?.id) tellLoss(process, run, chunk);
  }

  function createProcess(name: string, definitions: Definition[], options: ProcessOptions = {}): Process {
    const { skewMs = 0 } = options;
    const calls: Call[] = [];
    const counts = new Map<string, number>();
    let deployed = definitions;
    let rule: Rule | undefined;
    let dead = false;
    let thawed: Promise<void> | undefined;
    let release = () => {};
    let turn: Turn | undefined;
    /** When the process last got the head of a run alone: it then reads on from there, which is no driver's look. */
    const headReadAt = new Map<unknown, number>();
    alive.add(name);

    function die(): void {
      dead = true;
      alive.delete(name);
    }

    function freeze(): void {
      thawed ??= new Promise((resolve) => {
        release = resolve;
      });
    }

    function gate(): Promise<void> | undefined {
      return dead ? never : thawed;
    }

    async function io(method: string, args: unknown[], apply: () => Promise<unknown>): Promise<unknown> {
      await gate();
      const nth = (counts.get(method) ?? 0) + 1;
      counts.set(method, nth);
      const call = { process: name, method, args, nth };
      calls.push(call);
      const isLook = method === 'read' && args[1] !== undefined && headReadAt.get(args[0]) !== clock.now();
      const trouble = rule?.(call);
      const strike = (when: 'before' | 'after') => {
        if ((trouble?.do === 'stall' || trouble?.do === 'kill') && trouble.when === when) {
          if (trouble.do === 'kill') die();
          else freeze();
        }
      };
      if (trouble?.do === 'refuse') throw new Fault('unavailable', 'The store is unavailable (test)');
      if (trouble?.do === 'delay') await sleep(trouble.ms);
      if (trouble?.do === 'wait') await trouble.for;
      strike('before');
      await gate();
      const result = await apply();
      if (method === 'append') noteAppend(name, String(args[0]), args[1] as Chunk, result);
      strike('after');
      if (trouble?.do === 'timeOut') throw new Fault('unavailable', 'The store did not answer in time (test)');
      await gate();
      if (method === 'readHead') headReadAt.set(args[0], clock.now());
      if (isLook && result) tellLook(name, String(args[0]), args[1] as number, result as RunRecord);
      return result;
    }

    /** The same object, each call of which goes through `io`. */
    function guarded<T extends object>(target: T): T {
      return new Proxy(target, {
        get(object, property) {
          const value: unknown = Reflect.get(object, property);
          if (typeof value !== 'function') return value;
          return (...args: unknown[]) => io(String(property), args, () => Reflect.apply(value, object, args));
        },
      });
    }

    const ownClock: Clock = {
      now: () => clock.now() + skewMs,
      schedule: (at, callback) =>
        clock.schedule(at - skewMs, () => {
          if (dead) return;
          if (thawed) void thawed.then(callback);
          else callback();
        }),
      async macrotask() {
        await macrotask();
        await gate();
      },
    };

    const queue: Queue = {
      durable: durableQueue,
      async send(message, { delayMs = 0 } = {}) {
        messages.push({ message: structuredClone(message), visibleAt: clock.now() + delayMs });
      },
      receive: async () => [],
      async ack() {},
      async retry() {},
      countDeadLetters: async () => 0,
      receiveDeadLetters: async () => [],
      async dropDeadLetter() {},
      redrive: async () => 0,
      ...options.queue,
    };

    const ownStore: Store = guarded(store);
    const ownLimits = { ...defaultLimits, ...limits, ...options.limits };
    const kept = createKeptRuns(ownLimits);
    const ports: Ports = {
      store: options.store?.(ownStore) ?? ownStore,
      queue: guarded(queue),
      blobs: guarded(blobs),
      clock: ownClock,
      ids,
      liveness: { self: name, isGone: async (other) => gone.has(other.split('.')[0] as string) },
      changes: { publish() {}, subscribe: () => () => {} },
      definitions: {
        find: (wanted, version) =>
          deployed
            .filter(
              (definition) => definition.name === wanted && (version ?? definition.version) === definition.version,
            )
            .sort((a, b) => b.version - a.version)[0],
        list: () => deployed,
      },
      limits: ownLimits,
      alone: createAloneGate(),
      kept: {
        ...kept,
        keep(known) {
          tellKeep(name, known);
          kept.keep(known);
        },
      },
      looks: createSharedLooks(),
      observer: {
        stepStarted: ({ run, key, attempt, at }) => {
          if (!dead) starts.push({ process: name, run, key, attempt, at });
        },
        troubled: ({ message, error }) => troubles.push(`${message}: ${String(error)}`),
        ...options.observer,
      },
    };

    return {
      name,
      ports,
      calls,
      get turn() {
        return turn;
      },
      trouble(next) {
        rule = next;
      },
      kill: die,
      freeze,
      thaw() {
        rule = undefined;
        release();
        thawed = undefined;
      },
      deploy(...next) {
        deployed = next;
      },
      drive: (message, { receives = 1, until } = {}) =>
        drive(ports, message, {
          receives,
          until,
          onTurn: (started) => {
            turn = started;
          },
        }),
    };
  }

  return {
    clock,
    store,
    blobs,
    ids,
    messages,
    starts,
    troubles,
    gone,
    process: createProcess,
    settle,
    advance,
    until,
    sleep,
    take(kind) {
      const index = messages.findIndex(({ message }) => message.kind === kind);
      if (index < 0) throw new Error(`No ${kind} message is in the queue`);
      return (messages.splice(index, 1)[0] as Sent).message;
    },
    async deliverAll(process, { maxWaitMs = 60_000 } = {}) {
      const end = clock.now() + maxWaitMs;
      for (;;) {
        await settle();
        const [next] = messages.filter(({ visibleAt }) => visibleAt <= end).sort((a, b) => a.visibleAt - b.visibleAt);
        if (!next) return;
        messages.splice(messages.indexOf(next), 1);
        if (next.visibleAt > clock.now()) await advance(next.visibleAt - clock.now());
        await until(process.drive(next.message));
      }
    },
    record,
    async head(run) {
      return (await record(run)).head;
    },
    async fold(run) {
      const { head, chunks } = await record(run);
      return foldJournal(head.birth, chunks);
    },
    async lines(run) {
      return (await record(run)).chunks.flatMap((chunk) =>
        chunk.events.length > 0
          ? chunk.events.map((event) => lineOf(chunk, event))
          : [`${chunk.position}${chunk.takeover ? ' takeover' : ' claim'}`],
      );
    },
    isAlive: (name) => alive.has(name),
    durableEvents: (run) => durable.get(run) ?? 0,
    onLoss(callback) {
      tellLoss = callback;
    },
    onLook(callback) {
      tellLook = callback;
    },
    onKeep(callback) {
      tellKeep = callback;
    },
    started: () => starts.map(({ process, key, attempt }) => `${process}:${key}#${attempt}`),
  };
}

function lineOf(chunk: Chunk, event: JournalEvent): string {
  const isFirst = chunk.events[0] === event;
  const parts = [`${chunk.position}${chunk.takeover && isFirst ? ' takeover' : ''}`, event.type];
  if ('key' in event) parts.push(event.key);
  else if ('name' in event) parts.push(event.name);
  if (event.type === 'task_started' && event.alone) parts.push('alone');
  if (event.type === 'run_suspended' && event.paused) parts.push('paused');
  if (event.type === 'run_blocked') parts.push(event.code);
  return parts.join(' ');
}

/** Accepts a run as the API does. The start message lies in the queue. */
export async function startIn(process: Process, workflow: Definition, input?: unknown): Promise<string> {
  const { head } = await startRun(process.ports, { workflow: workflow.name, version: workflow.version, input });
  return head.birth.id;
}

/** A signal as the API hands it to the queue. */
export async function signalMail(world: World, run: string, name: string, payload?: unknown): Promise<Message> {
  const { birth } = await world.head(run);
  const event: OutsideEvent = {
    type: 'run_signalled',
    id: world.ids.random(),
    at: world.clock.now(),
    name,
    ...(payload !== undefined && { payload: JSON.stringify(payload) }),
  };
  return mailMessage(run, birth.nonce, event);
}

export function mailMessage(run: string, nonce: string, event: OutsideEvent): Message {
  const mail: Mail = { id: event.id, event };
  return { kind: 'mail', run, nonce, mail };
}

/** A promise to be settled by hand, for steps that take as long as the test wants. */
export function hold<T = void>(): { promise: Promise<T>; release(value: T): void; fail(error: Error): void } {
  let release!: (value: T) => void;
  let fail!: (error: Error) => void;
  const promise = new Promise<T>((resolve, reject) => {
    release = resolve;
    fail = reject;
  });
  return { promise, release, fail };
}

/** Puts an append that no driver made, as a mailbox writes it (K3). */
export async function appendForeign(world: World, run: string, event: OutsideEvent): Promise<void> {
  const { head, chunks } = await world.record(run);
  const position = (chunks.at(-1)?.position ?? 0) + 1;
  const chunk: Chunk = {
    format: 1,
    nonce: head.birth.nonce,
    position,
    id: world.ids.random(),
    at: event.at,
    events: [event],
  };
  const answer = await world.store.append(run, chunk);
  if (!answer.appended) throw new Error(`Position ${position} is taken`);
}
