import type { Cli } from '../../lib/cli/cli.ts';
import type { Connection, ConnectRequest, LocalPawl } from '../../lib/cli/connect.ts';
import { type ExitCode, exitCode } from '../../lib/cli/exit-codes.ts';
import { runCli } from '../../lib/cli/program.ts';
import { Fault } from '../../lib/kernel/faults.ts';
import type { HistoryEntry, PawlApi, RunView, StartRunRequest, TaskView } from '../../lib/service/api.ts';
import type { Environment } from '../../lib/wiring/cli-environment.ts';
import { fakeWorkflows } from '../http/fake-workflows.ts';
import { plain } from './plain.ts';

const now = Date.parse('2026-03-01T10:00:00Z');
export const iso = (ms: number): string => new Date(now + ms).toISOString();

export function runView(fields: Partial<RunView> = {}): RunView {
  return {
    id: 'run1',
    workflow: 'order',
    version: 1,
    status: 'completed',
    createdAt: iso(-1_200),
    updatedAt: iso(-500),
    closedAt: iso(0),
    deadline: iso(86_400_000),
    output: { total: 3 },
    events: 2,
    ...fields,
  };
}

/** What a fake Pawl holds and is asked. Only what a test sets is there. */
interface FakeState {
  runs: RunView[];
  entries: Record<string, HistoryEntry[]>;
  tasks: TaskView[];
  workers: number;
  workflows: string[];
  interrupted?: string;
  /** Keeps `watchRun` open after the entries until it is aborted. */
  endless: boolean;
  asked: { call: string; args: unknown[] }[];
  started: StartRunRequest[];
  deadLetters: number;
}

function fakePawl(state: FakeState): LocalPawl {
  const find = (id: string): RunView => {
    const run = state.runs.find((each) => each.id === id);
    if (run === undefined) throw new Fault('not_found', `There is no run ${id}`);
    return run;
  };
  const note = (call: string, args: unknown[]) => state.asked.push({ call, args });
  const tell =
    (call: string) =>
    async (id: string, ...args: unknown[]) => {
      find(id);
      note(call, [id, ...args]);
      return { accepted: true as const, eventId: 'e1' };
    };
  const unused = async (): Promise<never> => {
    throw new Error('not part of this test');
  };
  const api: PawlApi = {
    async startRun(request) {
      if (!state.workflows.includes(request.workflow)) throw new Fault('not_found', 'There is no such workflow');
      state.started.push(request);
      const run = state.runs[0] as RunView;
      return { run, created: run.key === undefined };
    },
    getRun: async (id) => find(id),
    listRuns: async (query) => {
      note('listRuns', [query]);
      return { items: state.runs };
    },
    listTasks: async () => state.tasks,
    getHistory: async (id, query = {}) => {
      const items = (state.entries[id] ?? []).filter(({ seq }) => seq > (query.after ?? 0));
      const page = items.slice(0, Math.min(query.limit ?? 200, 2));
      return page.length < items.length ? { items: page, next: page.at(-1)?.seq as number } : { items: page };
    },
    exportRun: async (id) => {
      const { workflow, version, createdAt, deadline } = find(id);
      const run = { id, workflow, version, createdAt, deadline, seed: 'seed' };
      return { format: 1, run, history: state.entries[id] ?? [] };
    },
    async *watchRun(id, { signal } = {}) {
      yield* state.entries[id] ?? [];
      if (state.endless) await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
    },
    signalRun: tell('signalRun'),
    pauseRun: tell('pauseRun'),
    resumeRun: tell('resumeRun'),
    cancelRun: tell('cancelRun'),
    answerCallback: unused,
    deleteRun: unused,
    ...fakeWorkflows((call, ...args) => note(call, args)),
    listWorkflows: async () =>
      state.workflows.map((name) => ({
        name,
        kind: 'code' as const,
        version: 1,
        latest: 1,
        active: [{ version: 1, weight: 100 }],
      })),
    health: unused,
    redriveDeadLetters: async () => {
      note('redriveDeadLetters', []);
      return { redriven: state.deadLetters };
    },
  };
  return {
    ...api,
    load: {
      admitStart() {},
      admitMessage() {},
      roomForStart: async () => () => {},
      hasRoom: () => true,
      waiting: () => 0,
    },
    countWorkers: async () => state.workers,
    findInterrupted: async (workflow, input, origin, version) => {
      note('findInterrupted', [workflow, input, origin, ...(version === undefined ? [] : [version])]);
      return state.interrupted;
    },
    setWorkflows: unused,
    drain: async () => void note('drain', []),
    close: async () => {},
  };
}

export interface Ran {
  code: ExitCode;
  out: string[];
  err: string[];
  state: FakeState;
  requests: ConnectRequest[];
}

export interface RanWith extends Partial<FakeState> {
  stdin?: string;
  cwd?: string;
  environment?: Partial<Environment>;
  remote?: boolean;
  /** Called with what the process would hear when told to stop. */
  stopping?: (stop: (signal: 'SIGINT' | 'SIGTERM') => void) => void;
}

/** Types a command against a fake Pawl. */
export async function type(words: string[], given: RanWith = {}): Promise<Ran> {
  const { stdin = '', cwd = '/nowhere', environment, remote = false, stopping, ...some } = given;
  const state: FakeState = {
    runs: [runView()],
    entries: {},
    tasks: [],
    workers: 1,
    workflows: ['order'],
    endless: false,
    asked: [],
    started: [],
    deadLetters: 0,
    ...some,
  };
  const out: string[] = [];
  const err: string[] = [];
  const requests: ConnectRequest[] = [];
  const { colors } = plain(80);
  const cli: Cli = {
    terminal: {
      out: (line) => out.push(...line.split('\n')),
      err: (line) => err.push(...line.split('\n')),
      outColors: colors,
      errColors: colors,
      interactive: false,
      outWidth: () => 100,
      errWidth: () => 100,
      errHeight: () => 24,
      redraw: () => Promise.reject(new Error('there is no terminal')),
    },
    cwd,
    words,
    now: () => now,
    environment: async () => ({ ci: false, program: 'npx pawl', ...environment }),
    async connect(request): Promise<Connection> {
      requests.push(request);
      const pawl = fakePawl(state);
      await request.before?.(pawl);
      const base = { api: pawl, workers: pawl.countWorkers, close: pawl.close };
      if (remote) return { ...base, target: ['--url', 'http://h:1'] };
      const project = { root: cwd, dataDir: `${cwd}/.pawl` } as NonNullable<Connection['local']>['project'];
      return { ...base, target: [], local: { pawl, project } };
    },
    readStdin: async () => stdin,
    onStop(callback) {
      stopping?.(callback);
      return () => {};
    },
    exit: { code: exitCode.ok },
    quit: (code) => void state.asked.push({ call: 'quit', args: [code] }),
  };
  await runCli(cli);
  return { code: cli.exit.code, out, err, state, requests };
}
