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

/** A completed run's output, or the run that it goes on as. `undefined`: it did not complete. */
type RunOutcome = { output: unknown } | { continuedAs: string } | undefined;
export type AwaitOutcome = (id: string, signal: AbortSignal | undefined) => Promise<RunOutcome>;

/** The same handle over every way to reach Pawl, which differ in how they learn of the end. */
export function createRunHandle<Output>(api: PawlApi, id: string, awaitOutcome: AwaitOutcome): RunHandle<Output> {
  return {
    id,
    async result({ signal } = {}) {
      for (let run = id; ; ) {
        const outcome = await awaitOutcome(run, signal);
        signal?.throwIfAborted();
        if (outcome === undefined) throw new RunNotCompleted(await api.getRun(run));
        if ('output' in outcome) return outcome.output as Output;
        run = outcome.continuedAs;
      }
    },
    get: () => api.getRun(id),
    signal: (name, payload, options = {}) => api.signalRun(id, name, { payload, ...options }),
    pause: () => api.pauseRun(id),
    resume: () => api.resumeRun(id),
    cancel: (reason) => api.cancelRun(id, reason === undefined ? {} : { reason }),
  };
}
