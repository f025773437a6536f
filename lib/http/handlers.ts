/** A handler a route: it gets what the contract has parsed, calls Pawl, and answers. */
import type * as z from 'zod';
import { Fault } from '../kernel/faults.ts';
import type { HistoryEntry, PawlApi, RunView } from '../service/api.ts';
import type { HttpLimits } from './contract/limits.ts';
import type { Operation, Routes } from './contract/routes.ts';
import { settledStatuses } from './contract/schemas.ts';
import { docsPolicy, renderDocsPage } from './docs-page.ts';
import { collectEvents } from './event-reply.ts';
import { createEventStream, framed, type StreamedEvent } from './event-stream.ts';
import type { Document } from './json-body.ts';
import type { RequestMetrics } from './metrics.ts';
import { createOpenApi } from './openapi.ts';
import { describeError, type Logger } from './problems.ts';
import type { Traffic } from './traffic.ts';

type Output<S> = S extends z.ZodType ? z.output<S> : never;
type Part<R, Name extends string> = R extends { [name in Name]: infer S } ? Output<S> : undefined;

export interface Input<R> {
  params: Part<R, 'params'>;
  query: Part<R, 'query'>;
  headers: Part<R, 'headers'>;
  body: R extends { body: { schema: infer S } } ? Output<S> : undefined;
  document: R extends { document: true } ? Document : undefined;
  /** `HEAD`: the answer's body will not be read. */
  method: string;
  /** May be told all. */
  isTrusted: boolean;
  /** Aborts when the server closes. */
  closing: AbortSignal | undefined;
  /** Aborts when the client leaves. */
  left: () => AbortSignal;
  /** Who asks, for certain. */
  actor: string | undefined;
}

/** How events reach the client: see `HttpAppOptions`. */
export type Streams = 'live' | { waitMs: number };

export type Handlers = { [O in Operation]: (input: Input<Routes[O]>) => Promise<Response> };

export interface HandlerOptions {
  api: PawlApi;
  limits: HttpLimits;
  requestMetrics: RequestMetrics;
  traffic: Traffic;
  /** More metrics, as Prometheus text. */
  metrics: (() => string | Promise<string>) | undefined;
  logger: Logger | undefined;
  hasToken: boolean;
  behindGateway: boolean;
  streams: Streams;
}

export function createHandlers(options: HandlerOptions): Handlers {
  const { api, limits, requestMetrics, traffic, metrics, logger, hasToken, behindGateway, streams } = options;
  // Made when first asked for: a function that starts cold should not pay for it.
  let document: ReturnType<typeof createOpenApi> | undefined;
  const openApi = () => {
    document ??= createOpenApi({ protectedBy: hasToken ? 'token' : behindGateway ? 'gateway' : 'nothing' });
    return document;
  };

  return {
    async startRun({ body, headers, actor }) {
      const request = { ...body, ...(actor !== undefined && { origin: actor }) };
      const { run, created } = await api.startRun(withKey(request, headers['Idempotency-Key']));
      if (!created) return json(200, run);
      return json(201, run, { Location: `/v1/runs/${encodeURIComponent(run.id)}` });
    },
    listRuns: async ({ query }) => json(200, await api.listRuns(query)),
    getRun: async ({ params }) => json(200, await api.getRun(params.id)),
    async deleteRun({ params }) {
      await api.deleteRun(params.id);
      return new Response(null, { status: 204 });
    },
    listTasks: async ({ params }) => json(200, { items: await api.listTasks(params.id) }),
    getHistory: async ({ params, query }) => json(200, await api.getHistory(params.id, query)),
    exportRun: async ({ params }) => json(200, await api.exportRun(params.id)),
    async watchRun(input) {
      if (streams !== 'live') return eventReply(options, streams.waitMs, input);
      const { id } = input.params;
      const { query, headers, method, closing } = input;
      const after = headers['Last-Event-ID'] ?? query.after;
      traffic.admitStream(requestMetrics.openStreams());
      // An id that does not exist is told by the status, which cannot be taken back once the stream has begun.
      await api.getRun(id);
      if (closing?.aborted) throw new Fault('closed', 'The server is closing');
      const stream = createEventStream({
        events: (signal) => journal(api, id, { after, only: query.only, signal }),
        failure: (error) => ({ event: 'problem', data: describeError(error, logger) }),
        closing,
        heartbeatMs: limits.heartbeatMs,
        reconnectMs: limits.reconnectMs,
        opened: requestMetrics.streamOpened,
        closed: requestMetrics.streamClosed,
      });
      // `chunked` keeps the Node adapter from waiting for more before it sends the first events.
      const headersOut = {
        'Content-Type': 'text/event-stream',
        'X-Accel-Buffering': 'no',
        'Transfer-Encoding': 'chunked',
      };
      return new Response(method === 'HEAD' ? null : stream, { headers: headersOut });
    },
    async signalRun({ params, body, headers, actor }) {
      const request = withKey(by(actor, body), headers['Idempotency-Key']);
      return json(202, await api.signalRun(params.id, params.name, request));
    },
    async sendSignal({ params, body: { name, ...body }, headers, actor }) {
      const request = withKey(by(actor, body), headers['Idempotency-Key']);
      return json(202, await api.signalRun(params.id, name, request));
    },
    pauseRun: async ({ params, body, actor }) => json(202, await api.pauseRun(params.id, by(actor, body))),
    resumeRun: async ({ params, body, actor }) => json(202, await api.resumeRun(params.id, by(actor, body))),
    cancelRun: async ({ params, body, actor }) => json(202, await api.cancelRun(params.id, by(actor, body))),
    answerCallback: async ({ params, body }) => json(202, await api.answerCallback(params.token, body)),
    listWorkflows: async () => json(200, { items: await api.listWorkflows() }),
    async registerWorkflow({ query, document, actor }) {
      const { text: source, format } = document;
      const registered = await api.registerWorkflow({ ...by(actor, query), source, format });
      if (!registered.created) return json(200, registered);
      const { name, version } = registered;
      return json(201, registered, { Location: `/v1/workflows/${encodeURIComponent(name)}/versions/${version}` });
    },
    getWorkflow: async ({ params }) => json(200, await api.getWorkflow(params.name)),
    getWorkflowVersion: async ({ params }) => json(200, await api.getWorkflowVersion(params.name, params.version)),
    diffWorkflow: async ({ params, query }) => json(200, await api.diffWorkflow(params.name, query)),
    getWorkflowHistory: async ({ params, query }) => json(200, await api.getWorkflowHistory(params.name, query)),
    activateWorkflow: async ({ params, body, actor }) =>
      json(200, await api.activateWorkflow(params.name, by(actor, body))),
    rollbackWorkflow: async ({ params, body, headers, actor }) =>
      json(200, await api.rollbackWorkflow(params.name, withKey(by(actor, body), headers['Idempotency-Key']))),
    deactivateWorkflow: async ({ params, body, actor }) =>
      json(200, await api.deactivateWorkflow(params.name, by(actor, body))),
    async health({ isTrusted }) {
      const health = await api.health();
      const status = health.status === 'unhealthy' ? 503 : 200;
      return json(status, isTrusted ? health : { status: health.status });
    },
    redriveDeadLetters: async () => json(200, await api.redriveDeadLetters()),
    async metrics() {
      const text = `${requestMetrics.render()}${(await metrics?.()) ?? ''}`;
      return new Response(text, { headers: { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' } });
    },
    openapi: async () => json(200, openApi()),
    async docs() {
      const headers = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': docsPolicy };
      return new Response(renderDocsPage(openApi()), { headers });
    },
  };
}

interface Watched {
  after: number | undefined;
  only: 'end' | undefined;
  signal: AbortSignal;
}

function watched(api: PawlApi, id: string, { after, ...wanted }: Watched): AsyncIterable<HistoryEntry> {
  return api.watchRun(id, after === undefined ? wanted : { ...wanted, after });
}

async function* journal(api: PawlApi, id: string, wanted: Watched): AsyncIterable<StreamedEvent> {
  const { signal } = wanted;
  for await (const entry of watched(api, id, wanted)) yield message(entry);
  if (signal.aborted) return;
  // Without this event the client comes back, which is right when the journal stopped for another reason.
  const end = endOf(await api.getRun(id));
  if (end !== undefined) yield end;
}

function endOf({ id, status }: RunView): StreamedEvent | undefined {
  const settled = settledStatuses.find((name) => name === status);
  return settled && { event: 'end', data: { id, status: settled } };
}

async function eventReply(
  { api, limits, requestMetrics, traffic }: HandlerOptions,
  waitMs: number,
  { params: { id }, query, headers, method, closing, left }: Input<Routes['watchRun']>,
): Promise<Response> {
  const eventStream = { 'Content-Type': 'text/event-stream' };
  if (closing?.aborted) throw new Fault('closed', 'The server is closing');
  if (method === 'HEAD') {
    await api.getRun(id);
    return new Response(null, { headers: eventStream });
  }
  const after = headers['Last-Event-ID'] ?? query.after;
  traffic.admitStream(requestMetrics.openStreams());
  requestMetrics.streamOpened();
  try {
    const { text, isOver } = await collectEvents({
      events: (signal) => watched(api, id, { after, only: query.only, signal }),
      waitMs,
      gatherMs: limits.gatherMs,
      maxBytes: limits.replyBytes,
      left: closing === undefined ? [left()] : [closing, left()],
    });
    const end = isOver ? endOf(await api.getRun(id)) : undefined;
    const body = Buffer.from(`${text}${end === undefined ? `retry: ${limits.comeBackMs}\n\n` : framed(end)}`);
    return new Response(body, { headers: { ...eventStream, 'Content-Length': String(body.byteLength) } });
  } finally {
    requestMetrics.streamClosed();
  }
}

function message(entry: HistoryEntry): StreamedEvent {
  return { id: entry.seq, data: entry };
}

/** What the server knows counts before what the client says. */
function by<Request extends { by?: string }>(actor: string | undefined, request: Request): Request {
  return actor === undefined ? request : { ...request, by: actor };
}

function withKey<Request extends object>(body: Request, key: string | undefined): Request & { key?: string } {
  return key === undefined ? body : { ...body, key };
}

function json(status: number, value: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(value), { status, headers: { 'Content-Type': 'application/json', ...headers } });
}
