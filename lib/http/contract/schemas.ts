/**
 * The shapes on the wire. The views mirror `lib/service/api.ts`; `drift` below does not compile if the two differ.
 */
import * as z from 'zod';
import type { Problem } from '../../kernel/faults.ts';
import type {
  Accepted,
  CallbackAnswer,
  CommandRequest,
  ErrorView,
  ExportedRun,
  HealthView,
  HistoryEntry,
  HistoryPage,
  ListRunsQuery,
  Redriven,
  RunPage,
  RunSummary,
  RunView,
  SignalRequest,
  StartRunRequest,
  TaskView,
} from '../../service/api.ts';
import { decodeIdempotencyKey } from './idempotency-key.ts';
import { fieldLimits } from './limits.ts';
import { type ProblemCode, type ProblemDetails, problemKinds } from './problem.ts';

/** Names the schemas of the OpenAPI document. */
export const named = z.registry<{ id: string }>();

export const time = z.iso.datetime({ offset: true }).describe('ISO 8601');
export const text = (max: number) => z.string().min(1).max(max);
const sequenceNumber = z.int().min(1).describe('Counts from 1 over the whole journal');

export const settledStatuses = ['completed', 'failed', 'cancelled'] as const;
const status = z
  .enum(['pending', 'running', 'waiting', 'paused', 'blocked', ...settledStatuses])
  .describe('`pending` until a worker takes it; `waiting` for time, a signal or a child; `blocked` if it cannot go on')
  .register(named, { id: 'RunStatus' });
const kind = z.enum(['step', 'timer', 'signal', 'child']).register(named, { id: 'TaskKind' });

// --- views -----------------------------------------------------------------------------------------------------------

const errorView = z.object({
  name: z.string(),
  message: z.string(),
  code: z.string().optional(),
  stack: z.string().optional(),
  details: z.unknown().optional(),
  get cause() {
    return errorView.optional();
  },
});
named.add(errorView, { id: 'Error' });

export const runView = z
  .object({
    id: z.string(),
    workflow: z.string(),
    version: z.int(),
    status,
    createdAt: time,
    updatedAt: time,
    deadline: time.describe('Then the run fails with a timeout'),
    input: z.unknown().optional(),
    output: z.unknown().optional().describe('Once completed'),
    error: errorView.optional().describe('Once failed or cancelled'),
    closedAt: time.optional().describe('Once it has ended'),
    wakeAt: time.optional().describe('While waiting: when it goes on by itself at the latest'),
    awaiting: z
      .array(z.object({ key: z.string(), kind, due: time.optional(), name: z.string().optional() }))
      .optional()
      .describe('While waiting: for what'),
    blocked: z
      .object({ code: z.string(), message: z.string(), retryAt: time })
      .optional()
      .describe('While blocked: why, and when it is tried again'),
    report: z.unknown().optional().describe('The latest `ctx.report()`'),
    correlationId: z.string().optional(),
    key: z.string().optional().describe('The idempotency key it was started with'),
    origin: z.string().optional(),
    parent: z.object({ id: z.string(), task: z.string() }).optional().describe('The run that waits for this one'),
    continuedAs: z.string().optional().describe('The run that goes on where this one ended'),
    unawaited: z.array(z.string()).optional().describe('Steps that were not awaited and had not ended'),
    cancelRequested: z.boolean().optional(),
    unread: z
      .array(z.object({ type: z.string(), name: z.string().optional(), at: time }))
      .optional()
      .describe('What is stored for the run and not in its journal yet, the oldest first: at most 50'),
    events: z.int().describe('Number of events in the journal'),
  })
  .register(named, { id: 'Run' });

const runSummary = z
  .object({
    id: z.string(),
    workflow: z.string(),
    version: z.int(),
    status,
    createdAt: time,
    closedAt: time.optional(),
    wakeAt: time.optional(),
    correlationId: z.string().optional(),
    key: z.string().optional(),
  })
  .register(named, { id: 'RunSummary' });

export const runPage = z
  .object({
    items: z.array(runSummary),
    cursor: z.string().optional().describe('Pass it on to read the next page; absent on the last'),
    unreadable: z.array(z.string()).optional().describe('Ids of runs that were passed over: their records are damaged'),
  })
  .register(named, { id: 'RunPage' });

const taskView = z
  .object({
    key: z.string().describe('The same in every replay'),
    kind,
    status: z.enum(['running', 'retrying', 'waiting', 'completed', 'failed', 'cancelled']),
    attempts: z.int().optional().describe('Attempts so far, of a step'),
    startedAt: time.optional(),
    endedAt: time.optional(),
    due: time.optional().describe('While waiting or retrying: when it goes on'),
    result: z.unknown().optional(),
    error: errorView.optional(),
    name: z.string().optional().describe('A child’s run id, or a signal’s name'),
  })
  .register(named, { id: 'Task' });

export const taskList = z.object({ items: z.array(taskView) }).register(named, { id: 'TaskList' });

export const historyEntry = z
  .looseObject({
    seq: sequenceNumber,
    position: z.int().describe('The append that wrote it'),
    at: time,
    type: z.string().describe('`run_…` or `task_…`; the other fields depend on it'),
  })
  .register(named, { id: 'HistoryEntry' });

export const historyPage = z
  .object({
    items: z.array(historyEntry),
    next: z.int().optional().describe('Pass it as `after` to go on; absent at the end of the journal as it is now'),
  })
  .register(named, { id: 'HistoryPage' });

export const redrivenView = z
  .object({ redriven: z.int().describe('About how many, where the queue cannot tell exactly') })
  .register(named, { id: 'Redriven' });

export const exportedRun = z
  .object({
    format: z.literal(1).describe('Of this form'),
    run: z.object({
      id: z.string(),
      workflow: z.string(),
      version: z.int(),
      createdAt: time,
      deadline: time,
      correlationId: z.string().optional(),
      seed: z.string().describe('What `ctx.random()` and `ctx.uuid()` follow from'),
    }),
    input: z.unknown().optional(),
    history: z.array(historyEntry),
  })
  .register(named, { id: 'ExportedRun' });

export const endOfStream = z
  .object({ id: z.string(), status: z.enum(settledStatuses) })
  .register(named, { id: 'EndOfStream' });

export const acceptedView = z
  .object({ accepted: z.literal(true), eventId: z.string().describe('The same for a repetition') })
  .describe('It is durable. What it leads to is in the journal')
  .register(named, { id: 'Accepted' });

const healthStatus = z.enum(['healthy', 'warning', 'critical', 'unhealthy']);

const healthView = z
  .object({
    status: healthStatus,
    checks: z.array(z.object({ name: z.string(), status: healthStatus, message: z.string() })),
    workers: z.int().describe('Live workers, this server included'),
    version: z.string(),
  })
  .register(named, { id: 'Health' });

/** What somebody without the token may know. */
const bareHealthView = z.object({ status: healthStatus }).register(named, { id: 'BareHealth' });

export const healthAnswer = z.union([healthView, bareHealthView]);

const problemView = z.object({
  path: z.string().describe('Like `items[2].price`'),
  message: z.string(),
  line: z.int().optional().describe('Of a text: where in it, from 1'),
  column: z.int().optional(),
  hint: z.string().optional().describe('What may help'),
});

export const problemDetails = z
  .object({
    type: z.string().describe('Stable: `/problems/` and the code'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(problemKinds) as [ProblemCode, ...ProblemCode[]]),
    problems: z.array(problemView).optional().describe('Each thing that is wrong, and where'),
    instance: z.string().optional().describe('Of an internal error: what to look for in the server’s log'),
  })
  .register(named, { id: 'Problem' });

// --- requests --------------------------------------------------------------------------------------------------------

export const actor = text(fieldLimits.actor).optional().describe('Who asks, for the record');

export const startRunBody = z
  .strictObject({
    workflow: text(fieldLimits.name),
    version: z.int().min(1).optional().describe('Unless given, an active one'),
    input: z.unknown().optional(),
    correlationId: text(fieldLimits.correlationId).optional(),
    origin: actor,
  })
  .register(named, { id: 'StartRun' });

export const signalBody = z
  .strictObject({ payload: z.unknown().optional(), by: actor })
  .register(named, { id: 'Signal' });

export const namedSignalBody = z
  .strictObject({ name: text(fieldLimits.name), payload: z.unknown().optional(), by: actor })
  .register(named, { id: 'NamedSignal' });

export const commandBody = z.strictObject({ by: actor }).register(named, { id: 'Command' });

export const cancelBody = z
  .strictObject({ by: actor, reason: text(fieldLimits.reason).optional() })
  .register(named, { id: 'Cancel' });

/** One object with two optional fields, since a union of two cannot say which field is wrong. */
export const callbackBody = z
  .strictObject({
    result: z.unknown().optional(),
    error: z
      .strictObject({
        name: text(fieldLimits.name).optional(),
        message: z.string().max(fieldLimits.errorMessage),
      })
      .optional(),
  })
  .refine((answer) => !('error' in answer && 'result' in answer), { error: 'either `result` or `error`, not both' })
  .transform(({ result, error }): CallbackAnswer => (error === undefined ? { result } : { error }))
  .describe('The result, or an error with which the workflow goes on')
  .register(named, { id: 'CallbackAnswer' });

const idempotencyKey = z
  .string()
  .transform((header, ctx) => {
    const key = decodeIdempotencyKey(header);
    if (key === undefined)
      ctx.addIssue({ code: 'custom', message: 'begins like a quoted key and does not end like one' });
    return key ?? z.NEVER;
  })
  .pipe(text(fieldLimits.key))
  .describe('Makes a repetition harmless: what carries the same key is done once');

export const runParams = z.object({ id: text(fieldLimits.runId) });
export const signalParams = z.object({ id: text(fieldLimits.runId), name: text(fieldLimits.name) });
export const callbackParams = z.object({
  token: text(fieldLimits.callbackToken).describe('From `ctx.callback()`; it is the credential'),
});

export const listRunsQuery = z.strictObject({
  status: status.optional(),
  workflow: text(fieldLimits.name).optional(),
  correlationId: text(fieldLimits.correlationId).optional(),
  createdFrom: time.optional().describe('ISO 8601, inclusive'),
  createdBefore: time.optional().describe('ISO 8601, exclusive'),
  limit: pageSize(fieldLimits.runsPerPage, fieldLimits.runsPerPageDefault),
  cursor: text(fieldLimits.cursor).optional().describe('From the page before'),
});

const after = digits().pipe(z.int().min(0)).optional().describe('The sequence number last seen');

export const historyQuery = z.strictObject({
  after,
  limit: pageSize(fieldLimits.eventsPerPage, fieldLimits.eventsPerPageDefault),
});

export const eventsQuery = z.strictObject({
  after,
  only: z.enum(['end']).optional().describe('`end`: no entries, only the event `end` when the run has ended'),
});

const lastEventId = digits().pipe(z.int().min(0)).describe('The `id` last received; it counts before `after`');

/** Keyed as documented; HTTP does not care about case. */
export const idempotencyHeaders = z.object({ 'Idempotency-Key': idempotencyKey.optional() });
export const lastEventHeaders = z.object({ 'Last-Event-ID': lastEventId.optional() });

export function pageSize(max: number, initial: number) {
  return digits().pipe(z.int().min(1).max(max)).optional().describe(`${initial} unless given`);
}

/** `z.coerce` would take an empty text for 0. */
export function digits() {
  return z
    .string()
    .regex(/^\d{1,15}$/, { error: 'expected a whole number' })
    .transform(Number);
}

// --- the wire is the service -------------------------------------------------------------------------------------------

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : { is: A; not: B };
export type OnWire<S extends z.ZodType, Expected> = Same<z.output<S>, Expected>;

true satisfies OnWire<typeof errorView, ErrorView>;
true satisfies OnWire<typeof runView, RunView>;
true satisfies OnWire<typeof runSummary, RunSummary>;
true satisfies OnWire<typeof runPage, RunPage>;
true satisfies OnWire<typeof taskView, TaskView>;
true satisfies OnWire<typeof historyEntry, HistoryEntry>;
true satisfies OnWire<typeof historyPage, HistoryPage>;
true satisfies OnWire<typeof redrivenView, Redriven>;
true satisfies OnWire<typeof exportedRun, ExportedRun>;
true satisfies OnWire<typeof acceptedView, Accepted>;
true satisfies OnWire<typeof healthView, HealthView>;
true satisfies OnWire<typeof problemView, Problem>;
true satisfies OnWire<typeof problemDetails, ProblemDetails>;
true satisfies OnWire<typeof startRunBody, Omit<StartRunRequest, 'key'>>;
true satisfies OnWire<typeof signalBody, Omit<SignalRequest, 'key'>>;
true satisfies OnWire<typeof commandBody, CommandRequest>;
true satisfies OnWire<typeof callbackBody, CallbackAnswer>;
true satisfies OnWire<typeof listRunsQuery, ListRunsQuery>;
