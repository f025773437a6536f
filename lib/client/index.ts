/** Pawl over HTTP, with the verbs it has in process. Runs in Node and in browsers: fetch is all it needs. */
import { encodeIdempotencyKey } from '../http/contract/idempotency-key.ts';
import { documentTypes } from '../http/contract/route.ts';
import { Fault } from '../kernel/faults.ts';
import type {
  Accepted,
  HealthView,
  HistoryPage,
  PawlApi,
  Redriven,
  RunPage,
  RunView,
  TaskView,
  WorkflowView,
} from '../service/api.ts';
import { type AwaitOutcome, createRunHandle, type RunHandle } from '../service/run-handle.ts';
import type { InputAnd } from '../workflow/workflow.ts';
import { type AwsOptions, awsTargetOf } from './aws-target.ts';
import { createSign } from './sign-request.ts';
import { assertAddress, type Call, createTransport, escaped, type RetryOptions } from './transport.ts';
import { watchRun } from './watch-run.ts';

export { Fault, type FaultCode, isFault, type Problem } from '../kernel/faults.ts';
export type * from '../service/api.ts';
export { type RunHandle, RunNotCompleted } from '../service/run-handle.ts';
export type { AwsCredentials, AwsOptions } from './aws-target.ts';

export interface ClientOptions {
  /** Where `pawl dev` or `pawl serve` listens, like http://127.0.0.1:8787. */
  url: string;
  token?: string | undefined;
  /**
   * Requests are signed for AWS. Default: where the host name is one of API Gateway or of a function's URL, unless there
   * is a token or a `fetch`. False: they never are.
   */
  aws?: AwsOptions | false;
  fetch?: typeof globalThis.fetch;
  retry?: Partial<RetryOptions>;
  /** For one attempt of one request, in ms. Default 30 s. */
  timeoutMs?: number;
  /** How long a watched run is tried to be reached again, in ms. Default 2 min. */
  reconnectForMs?: number;
  /** A live stream that is silent for longer is opened anew, in ms. Default 45 s: three heartbeats of the server. */
  silenceMs?: number;
}

/** A workflow, or whatever has its name and says its types. */
export interface WorkflowReference<Input = unknown, Output = unknown> {
  readonly name: string;
  readonly version?: number;
  /** Types only. */
  readonly '~types'?: { input: Input; output: Output };
}

export interface StartOptions {
  /** Idempotency key: the same key and input answer with the same run. */
  key?: string;
  correlationId?: string;
  version?: number;
}

export interface PawlClient extends PawlApi {
  start<Input, Output>(
    workflow: WorkflowReference<Input, Output>,
    ...args: InputAnd<Input, StartOptions>
  ): Promise<RunHandle<Output>>;
  start(workflow: string, input?: unknown, options?: StartOptions): Promise<RunHandle>;
  run<Output = unknown>(id: string): RunHandle<Output>;
}

const defaultRetry: RetryOptions = { attempts: 4, firstDelayMs: 100, maxDelayMs: 5_000, maxRetryAfterMs: 30_000 };

export function createClient(options: ClientOptions): PawlClient {
  const retry = { ...defaultRetry, ...options.retry };
  const { url, token, timeoutMs = 30_000, reconnectForMs = 120_000, silenceMs = 45_000 } = options;
  // Bound: browsers refuse a fetch that is called on another object.
  const fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
  assertAddress(url);
  const isSecured = token !== undefined || options.fetch !== undefined;
  const target = token === undefined ? awsTargetOf(url, options.aws, { isSecured }) : undefined;
  const sign = target && createSign(target);
  const transport = createTransport({ url, token, sign, fetch, retry, timeoutMs });

  const get = async <Value>(path: string, query?: Call['query']): Promise<Value> =>
    (await transport.call({ method: 'GET', path, ...(query && { query }) })).value as Value;
  const post = async <Value>(path: string, call: Omit<Call, 'method' | 'path'>): Promise<Value> =>
    (await transport.call({ method: 'POST', path, ...call })).value as Value;
  const tell = async (path: string, body: object, headers: Record<string, string> = {}): Promise<Accepted> =>
    (await transport.call({ method: 'POST', path, body, headers })).value as Accepted;

  const api: PawlApi = {
    async startRun({ key, ...body }) {
      const headers = keyHeader(key ?? crypto.randomUUID());
      const { value, status } = await transport.call({ method: 'POST', path: '/v1/runs', body, headers });
      // A key that nobody else has: the run is new, even if it took a second attempt to hear so.
      return { run: value as RunView, created: status === 201 || key === undefined };
    },
    getRun: async (id) => get(runPath(id)),
    listRuns: (query = {}) => get<RunPage>('/v1/runs', { ...query }),
    listTasks: async (id) => (await get<{ items: TaskView[] }>(`${runPath(id)}/tasks`)).items,
    getHistory: async (id, query = {}) => get<HistoryPage>(`${runPath(id)}/history`, { ...query }),
    exportRun: async (id) => get(`${runPath(id)}/export`),
    async *watchRun(id, { after, only, signal } = {}) {
      const path = `${runPath(id)}/events`;
      yield* watchRun({ transport, path, after, only, signal, attempts: retry.attempts, reconnectForMs, silenceMs });
    },
    async signalRun(id, name, { key, ...body } = {}) {
      const headers = keyHeader(key ?? crypto.randomUUID());
      const path = `${runPath(id)}/signals`;
      // Gateways change other characters in a path, or lose what follows them.
      if (!/^[\w~-][\w.~-]*$/.test(name)) return tell(path, { name, ...body }, headers);
      return tell(`${path}/${name}`, body, headers);
    },
    pauseRun: async (id, request = {}) => tell(`${runPath(id)}/pause`, request),
    resumeRun: async (id, request = {}) => tell(`${runPath(id)}/resume`, request),
    cancelRun: async (id, request = {}) => tell(`${runPath(id)}/cancel`, request),
    answerCallback: async (callbackToken, answer) =>
      tell(`/v1/callbacks/${segment(callbackToken, 'callback token')}`, answer),
    async deleteRun(id) {
      const isGone = (answer: Response) => answer.status === 404;
      const { status, value, repeated } = await transport.call({ method: 'DELETE', path: runPath(id) }, isGone);
      if (status === 404 && !repeated) throw absence(value, id);
    },
    listWorkflows: async () => (await get<{ items: WorkflowView[] }>('/v1/workflows')).items,
    getWorkflow: async (name) => get(workflowPath(name)),
    getWorkflowVersion: async (name, version) => get(`${workflowPath(name)}/versions/${version}`),
    async registerWorkflow({ source, format = 'yaml', activate, dryRun, by }) {
      const query = { activate: activate && 'true', dryRun: dryRun && 'true', by };
      const document = { text: source, mediaType: documentTypes[format][0] };
      return post('/v1/workflows', { query: defined(query), document });
    },
    activateWorkflow: async (name, body) => post(`${workflowPath(name)}/activate`, { body }),
    async rollbackWorkflow(name, { key, ...body } = {}) {
      return post(`${workflowPath(name)}/rollback`, { body, headers: keyHeader(key ?? crypto.randomUUID()) });
    },
    deactivateWorkflow: async (name, body = {}) => post(`${workflowPath(name)}/deactivate`, { body }),
    getWorkflowHistory: async (name, query = {}) => get(`${workflowPath(name)}/history`, { ...query }),
    diffWorkflow: async (name, query = {}) => get(`${workflowPath(name)}/diff`, { ...query }),
    async health() {
      const isHealth = ({ status, headers }: Response) =>
        status === 503 && /^application\/json\b/i.test(headers.get('content-type') ?? '');
      return (await transport.call({ method: 'GET', path: '/health' }, isHealth)).value as HealthView;
    },
    redriveDeadLetters: async () =>
      (await transport.call({ method: 'POST', path: '/v1/dead-letters/redrive' })).value as Redriven,
  };

  const awaitOutcome: AwaitOutcome = async (id, signal) => {
    for await (const _entry of api.watchRun(id, { only: 'end', ...(signal && { signal }) })) {
      // There are none: the end is what we wait for.
    }
    const run = await api.getRun(id);
    if (run.status !== 'completed') return undefined;
    return run.continuedAs === undefined ? { output: run.output } : { continuedAs: run.continuedAs };
  };
  const run = <Output>(id: string): RunHandle<Output> => createRunHandle<Output>(api, id, awaitOutcome);

  async function start(
    workflow: WorkflowReference | string,
    input?: unknown,
    startOptions: StartOptions = {},
  ): Promise<RunHandle<never>> {
    const { name, version } = typeof workflow === 'string' ? { name: workflow } : workflow;
    const request = { workflow: name, ...(version !== undefined && { version }), input, ...startOptions };
    return run((await api.startRun(request)).run.id);
  }

  return { ...api, start, run };
}

function workflowPath(name: string): string {
  return `/v1/workflows/${segment(name, 'workflow')}`;
}

function defined(query: Record<string, string | false | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).filter((field): field is [string, string] => typeof field[1] === 'string'),
  );
}

function runPath(id: string): string {
  return `/v1/runs/${segment(id, 'run id')}`;
}

function segment(text: string, what: string): string {
  // These would be resolved away, and another route be asked.
  if (text === '' || text === '.' || text === '..') throw new Fault('invalid_input', `'${text}' is no ${what}`);
  return escaped(text);
}

function keyHeader(key: string): Record<string, string> {
  return { 'Idempotency-Key': encodeIdempotencyKey(key) };
}

function absence(problem: unknown, id: string): Fault {
  const { detail } = (problem ?? {}) as { detail?: unknown };
  return new Fault('not_found', typeof detail === 'string' ? detail : `There is no run ${id}`);
}
