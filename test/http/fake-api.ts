import { Fault } from '../../lib/kernel/faults.ts';
import type { Accepted, HealthView, HistoryEntry, ListRunsQuery, PawlApi, RunView } from '../../lib/service/api.ts';
import { fakeWorkflows } from './fake-workflows.ts';

/** A `PawlApi` in memory that does what a test tells it: nothing runs, a test records what it wants. */
export interface FakeApi extends PawlApi {
  /** What was asked, in order: the method and its arguments. */
  readonly calls: [method: string, ...args: unknown[]][];
  /** Records an event in a run's journal, as a worker would. */
  record(id: string, type: string, fields?: Record<string, unknown>): HistoryEntry;
  /** Ends a run, with an event that says so. */
  settle(id: string, outcome: Partial<RunView> & Pick<RunView, 'status'>): void;
  /** Every call throws this from now on; `undefined` ends it. */
  failWith(error: unknown): void;
  /** How many watchers listen now. */
  watchers(): number;
  setHealth(health: HealthView): void;
  /** How many dead letters there are. */
  setDeadLetters(count: number): void;
}

interface FakeRun {
  view: RunView;
  inputText: string;
  journal: HistoryEntry[];
}

const at = '2026-01-02T03:04:05.678Z';

export function createFakeApi(): FakeApi {
  const runs = new Map<string, FakeRun>();
  const calls: FakeApi['calls'] = [];
  const listeners = new Set<() => void>();
  let failure: unknown;
  let watching = 0;
  let deadLetters = 0;
  let health: HealthView = {
    status: 'healthy',
    checks: [{ name: 'store', status: 'healthy', message: 'reads and writes' }],
    workers: 1,
    version: '0.0.0',
  };

  const called = (method: string, ...args: unknown[]) => {
    calls.push([method, ...args]);
    if (failure !== undefined) throw failure;
  };
  const find = (id: string): FakeRun => {
    const run = runs.get(id);
    if (run === undefined) throw new Fault('not_found', `No run ${id}`);
    return run;
  };
  const record = (id: string, type: string, fields: Record<string, unknown> = {}): HistoryEntry => {
    const run = find(id);
    const seq = run.journal.length + 1;
    const entry = { seq, position: seq, at, type, ...fields };
    run.journal.push(entry);
    run.view = { ...run.view, events: seq };
    for (const listener of listeners) listener();
    return entry;
  };
  const accept = (id: string, type: string, eventId: string): Accepted => {
    const { view } = find(id);
    if (view.closedAt !== undefined) throw new Fault('settled', `Run ${id} is ${view.status}`);
    record(id, type);
    return { accepted: true, eventId };
  };

  return {
    calls,
    record,
    failWith: (error) => {
      failure = error;
    },
    watchers: () => watching,
    setHealth: (next) => {
      health = next;
    },
    setDeadLetters: (count) => {
      deadLetters = count;
    },
    settle(id, outcome) {
      const run = find(id);
      run.view = { ...run.view, closedAt: at, ...outcome };
      record(id, `run_${outcome.status}`);
    },

    async startRun(request) {
      called('startRun', request);
      if (request.workflow === 'unknown') throw new Fault('not_found', 'No workflow unknown');
      const { workflow, key, input, version = 1, correlationId } = request;
      const id = key === undefined ? `${workflow}-${runs.size + 1}` : `${workflow}:${key}`;
      const inputText = JSON.stringify(input) ?? '';
      const known = runs.get(id);
      if (known !== undefined && known.inputText !== inputText) {
        throw new Fault('conflict', `Key ${key} was used with another input`);
      }
      if (known !== undefined) return { run: known.view, created: false };
      const view: RunView = {
        id,
        workflow,
        version,
        status: 'pending',
        createdAt: at,
        updatedAt: at,
        deadline: '2027-01-02T03:04:05.678Z',
        ...(input !== undefined && { input }),
        ...(key !== undefined && { key }),
        ...(correlationId !== undefined && { correlationId }),
        events: 0,
      };
      runs.set(id, { view, inputText, journal: [] });
      return { run: view, created: true };
    },
    async getRun(id) {
      called('getRun', id);
      return find(id).view;
    },
    async listRuns(query: ListRunsQuery = {}) {
      called('listRuns', query);
      const from = Number(query.cursor ?? 0);
      const to = from + (query.limit ?? 50);
      const all = [...runs.values()].filter(({ view }) => query.status === undefined || view.status === query.status);
      const items = all.slice(from, to).map(({ view }) => {
        const { id, workflow, version, status, createdAt } = view;
        return { id, workflow, version, status, createdAt };
      });
      return to < all.length ? { items, cursor: String(to) } : { items };
    },
    async listTasks(id) {
      called('listTasks', id);
      find(id);
      return [
        { key: 'reserve', kind: 'step', status: 'completed', attempts: 1, startedAt: at, endedAt: at, result: 1 },
      ];
    },
    async getHistory(id, query = {}) {
      called('getHistory', id, query);
      const { journal } = find(id);
      const rest = journal.filter(({ seq }) => seq > (query.after ?? 0));
      const items = rest.slice(0, query.limit ?? 200);
      const last = items.at(-1);
      return last !== undefined && items.length < rest.length ? { items, next: last.seq } : { items };
    },
    async exportRun(id) {
      called('exportRun', id);
      const { view, journal } = find(id);
      const { workflow, version, createdAt, deadline, input } = view;
      const run = { id, workflow, version, createdAt, deadline, seed: 'seed' };
      return { format: 1 as const, run, ...(input !== undefined && { input }), history: journal };
    },
    async *watchRun(id, { after = 0, only, signal } = {}) {
      called('watchRun', id, after, ...(only ? [only] : []));
      const run = find(id);
      watching += 1;
      try {
        for (let seq = after; ; ) {
          if (signal?.aborted) return;
          for (const entry of run.journal.slice(seq)) {
            if (only !== 'end') yield entry;
            seq = entry.seq;
          }
          if (seq < run.journal.length) continue;
          if (run.view.closedAt !== undefined) return;
          await new Promise<void>((resolve) => {
            const go = () => {
              listeners.delete(go);
              signal?.removeEventListener('abort', go);
              resolve();
            };
            listeners.add(go);
            signal?.addEventListener('abort', go);
          });
          if (failure !== undefined) throw failure;
        }
      } finally {
        watching -= 1;
      }
    },
    async signalRun(id, name, request = {}) {
      called('signalRun', id, name, request);
      return accept(id, 'run_signalled', `signal:${name}:${request.key ?? ''}`);
    },
    async pauseRun(id, request = {}) {
      called('pauseRun', id, request);
      return accept(id, 'run_paused', 'pause:1');
    },
    async resumeRun(id, request = {}) {
      called('resumeRun', id, request);
      return accept(id, 'run_resumed', 'resume:1');
    },
    async cancelRun(id, request = {}) {
      called('cancelRun', id, request);
      return accept(id, 'run_cancel_requested', 'cancel:1');
    },
    async answerCallback(token, answer) {
      called('answerCallback', token, answer);
      if (token === 'unknown') throw new Fault('not_found', 'No such callback');
      return { accepted: true, eventId: `callback:${token}` };
    },
    async deleteRun(id) {
      called('deleteRun', id);
      if (find(id).view.closedAt === undefined) throw new Fault('conflict', `Run ${id} is still open`);
      runs.delete(id);
    },
    ...fakeWorkflows(called),
    async health() {
      called('health');
      return health;
    },
    async redriveDeadLetters() {
      called('redriveDeadLetters');
      const redriven = deadLetters;
      deadLetters = 0;
      return { redriven };
    },
  };
}
