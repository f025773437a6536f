import type { Accepted, PawlApi, RunView } from './api.ts';

/** A run's outcome other than an output. `run` is its final view. */
export class RunNotCompleted extends Error {
  override readonly name = 'RunNotCompleted';
  readonly run: RunView;

  constructor(run: RunView) {
    super(`Run ${run.id} of ${run.workflow} ${run.status}: ${run.error?.message ?? 'no error was recorded'}`);
    this.run = run;
  }
}

/** A run to wait for and to act on. `Output` is what its workflow returns. */
export interface RunHandle<Output = unknown> {
  readonly id: string;
  /** Waits for the end, told by events, and follows `continueAs`. Throws `RunNotCompleted` if it failed or was cancelled. */
  result(options?: { signal?: AbortSignal }): Promise<Output>;
  get(): Promise<RunView>;
  signal(name: string, payload?: unknown, options?: { key?: string }): Promise<Accepted>;
  pause(): Promise<Accepted>;
  resume(): Promise<Accepted>;
  cancel(reason?: string): Promise<Accepted>;
}

type AwaitSettled = (id: string, signal: AbortSignal | undefined) => Promise<void>;

/** The same handle over every way to reach Pawl. `awaitSettled`: how to learn of the end; default, by watching. */
export function createRunHandle<Output>(
  api: PawlApi,
  id: string,
  awaitSettled: AwaitSettled = (run, signal) => watchToEnd(api, run, signal),
): RunHandle<Output> {
  return {
    id,
    async result(options = {}) {
      const run = await settledRun(api, id, awaitSettled, options.signal);
      if (run.status !== 'completed') throw new RunNotCompleted(run);
      return run.output as Output;
    },
    get: () => api.getRun(id),
    signal: (name, payload, options = {}) => api.signalRun(id, name, { payload, ...options }),
    pause: () => api.pauseRun(id),
    resume: () => api.resumeRun(id),
    cancel: (reason) => api.cancelRun(id, reason === undefined ? {} : { reason }),
  };
}

async function watchToEnd(api: PawlApi, id: string, signal: AbortSignal | undefined): Promise<void> {
  for await (const _entry of api.watchRun(id, signal ? { signal } : {})) {
    // The journal's end is what we wait for.
  }
}

async function settledRun(
  api: PawlApi,
  id: string,
  awaitSettled: AwaitSettled,
  signal: AbortSignal | undefined,
): Promise<RunView> {
  await awaitSettled(id, signal);
  signal?.throwIfAborted();
  const run = await api.getRun(id);
  return run.continuedAs === undefined ? run : settledRun(api, run.continuedAs, awaitSettled, signal);
}
