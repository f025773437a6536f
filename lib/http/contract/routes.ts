/** Every route, as data: the router, the OpenAPI document and the page for people are made from this one table. */
import type { ProblemCode } from './problem.ts';
import type { Answer, Route } from './route.ts';
import * as schemas from './schemas.ts';
import { workflowRoutes } from './workflow-routes.ts';

export type { Answer, Route } from './route.ts';

const accepted: Answer[] = [{ status: 202, description: 'It is durable', schema: schemas.acceptedView }];
const keyHeader = schemas.idempotencyHeaders;

const routes = {
  startRun: {
    method: 'POST',
    path: '/v1/runs',
    tag: 'Runs',
    load: 'start',
    summary: 'Start a run',
    description:
      'The run is durable when this answers. Sent again with the same key, workflow and input, it answers with the same run.',
    headers: keyHeader,
    body: { schema: schemas.startRunBody },
    answers: [
      { status: 201, description: 'A new run', schema: schemas.runView, headers: { Location: 'Where the run is' } },
      { status: 200, description: 'The run that this key started before', schema: schemas.runView },
    ],
    problems: ['not_found', 'conflict'],
  },
  listRuns: {
    method: 'GET',
    path: '/v1/runs',
    tag: 'Runs',
    summary: 'List runs, newest first',
    description: 'A status may lag behind for a moment; one run, asked for by its id, is exact.',
    query: schemas.listRunsQuery,
    answers: [{ status: 200, description: 'A page', schema: schemas.runPage }],
    problems: [],
  },
  getRun: {
    method: 'GET',
    path: '/v1/runs/{id}',
    tag: 'Runs',
    summary: 'Show a run',
    params: schemas.runParams,
    answers: [{ status: 200, description: 'The run as its journal says', schema: schemas.runView }],
    problems: ['not_found'],
  },
  deleteRun: {
    method: 'DELETE',
    path: '/v1/runs/{id}',
    tag: 'Runs',
    summary: 'Delete a run that has ended, with all its records',
    params: schemas.runParams,
    answers: [{ status: 204, description: 'It is gone' }],
    problems: ['not_found', 'conflict'],
  },
  listTasks: {
    method: 'GET',
    path: '/v1/runs/{id}/tasks',
    tag: 'Runs',
    summary: 'List the tasks of a run',
    params: schemas.runParams,
    answers: [{ status: 200, description: 'All of them', schema: schemas.taskList }],
    problems: ['not_found'],
  },
  getHistory: {
    method: 'GET',
    path: '/v1/runs/{id}/history',
    tag: 'Runs',
    summary: 'Read the journal of a run',
    params: schemas.runParams,
    query: schemas.historyQuery,
    answers: [{ status: 200, description: 'A page, in the journal’s order', schema: schemas.historyPage }],
    problems: ['not_found'],
  },
  exportRun: {
    method: 'GET',
    path: '/v1/runs/{id}/export',
    tag: 'Runs',
    summary: 'Export a run for `replay()` of pawl/testing',
    description: 'Holds the inputs and results of the run, and nothing that its callback tokens can be made from.',
    params: schemas.runParams,
    answers: [{ status: 200, description: 'The run in one piece', schema: schemas.exportedRun }],
    problems: ['not_found'],
  },
  watchRun: {
    method: 'GET',
    path: '/v1/runs/{id}/events',
    tag: 'Runs',
    summary: 'Follow the journal of a run, live',
    description:
      'Server-sent events. Each message is one entry of the history, its `id` the sequence number: a client that comes back with `Last-Event-ID` misses nothing. ' +
      'When the run has ended, an event `end` follows its last entry. An event `problem` carries problem details. A stream that closes without either is to be opened again after its `retry`: ' +
      'so a server that cannot stream answers with what there is, and waits a while where there is nothing.',
    params: schemas.runParams,
    query: schemas.eventsQuery,
    headers: schemas.lastEventHeaders,
    answers: [
      {
        status: 200,
        description: 'What is there, and what comes',
        schema: schemas.historyEntry,
        mediaType: 'text/event-stream',
      },
    ],
    problems: ['not_found'],
  },
  signalRun: {
    method: 'POST',
    path: '/v1/runs/{id}/signals/{name}',
    rest: true,
    tag: 'Runs',
    load: 'tell',
    summary: 'Send a signal to a run',
    description: 'It may come before the run waits for it: signals are kept, in order.',
    params: schemas.signalParams,
    headers: keyHeader,
    body: { schema: schemas.signalBody, optional: true },
    answers: accepted,
    problems: ['not_found', 'settled', 'conflict'],
  },
  sendSignal: {
    method: 'POST',
    path: '/v1/runs/{id}/signals',
    tag: 'Runs',
    load: 'tell',
    summary: 'Send a signal to a run, its name in the body',
    description: 'For names with other characters than `A-Za-z0-9-._~`, which gateways change in a path.',
    params: schemas.runParams,
    headers: keyHeader,
    body: { schema: schemas.namedSignalBody },
    answers: accepted,
    problems: ['not_found', 'settled', 'conflict'],
  },
  pauseRun: {
    method: 'POST',
    path: '/v1/runs/{id}/pause',
    tag: 'Runs',
    load: 'tell',
    summary: 'Pause a run',
    description: 'Steps that are running end first; no other begins.',
    params: schemas.runParams,
    body: { schema: schemas.commandBody, optional: true },
    answers: accepted,
    problems: ['not_found', 'settled'],
  },
  resumeRun: {
    method: 'POST',
    path: '/v1/runs/{id}/resume',
    tag: 'Runs',
    load: 'tell',
    summary: 'Let a paused run go on',
    params: schemas.runParams,
    body: { schema: schemas.commandBody, optional: true },
    answers: accepted,
    problems: ['not_found', 'settled'],
  },
  cancelRun: {
    method: 'POST',
    path: '/v1/runs/{id}/cancel',
    tag: 'Runs',
    load: 'tell',
    summary: 'Cancel a run',
    description: 'The workflow is told, and what it has done is compensated, before the run ends.',
    params: schemas.runParams,
    body: { schema: schemas.cancelBody, optional: true },
    answers: accepted,
    problems: ['not_found', 'settled'],
  },
  answerCallback: {
    method: 'POST',
    path: '/v1/callbacks/{token}',
    tag: 'Callbacks',
    load: 'tell',
    summary: 'Answer a callback that a run waits for',
    description: 'For outside systems: the token in the path is the credential. Only the first answer counts.',
    token: 'none',
    params: schemas.callbackParams,
    body: { schema: schemas.callbackBody, optional: true },
    answers: accepted,
    problems: ['not_found', 'settled'],
  },
  ...workflowRoutes,
  health: {
    method: 'GET',
    path: '/health',
    tag: 'Server',
    load: 'always',
    summary: 'Say whether the server works',
    description: 'For load balancers too: without the token it says the status alone.',
    token: 'optional',
    answers: [
      { status: 200, description: 'It works', schema: schemas.healthAnswer },
      { status: 503, description: 'It is unhealthy', schema: schemas.healthAnswer },
    ],
    problems: [],
  },
  redriveDeadLetters: {
    method: 'POST',
    path: '/v1/dead-letters/redrive',
    tag: 'Server',
    summary: 'Send all dead letters once more',
    description: 'Messages that could not be handled, several times over; `/health` says how many there are.',
    answers: [{ status: 200, description: 'They are on their way', schema: schemas.redrivenView }],
    problems: ['unavailable'],
  },
  metrics: {
    method: 'GET',
    path: '/metrics',
    tag: 'Server',
    load: 'always',
    summary: 'Metrics for Prometheus',
    answers: [{ status: 200, description: 'Text format 0.0.4', mediaType: 'text/plain' }],
    problems: [],
  },
  openapi: {
    method: 'GET',
    path: '/openapi.json',
    tag: 'Server',
    summary: 'This API as an OpenAPI 3.1 document',
    token: 'none',
    answers: [{ status: 200, description: 'The document' }],
    problems: [],
  },
  docs: {
    method: 'GET',
    path: '/docs',
    tag: 'Server',
    summary: 'This API as a page for people',
    token: 'none',
    answers: [{ status: 200, description: 'The page', mediaType: 'text/html' }],
    problems: [],
  },
} as const satisfies Record<string, Route>;

export type Routes = typeof routes;
export type Operation = keyof Routes;

/** The table as it is read by code that does not care which route it is. */
export const routeEntries = Object.entries(routes) as [Operation, Route][];

/** What any route may answer, given what it takes. */
export function problemsOf(route: Route): ProblemCode[] {
  const takesInput = route.params ?? route.query ?? route.headers ?? route.body ?? route.document;
  return [
    ...(takesInput ? (['invalid_input'] as const) : []),
    ...((route.token ?? 'required') === 'required' ? (['unauthorized'] as const) : []),
    'forbidden',
    ...route.problems,
    ...(route.body || route.document ? (['too_large', 'unsupported_media_type'] as const) : []),
    ...(route.tag === 'Server' ? [] : (['overloaded', 'storage_full', 'unavailable', 'refused'] as const)),
    'internal',
  ];
}
