import { isOpen } from '../kernel/head.ts';
import type { Ports } from '../kernel/ports.ts';
import { callbackToken } from '../kernel/program.ts';
import type { CallbackAnswer, ExportedRun, HistoryEntry, PawlApi, RunView, TaskView } from '../service/api.ts';
import { requireHead } from '../service/checks.ts';
import { type RunHandle, RunNotCompleted } from '../service/run-handle.ts';
import type { Duration } from '../workflow/duration.ts';
import type { StepCall } from './stand-ins.ts';
import { fitsPattern, type StepPattern } from './step-pattern.ts';

/** A run that a test looks at. Whatever it tells of the run is as it is once nothing more happens without time passing. */
export interface TestRun<Output = unknown> extends Omit<RunHandle<Output>, 'result' | 'signal'> {
  /**
   * Lets time pass until the run has ended, and gives its output. Throws `RunNotCompleted` if it failed or was cancelled,
   * and `RunStillOpen` if it waits for what will not come by itself.
   */
  result(): Promise<Output>;
  /** As `result()`, for runs that fail: gives the final view whatever the end. */
  ended(): Promise<RunView>;
  signal(name: string, payload?: unknown, options?: { key?: string; after?: Duration }): Promise<void>;
  /** Answers `ctx.callback(name)`. Within a scope the name has the scopes before it: `lines/3/approval`. */
  answer(name: string, answer: CallbackAnswer, options?: { after?: Duration }): Promise<void>;
  /** The journal, event by event. */
  history(): Promise<HistoryEntry[]>;
  tasks(): Promise<TaskView[]>;
  /** Every call of the functions of these steps, those of attempts that no journal shows included. */
  attempts(pattern: StepPattern): Promise<StepCall[]>;
  /** What `replay()` takes. */
  export(): Promise<ExportedRun>;
}

/** `result()` was asked of a run that does not go on by itself. */
export class RunStillOpen extends Error {
  override readonly name = 'RunStillOpen';
  readonly run: RunView;

  constructor(run: RunView, message: string) {
    super(message);
    this.run = run;
  }
}

export interface TestRunOptions {
  api: PawlApi;
  ports: Ports;
  settle(): Promise<void>;
  skip(): Promise<boolean>;
  calls(runId: string): StepCall[];
  signal(runId: string, name: string, payload: unknown, options?: { key?: string; after?: Duration }): Promise<void>;
  answer(token: string, answer: CallbackAnswer, options?: { after?: Duration }): Promise<void>;
}

const maxSkips = 100_000;
const pageSize = 1_000;

export function createTestRun<Output>(id: string, options: TestRunOptions): TestRun<Output> {
  const { api, ports, settle, skip } = options;

  async function end(runId: string): Promise<RunView> {
    for (let skips = 0; skips < maxSkips; skips += 1) {
      await settle();
      const { state } = await requireHead(ports, runId);
      const mayGoOn = isOpen(state) && state.status !== 'blocked';
      if (mayGoOn && (await skip())) continue;
      const run = await api.getRun(runId);
      if (run.continuedAs !== undefined) return end(run.continuedAs);
      if (run.closedAt !== undefined) return run;
      if (run.blocked)
        throw new RunStillOpen(run, `Run ${runId} of ${run.workflow} is blocked: ${run.blocked.message}`);
      if (mayGoOn) throw new RunStillOpen(run, await whyOpen(api, run));
    }
    const run = await api.getRun(runId);
    throw new RunStillOpen(run, `Run ${runId} of ${run.workflow} is still open after ${maxSkips} leaps in time`);
  }

  return {
    id,
    async result() {
      const run = await end(id);
      if (run.status !== 'completed') throw new RunNotCompleted(run);
      return run.output as Output;
    },
    ended: () => end(id),
    async get() {
      await settle();
      return api.getRun(id);
    },
    signal: (name, payload, signalling) => options.signal(id, name, payload, signalling),
    async answer(name, answer, when) {
      await settle();
      const { birth } = await requireHead(ports, id);
      const scopes = name.lastIndexOf('/') + 1;
      const key = `${name.slice(0, scopes)}callback:${name.slice(scopes)}`;
      await options.answer(callbackToken(ports.ids, birth, key), answer, when);
    },
    pause: () => api.pauseRun(id),
    resume: () => api.resumeRun(id),
    cancel: (reason) => api.cancelRun(id, reason === undefined ? {} : { reason }),
    async history() {
      await settle();
      const entries: HistoryEntry[] = [];
      let after: number | undefined = 0;
      while (after !== undefined) {
        const page: { items: HistoryEntry[]; next?: number } = await api.getHistory(id, { after, limit: pageSize });
        entries.push(...page.items);
        after = page.next;
      }
      return entries;
    },
    async tasks() {
      await settle();
      return api.listTasks(id);
    },
    async attempts(pattern) {
      await settle();
      return options.calls(id).filter(({ key }) => fitsPattern(pattern, key));
    },
    async export() {
      await settle();
      return api.exportRun(id);
    },
  };
}

/** What the run waits for, in words, down to its children. */
async function whyOpen(api: PawlApi, run: RunView): Promise<string> {
  return (
    `Run ${run.id} of ${run.workflow} ${await waitsFor(api, run)}, and nothing else is due. ` +
    `Send what it waits for, or let time pass with t.advance(): its deadline is ${run.deadline}.`
  );
}

async function waitsFor(api: PawlApi, run: RunView): Promise<string> {
  if (run.status === 'paused') return 'is paused';
  if (run.status === 'blocked') return `is blocked (${run.blocked?.message})`;
  if (!run.awaiting) return `is ${run.status}`;
  const things = await Promise.all(
    run.awaiting.map(async ({ key, kind, name }) => {
      if (kind === 'child' && name !== undefined) {
        const child = await api.getRun(name);
        return `the child '${key}' (run ${name} of ${child.workflow}, which ${await waitsFor(api, child)})`;
      }
      if (name?.includes('callback:')) return `an answer to the callback '${name.replace('callback:', '')}'`;
      return kind === 'signal' ? `the signal '${name}'` : `the ${kind} '${key}'`;
    }),
  );
  return `waits for ${things.join(' and ')}`;
}
