import { createMemoryBlobs } from '../adapters/memory/blobs.ts';
import { createMemoryChanges } from '../adapters/memory/changes.ts';
import { createMemoryDocuments } from '../adapters/memory/documents.ts';
import { createMemoryStore } from '../adapters/memory/store.ts';
import { createVirtualClock } from '../adapters/memory/virtual-clock.ts';
import { collectHandlers, type Handlers } from '../graph/handlers.ts';
import { createAloneGate } from '../kernel/alone.ts';
import type { CodeDefinitions, Definition } from '../kernel/definition.ts';
import { isFault } from '../kernel/faults.ts';
import { defaultLimits, type Limits } from '../kernel/limits.ts';
import type { LogLevel } from '../kernel/operations.ts';
import type { Ports } from '../kernel/ports.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import type { CallbackAnswer, PawlApi } from '../service/api.ts';
import { createDefinitions } from '../service/list-workflows.ts';
import { createRegistryDefinitions } from '../service/registry/definitions.ts';
import { createRegistry } from '../service/registry/registry.ts';
import { createService } from '../service/service.ts';
import { sweep, wakeBlocked } from '../service/sweep.ts';
import { createGraphLanguage } from '../wiring/graphs.ts';
import type { AnyWorkflow, StartOptions } from '../wiring/open-pawl.ts';
import { type Duration, toMoment, toMs } from '../workflow/duration.ts';
import type { InputAnd, Workflow } from '../workflow/workflow.ts';
import { type ChildReplacement, childStandIn } from './child-stand-in.ts';
import { createSeededIds } from './seeded-ids.ts';
import { createStandIns, type StepReplacement, type StepTarget, type TestAttempt } from './stand-ins.ts';
import type { StepPattern } from './step-pattern.ts';
import { type SharedPorts, startProcess, type TestProcess } from './test-process.ts';
import { createTestRun, type TestRun } from './test-run.ts';
import { createTestTime } from './test-time.ts';

export interface TestPawlOptions {
  workflows: readonly AnyWorkflow[];
  /** Functions that tasks of registered graphs name, as `handlers()` makes them. */
  handlers?: readonly Handlers[];
  /** Where virtual time begins. Default 2030-01-01. */
  now?: Date | string | number;
  /** The same seed gives the same ids and the same jitter. Default 1. */
  seed?: number | string;
  limits?: Partial<Limits>;
  /** Makes the store that runs are kept in; the test closes it. Default: in memory. */
  store?: (options: { clock: Clock }) => Store;
  /** How long a step that does real work is waited for before virtual time goes on, in real ms. Default 1,000. */
  patienceMs?: number;
}

/** What a workflow logged, with the run that it logged it in. */
export interface LogEntry {
  run: string;
  level: LogLevel;
  message: string;
  fields: Record<string, unknown> | undefined;
}

export interface FailOptions extends StepTarget {
  /** Which attempts fail, from 1. Default: all of them. */
  attempts?: readonly number[];
  /** What is thrown, or what makes it. */
  error?: unknown;
}

/** When something happens: after so much virtual time; at once unless given. */
export interface Later {
  after?: Duration;
}

/** Pawl for a test: in memory, in virtual time, with steps under the test's control. */
export interface TestPawl {
  start<Input, Output>(
    workflow: Workflow<Input, Output>,
    ...args: InputAnd<Input, StartOptions>
  ): Promise<TestRun<Output>>;
  start(workflow: string, input?: unknown, options?: StartOptions): Promise<TestRun>;
  run<Output = unknown>(id: string): TestRun<Output>;

  /** Virtual time, in ms since the epoch. */
  now(): number;
  /** Lets time pass: everything that falls due on the way happens at its own time, deadlines included. */
  advance(duration: Duration): Promise<void>;
  /** Lets everything happen that needs no time to pass. */
  settle(): Promise<void>;

  /** Runs this instead of the step's function, which it gets as `original`. What was said last counts. */
  step(pattern: StepPattern, run: StepReplacement, options?: StepTarget & { takes?: Duration }): void;
  /** Makes attempts of the step fail. */
  failStep(pattern: StepPattern, options?: FailOptions): void;
  /** Makes attempts of the step never end: only a timeout, a lost race or a cancel gets rid of them. */
  hangStep(pattern: StepPattern, options?: StepTarget & { attempts?: readonly number[] }): void;
  /**
   * Kills the process when the step has taken effect and its outcome is not recorded yet (`after`, the default), or when
   * it is about to. Another process takes over. `times`: default 1.
   */
  crashAt(pattern: StepPattern, options?: StepTarget & { when?: 'before' | 'after'; times?: number }): void;
  /** Kills the process now. Another one takes over; what was not recorded happens again. */
  crash(): Promise<void>;

  /** Runs of this workflow only call the function, with the input; what it returns or throws is their end. */
  child(workflow: string | AnyWorkflow, run: ChildReplacement): void;
  signal(
    run: string | { id: string },
    name: string,
    payload?: unknown,
    options?: Later & { key?: string },
  ): Promise<void>;
  /** Answers a callback by its token. By its name: `run.answer()`. */
  answer(token: string, answer: CallbackAnswer, options?: Later): Promise<void>;
  /** Replaces the workflows, as a deployment does: open runs go on with the new code. */
  deploy(workflows: readonly AnyWorkflow[]): Promise<void>;

  /** What workflows logged. */
  readonly logs: readonly LogEntry[];
  /** All that can be asked of Pawl. */
  readonly api: PawlApi;
  close(): Promise<void>;
}

const defaultStart = Date.UTC(2030, 0, 1);
const defaultPatienceMs = 1_000;
const centuryMs = 100 * 365 * 86_400_000;
const concurrency = 1_000;

export async function createTestPawl(options: TestPawlOptions): Promise<TestPawl> {
  const clock = createVirtualClock({
    start: options.now === undefined ? defaultStart : toMoment(options.now, 'The start of virtual time'),
  });
  const standIns = createStandIns(clock.now);
  const children = new Map<string, Definition>();
  const logs: LogEntry[] = [];
  const troubles: unknown[] = [];
  const dead = new Set<string>();
  let definitions = wrapAll(options.workflows);
  let activity = 0;

  function wrapAll(workflows: readonly AnyWorkflow[]): CodeDefinitions {
    return createDefinitions(workflows.map(standIns.wrap));
  }

  const { store, callsUnderWay } = countCalls((options.store ?? createMemoryStore)({ clock }));
  const blobs = createMemoryBlobs();
  const ids = createSeededIds(options.seed ?? 1);
  const handlers = collectHandlers({ given: options.handlers ?? [] });
  const language = createGraphLanguage(() => ({ handlers, executors: {} }));
  const registry = createRegistry({
    documents: createMemoryDocuments(),
    blobs,
    ids,
    clock,
    language: {
      ...language,
      build: async (source, version) => standIns.wrap(await language.build(source, version)),
    },
  });
  const all = createRegistryDefinitions({ code: () => definitions, registry });
  const shared: SharedPorts = {
    clock,
    store,
    blobs,
    changes: createMemoryChanges(),
    ids,
    definitions: {
      find: (name, version, newRun) => children.get(name) ?? all.find(name, version, newRun),
      list: () => [...definitions.list(), ...children.values()],
      names: async () => [...(await all.names()), ...children.keys()],
    },
    // Nobody else is at the data, and a death is known at once: leases and watching would only be noise in journals.
    limits: { ...defaultLimits, leaseMs: centuryMs, watchMs: centuryMs, ...options.limits },
    observer: {
      logged: (entry) => void logs.push(entry),
      troubled: ({ run, message, error }) => void troubles.push(new Error(`${message} (run ${run})`, { cause: error })),
    },
  };

  let process = start(1);
  const ports: Ports = {
    ...shared,
    alone: createAloneGate(),
    queue: {
      durable: false,
      send: (message, sending) => process.ports.queue.send(message, sending),
      receive: async () => [],
      ack: async () => {},
      retry: async () => {},
      countDeadLetters: () => process.ports.queue.countDeadLetters(),
      receiveDeadLetters: (max) => process.ports.queue.receiveDeadLetters(max),
      dropDeadLetter: (receipt) => process.ports.queue.dropDeadLetter(receipt),
      redrive: () => process.ports.queue.redrive(),
    },
    liveness: {
      get self() {
        return process.name;
      },
      isGone: async (driver) => dead.has(driver.split('.')[0] as string),
    },
  };
  const api = createService(ports, {
    version: 'test',
    countWorkers: async () => 1,
    registry,
    describe: async () => ({}),
  });
  const isDriving = (id: string) => process.worker.isDriving(id);
  const time = createTestTime({
    clock,
    store: shared.store,
    isDriving,
    sweep: () => sweep(ports, { skip: isDriving }),
    activity: () => activity,
    callsUnderWay,
    work: () => standIns,
    patienceMs: options.patienceMs ?? defaultPatienceMs,
  });

  function start(number: number): TestProcess {
    return startProcess(shared, {
      name: `process-${number}`,
      isGone: (name) => dead.has(name),
      concurrency,
      onActivity: () => {
        activity += 1;
      },
    });
  }

  /** Nothing that the process does from here on has an effect. */
  function crash(): Promise<void> {
    process.die();
    dead.add(process.name);
    standIns.loseCalls();
    process = start(dead.size + 1);
    return process.recover();
  }

  async function later(when: Later, what: string, tell: () => Promise<unknown>): Promise<void> {
    if (when.after === undefined) {
      await tell();
      return;
    }
    clock.schedule(clock.now() + toMs(when.after, what), () => {
      tell().catch((error: unknown) => {
        // A run that ended meanwhile no longer hears; anything else the test should hear of.
        if (!isFault(error, 'settled')) troubles.push(error);
      });
    });
  }

  function throwTroubles(): void {
    const [trouble] = troubles.splice(0);
    if (trouble !== undefined) throw trouble;
  }

  async function settle(): Promise<void> {
    await time.settle();
    throwTroubles();
  }

  /** Never resolves for a step that is no longer wanted, or whose process has died. */
  async function waitVirtual(ms: number, { signal }: TestAttempt): Promise<void> {
    const host = process;
    await new Promise<void>((resolve) => {
      const takeBack = clock.schedule(clock.now() + ms, () => {
        if (host === process) resolve();
      });
      signal.addEventListener('abort', takeBack, { once: true });
    });
  }

  const handle = <Output>(id: string): TestRun<Output> =>
    createTestRun<Output>(id, {
      api,
      ports,
      settle,
      skip: time.skip,
      calls: (runId) => standIns.calls(runId),
      signal: (runId, name, payload, signalling) => t.signal(runId, name, payload, signalling),
      answer: (token, answer, when) => t.answer(token, answer, when),
    });

  const t: TestPawl = {
    async start(workflow: AnyWorkflow | string, input?: unknown, startOptions: StartOptions = {}): Promise<never> {
      const named = typeof workflow === 'string' ? { name: workflow } : workflow;
      const { run } = await api.startRun({
        workflow: named.name,
        ...('version' in named && { version: named.version }),
        input,
        origin: 'test',
        ...startOptions,
      });
      return handle(run.id) as never;
    },
    run: handle,
    now: clock.now,
    async advance(duration) {
      await time.advanceTo(clock.now() + toMs(duration, 't.advance'));
      throwTroubles();
    },
    settle,
    step(pattern, run, { workflow, takes } = {}) {
      const takesMs = takes === undefined ? undefined : toMs(takes, `The stand-in for step '${pattern}', takes`);
      standIns.add({
        pattern,
        attempts: undefined,
        virtual: takesMs !== undefined,
        ...(workflow !== undefined && { workflow }),
        async act(attempt, original) {
          if (takesMs !== undefined) await waitVirtual(takesMs, attempt);
          return run(attempt, original);
        },
      });
    },
    failStep(pattern, { attempts, error, workflow } = {}) {
      standIns.add({
        pattern,
        attempts,
        virtual: false,
        ...(workflow !== undefined && { workflow }),
        act({ key, attempt }) {
          const asked = typeof error === 'function' ? (error as () => unknown)() : error;
          throw asked ?? new Error(`The test makes attempt ${attempt} of step '${key}' fail`);
        },
      });
    },
    hangStep(pattern, { attempts, workflow } = {}) {
      standIns.add({
        pattern,
        attempts,
        virtual: true,
        ...(workflow !== undefined && { workflow }),
        act: () => new Promise(() => {}),
      });
    },
    crashAt(pattern, { when = 'after', times = 1, workflow } = {}) {
      let left = times;
      standIns.add({
        pattern,
        attempts: undefined,
        virtual: false,
        ...(workflow !== undefined && { workflow }),
        async act(_attempt, original) {
          if (left <= 0) return original();
          left -= 1;
          if (when === 'after') await original();
          await crash();
          return new Promise(() => {});
        },
      });
    },
    crash,
    child(workflow, run) {
      const name = typeof workflow === 'string' ? workflow : workflow.name;
      children.set(name, childStandIn(name, definitions.find(name), run));
    },
    signal: (run, name, payload, { after, key } = {}) =>
      later(after === undefined ? {} : { after }, `Signal '${name}', after`, () =>
        api.signalRun(typeof run === 'string' ? run : run.id, name, { payload, ...(key !== undefined && { key }) }),
      ),
    answer: (token, answer, when = {}) =>
      later(when, "A callback's answer, after", () => api.answerCallback(token, answer)),
    async deploy(workflows) {
      definitions = wrapAll(workflows);
      await wakeBlocked(ports, 'deployment');
    },
    logs,
    api,
    close: () => process.close(),
  };
  return t;
}

/** The store, and how many of its calls have not been answered. */
function countCalls(store: Store): { store: Store; callsUnderWay(): number } {
  let underWay = 0;
  const counted = new Proxy(store, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]) => {
        const answer: unknown = Reflect.apply(member, target, given);
        if (!(answer instanceof Promise)) return answer;
        underWay += 1;
        const answered = () => {
          underWay -= 1;
        };
        answer.then(answered, answered);
        return answer;
      };
    },
  });
  return { store: counted, callsUnderWay: () => underWay };
}
