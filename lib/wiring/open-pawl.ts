import { systemClock } from '../adapters/system/clock.ts';
import { systemIds } from '../adapters/system/ids.ts';
import { collectHandlers, type Handlers } from '../graph/handlers.ts';
import { createAloneGate } from '../kernel/alone.ts';
import { Fault } from '../kernel/faults.ts';
import { createKeptRuns } from '../kernel/kept-runs.ts';
import { defaultLimits, type Limits } from '../kernel/limits.ts';
import type { Observer, Ports } from '../kernel/ports.ts';
import { createSharedLooks } from '../kernel/shared-looks.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { PawlApi } from '../service/api.ts';
import { showPayload } from '../service/history.ts';
import { createDefinitions, findWorkflow } from '../service/list-workflows.ts';
import { createLoad, defaultLoadLimits, type Load, type LoadLimits } from '../service/load.ts';
import { createRegistryDefinitions } from '../service/registry/definitions.ts';
import { createRegistry } from '../service/registry/registry.ts';
import { createRunHandle, type RunHandle } from '../service/run-handle.ts';
import { createService } from '../service/service.ts';
import { startRun } from '../service/start-run.ts';
import { purge, purgeBlobs, recover, sweep, wakeBlocked } from '../service/sweep.ts';
import { awaitEnd } from '../service/watch-run.ts';
import { createWorker, type Worker } from '../service/worker.ts';
import type { InputAnd, Workflow } from '../workflow/workflow.ts';
import type { Backend, BackendOptions } from './backend.ts';
import { describeWorkflow } from './describe-workflow.ts';
import { createGraphLanguage, type GraphExecutors } from './graphs.ts';
import { findInterrupted } from './interrupted-runs.ts';
import { openMemoryBackend } from './memory-backend.ts';
import { packageVersion } from './package-version.ts';

/** Any workflow, whatever it takes and gives. */
// biome-ignore lint/suspicious/noExplicitAny: a workflow's input is contravariant, so no other type holds them all.
export type AnyWorkflow = Workflow<any, any>;

export interface OpenPawlOptions {
  workflows: readonly AnyWorkflow[];
  /** Functions that tasks of graphs name, as `handlers()` makes them. */
  handlers?: readonly Handlers[];
  /** What else does the work of graphs' tasks. Default: nothing. */
  executors?: GraphExecutors;
  /** A folder, made if it is missing, or `':memory:'`. Default `.pawl`. */
  dataDir?: string;
  /** When a write counts as durable on disk. `batch` (default): one fsync for all who wait. */
  fsync?: 'batch' | 'never';
  /** False: this process starts and asks, and leaves the work to others. Default true. */
  worker?: boolean;
  /** Runs that are driven at the same time. Default 256. */
  concurrency?: number;
  limits?: Partial<Limits>;
  /** How much may wait in this process, by name. */
  load?: Partial<LoadLimits>;
  observer?: Observer;
  clock?: Clock;
  ids?: Ids;
}

/** Pawl in this process. Who starts a run waits until there is room for it; see `LoadLimits`. */
export interface Pawl extends PawlApi {
  start<Input, Output>(
    workflow: Workflow<Input, Output>,
    ...args: InputAnd<Input, StartOptions>
  ): Promise<RunHandle<Output>>;
  start(workflow: string, input?: unknown, options?: StartOptions): Promise<RunHandle>;
  run<Output = unknown>(id: string): RunHandle<Output>;
  /** Whether this process takes more work now. */
  readonly load: Load;
  /** Live worker processes on the data, this one included. */
  countWorkers(): Promise<number>;
  /** The open run that an earlier, interrupted `pawl run` left with this workflow, version and input. */
  findInterrupted(workflow: string, input: unknown, origin: string, version?: number): Promise<string | undefined>;
  /** Replaces the workflows, and the handlers; blocked runs are tried again at once. */
  setWorkflows(workflows: readonly AnyWorkflow[], handlers?: readonly Handlers[]): Promise<void>;
  /** Ends all turns: takes on nothing more, gives running steps `graceMs` to end, and leaves the runs open. */
  drain(graceMs?: number): Promise<void>;
  close(): Promise<void>;
}

export interface StartOptions {
  /** Idempotency key: the same key and input answer with the same run. */
  key?: string;
  correlationId?: string;
  version?: number;
}

const defaultConcurrency = 256;
const tickMs = 1_000;
const purgeEveryTicks = 60;
/** Reads the whole directory of blobs: seldom, and not while a process begins. */
const purgeBlobsEveryTicks = 3_600;
/** Leases and graces end within this, so a dead process's runs are found without reading all that wait. */
const recoverWithinMs = 300_000;

/** Opens a data directory, and goes on with what was left there unless `worker` is false. */
export async function openPawl(options: OpenPawlOptions): Promise<Pawl> {
  const clock = options.clock ?? systemClock;
  const ids = options.ids ?? systemIds;
  const isWorker = options.worker ?? true;
  let code = createDefinitions([...options.workflows]);
  let handlers = collectHandlers({ given: options.handlers ?? [] });
  let worker: Worker | undefined;
  let load: Load | undefined;
  let closed = false;

  // A process may hear of others before it is ready itself.
  const hasRoom = () => load?.hasRoom() ?? true;
  const recoverRuns = () => {
    if (worker && !closed) void recover(ports, recoverWithinMs, { skip: isInHand(), hasRoom }).catch(troubled);
  };
  const backend = await openBackend(options.dataDir ?? '.pawl', options.fsync, {
    clock,
    ids,
    worker: isWorker,
    nudge: (message) => worker?.nudge(message.run) ?? false,
    onProcessGone: recoverRuns,
    hasRoom,
  });
  const { documents, backlog, ...kernelBackend } = backend;
  const ownLoad = createLoad({ backlog, clock, limits: { ...defaultLoadLimits, ...options.load } });
  load = ownLoad;
  /** As it is now: runs that this process is at, or will be. */
  const isInHand = () => {
    const waiting = backlog.runs();
    return (id: string) => waiting.has(id) || (worker?.isDriving(id) ?? false);
  };
  const registry = createRegistry({
    documents,
    blobs: backend.blobs,
    ids,
    clock,
    language: createGraphLanguage(() => ({ handlers, executors: options.executors ?? {} })),
  });
  const definitions = createRegistryDefinitions({ code: () => code, registry });
  const limits = { ...defaultLimits, ...options.limits };
  const ports: Ports = {
    ...kernelBackend,
    clock,
    ids,
    definitions,
    limits,
    alone: createAloneGate(),
    kept: createKeptRuns(limits),
    looks: createSharedLooks(),
    observer: options.observer,
  };
  const countWorkers = async () => (await backend.countOtherWorkers()) + (isWorker ? 1 : 0);
  const service = createService(ports, { version: packageVersion, countWorkers, registry, describe: describeWorkflow });

  function troubled(error: unknown): void {
    options.observer?.troubled?.({ run: '', message: 'The sweeper failed; it tries again', error });
  }

  let ticks = 0;
  let cancelTick = () => {};

  async function tick(): Promise<void> {
    try {
      await sweep(ports, { skip: isInHand(), hasRoom });
      if (ticks % purgeEveryTicks === 0) await purge(ports);
      ticks += 1;
      if (ticks % purgeBlobsEveryTicks === 0) void purgeBlobs(ports).catch((error) => closed || troubled(error));
    } catch (error) {
      troubled(error);
    }
    if (!closed) cancelTick = clock.schedule(clock.now() + tickMs, () => void tick());
  }

  if (isWorker) {
    worker = createWorker(ports, { concurrency: options.concurrency ?? defaultConcurrency });
    worker.start();
    recoverRuns();
    // Other code may have been deployed since: what was blocked gets another try at once.
    void wakeBlocked(ports, 'opening').catch(troubled);
    cancelTick = clock.schedule(clock.now() + tickMs, () => void tick());
  }

  function handle<Output>(id: string): RunHandle<Output> {
    return createRunHandle<Output>(service, id, async (run, signal) => {
      const end = await awaitEnd(ports, run, signal);
      if (end?.continuedAs) return { continuedAs: end.continuedAs.id };
      return end && { output: await showPayload(ports, end.output) };
    });
  }

  async function withRoom<Result>(begin: () => Promise<Result>): Promise<Result> {
    const started = await ownLoad.roomForStart();
    return begin().finally(started);
  }

  async function start(
    workflow: AnyWorkflow | string,
    input?: unknown,
    startOptions: StartOptions = {},
  ): Promise<RunHandle<never>> {
    const named = typeof workflow === 'string' ? { name: workflow } : workflow;
    const { head } = await withRoom(() =>
      startRun(ports, {
        workflow: named.name,
        ...('version' in named && { version: named.version }),
        input,
        origin: 'program',
        ...startOptions,
      }),
    );
    return handle(head.birth.id);
  }

  return {
    ...service,
    async startRun(request) {
      return withRoom(() => service.startRun(request));
    },
    load: ownLoad,
    start,
    run: handle,
    countWorkers,
    findInterrupted: async (name, input, origin, version) =>
      findInterrupted(ports, await findWorkflow(definitions, name, version), input, { origin, version }),
    async setWorkflows(workflows, given = []) {
      code = createDefinitions([...workflows]);
      handlers = collectHandlers({ given });
      registry.forgetDefinitions();
      await wakeBlocked(ports, 'deployment');
    },
    async drain(graceMs = 5_000) {
      cancelTick();
      await worker?.drain(graceMs);
    },
    async close() {
      if (closed) return;
      closed = true;
      cancelTick();
      await worker?.drain(0);
      await backend.close();
    },
  };
}

async function openBackend(
  dataDir: string,
  fsync: OpenPawlOptions['fsync'],
  options: BackendOptions,
): Promise<Backend> {
  if (dataDir === ':memory:') return openMemoryBackend(options);
  if (dataDir === '') throw new Fault('invalid_input', "The data directory is '': give a folder, or ':memory:'");
  const { openLocalBackend } = await import('./local-backend.ts');
  return openLocalBackend({ ...options, dataDir, fsync: fsync ?? 'batch' });
}
