import type { Ports } from '../kernel/ports.ts';
import { activateWorkflow, deactivateWorkflow, rollbackWorkflow } from './activate-workflow.ts';
import type { PawlApi, WorkflowView } from './api.ts';
import { deleteRun } from './delete-run.ts';
import { exportRun } from './export-run.ts';
import { checkHealth } from './health.ts';
import { getHistory } from './history.ts';
import { listTasks } from './list-tasks.ts';
import { type Describe, listWorkflows, viewOfGraph } from './list-workflows.ts';
import { redriveDeadLetters } from './redrive.ts';
import { registerWorkflow } from './register-workflow.ts';
import type { Registry } from './registry/registry.ts';
import type { WorkflowState } from './registry/state.ts';
import { getRun, listRuns, showNewRun } from './show-run.ts';
import { diffWorkflow, getWorkflow, getWorkflowHistory, getWorkflowVersion } from './show-workflow.ts';
import { startRun } from './start-run.ts';
import { wakeBlocked } from './sweep.ts';
import { answerCallback, cancelRun, createIssuer, pauseRun, resumeRun, signalRun } from './tell-run.ts';
import { watchForEnd, watchRun } from './watch-run.ts';

export interface ServiceOptions {
  /** Of this Pawl. */
  version: string;
  /** Live workers, this process included. */
  countWorkers(): Promise<number>;
  /** Workflows that are data. */
  registry: Registry;
  describe: Describe;
}

/** The use cases, over one set of ports. */
export function createService(ports: Ports, options: ServiceOptions): PawlApi {
  const { definitions } = ports;
  const { registry, describe } = options;
  const issue = createIssuer(ports.clock);

  /** What was asked for has happened; a run that is not woken now is tried again by itself. */
  async function wake(workflow: string): Promise<void> {
    await wakeBlocked(ports, 'deployment', workflow).catch((error: unknown) => {
      const message = `The blocked runs of ${workflow} were not told of the change; they are tried again later`;
      ports.observer?.troubled?.({ run: '', message, error });
    });
  }

  async function changed(
    name: string,
    work: Promise<{ state: WorkflowState; changed: boolean }>,
  ): Promise<WorkflowView> {
    const { state, changed: isOther } = await work;
    if (isOther) await wake(name);
    return viewOfGraph(registry, name, state, describe);
  }

  return {
    async startRun(request) {
      const { head, created } = await startRun(ports, request);
      // As old as its creation, unless the store did not answer at first and the run has gone on meanwhile.
      const isNew = created && head.state.status === 'pending';
      return { run: isNew ? await showNewRun(ports, head) : await getRun(ports, head.birth.id), created };
    },
    getRun: (id) => getRun(ports, id),
    listRuns: (query = {}) => listRuns(ports, query),
    listTasks: (id) => listTasks(ports, id),
    getHistory: (id, query = {}) => getHistory(ports, id, query),
    exportRun: (id) => exportRun(ports, id),
    watchRun: (id, request = {}) =>
      request.only === 'end' ? watchForEnd(ports, id, request.signal) : watchRun(ports, id, request),
    signalRun: (id, name, request = {}) => signalRun(ports, id, name, request),
    pauseRun: (id, request = {}) => pauseRun(ports, id, request, issue()),
    resumeRun: (id, request = {}) => resumeRun(ports, id, request, issue()),
    cancelRun: (id, request = {}) => cancelRun(ports, id, request),
    answerCallback: (token, answer) => answerCallback(ports, token, answer),
    deleteRun: (id) => deleteRun(ports, id),
    listWorkflows: () => listWorkflows(definitions, registry, describe),
    getWorkflow: (name) => getWorkflow(definitions, registry, name, describe),
    getWorkflowVersion: (name, version) => getWorkflowVersion(definitions, registry, name, version, describe),
    async registerWorkflow(request) {
      const { registered, changed: isOther } = await registerWorkflow(definitions, registry, request);
      if (isOther) await wake(registered.name);
      return registered;
    },
    activateWorkflow: (name, request) => changed(name, activateWorkflow(definitions, registry, name, request)),
    rollbackWorkflow: (name, request = {}) => changed(name, rollbackWorkflow(definitions, registry, name, request)),
    deactivateWorkflow: (name, request = {}) => changed(name, deactivateWorkflow(definitions, registry, name, request)),
    getWorkflowHistory: (name, query = {}) => getWorkflowHistory(definitions, registry, name, query),
    diffWorkflow: (name, query = {}) => diffWorkflow(definitions, registry, name, query),
    health: async () => checkHealth(ports, await options.countWorkers(), options.version),
    redriveDeadLetters: () => redriveDeadLetters(ports),
  };
}
