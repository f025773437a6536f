/** The routes of workflows, those in code and those that are registered as data. */
import type { Route } from './route.ts';
import * as shared from './schemas.ts';
import * as schemas from './workflow-schemas.ts';

const changed = [{ status: 200, description: 'The workflow as it is now', schema: schemas.workflowView }] as const;

export const workflowRoutes = {
  listWorkflows: {
    method: 'GET',
    path: '/v1/workflows',
    tag: 'Workflows',
    summary: 'List the workflows, in code and registered',
    answers: [{ status: 200, description: 'All of them, by name', schema: schemas.workflowList }],
    problems: [],
  },
  registerWorkflow: {
    method: 'POST',
    path: '/v1/workflows',
    tag: 'Workflows',
    summary: 'Register a workflow that is a graph, as the next version of its name',
    description:
      'The body is the graph, as `application/yaml` or `application/json`. The same content is the same version again. The first version becomes active; a later one when it is activated. ' +
      'What is wrong with it is answered all at once, each problem with its line and column.',
    query: schemas.registerQuery,
    document: true,
    answers: [
      {
        status: 201,
        description: 'A new version',
        schema: schemas.registeredView,
        headers: { Location: 'Where the version is' },
      },
      { status: 200, description: 'It was that version before, or was only checked', schema: schemas.registeredView },
    ],
    problems: ['conflict'],
  },
  getWorkflow: {
    method: 'GET',
    path: '/v1/workflows/{name}',
    tag: 'Workflows',
    summary: 'Show a workflow and its versions',
    params: schemas.workflowParams,
    answers: [{ status: 200, description: 'The workflow', schema: schemas.workflowDetail }],
    problems: ['not_found'],
  },
  getWorkflowVersion: {
    method: 'GET',
    path: '/v1/workflows/{name}/versions/{version}',
    tag: 'Workflows',
    summary: 'Show one version of a workflow',
    description: 'A registered one comes with its text as it was given, and as plain data.',
    params: schemas.versionParams,
    answers: [{ status: 200, description: 'The version', schema: schemas.workflowVersionView }],
    problems: ['not_found'],
  },
  diffWorkflow: {
    method: 'GET',
    path: '/v1/workflows/{name}/diff',
    tag: 'Workflows',
    summary: 'Compare two versions of a registered workflow',
    params: schemas.workflowParams,
    query: schemas.diffQuery,
    answers: [{ status: 200, description: 'What differs, by tasks and by lines', schema: schemas.workflowDiff }],
    problems: ['not_found', 'conflict'],
  },
  getWorkflowHistory: {
    method: 'GET',
    path: '/v1/workflows/{name}/history',
    tag: 'Workflows',
    summary: 'Read what was changed about a registered workflow',
    params: schemas.workflowParams,
    query: schemas.workflowHistoryQuery,
    answers: [{ status: 200, description: 'A page, the latest change first', schema: schemas.workflowHistoryPage }],
    problems: ['not_found', 'conflict'],
  },
  activateWorkflow: {
    method: 'POST',
    path: '/v1/workflows/{name}/activate',
    tag: 'Workflows',
    summary: 'Choose the versions that new runs get',
    description:
      'One version, or several that share the new runs by their weights. The id of a run decides, so that the same idempotency key gets the same version. Open runs keep theirs.',
    params: schemas.workflowParams,
    body: { schema: schemas.activateBody },
    answers: [...changed],
    problems: ['not_found', 'conflict'],
  },
  rollbackWorkflow: {
    method: 'POST',
    path: '/v1/workflows/{name}/rollback',
    tag: 'Workflows',
    summary: 'Have new runs get again what they got before',
    params: schemas.workflowParams,
    headers: shared.idempotencyHeaders,
    body: { schema: shared.commandBody, optional: true },
    answers: [...changed],
    problems: ['not_found', 'conflict'],
  },
  deactivateWorkflow: {
    method: 'POST',
    path: '/v1/workflows/{name}/deactivate',
    tag: 'Workflows',
    summary: 'Take no new runs of a workflow; open ones go on',
    params: schemas.workflowParams,
    body: { schema: shared.commandBody, optional: true },
    answers: [...changed],
    problems: ['not_found', 'conflict'],
  },
} as const satisfies Record<string, Route>;
