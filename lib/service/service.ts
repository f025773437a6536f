import type { Definition } from '../kernel/definition.ts';
import type { Ports } from '../kernel/ports.ts';
import type { PawlApi, WorkflowView } from './api.ts';
import { deleteRun } from './delete-run.ts';
import { exportRun } from './export-run.ts';
import { checkHealth } from './health.ts';
import { getHistory } from './history.ts';
import { listTasks } from './list-tasks.ts';
import { listWorkflows } from './list-workflows.ts';
import { redriveDeadLetters } from './redrive.ts';
import { getRun, listRuns } from './show-run.ts';
import { startRun } from './start-run.ts';
import { answerCallback, cancelRun, createIssuer, pauseRun, resumeRun, signalRun } from './tell-run.ts';
import { watchRun } from './watch-run.ts';

export interface ServiceOptions {
  /** Of this Pawl. */
  version: string;
  /** Live workers, this process included. */
  countWorkers(): Promise<number>;
  /** What a list of workflows shows beyond name and version. */
  describe(definition: Definition): Partial<WorkflowView>;
}

/** The use cases, over one set of ports. */
export function createService(ports: Ports, options: ServiceOptions): PawlApi {
  const issue = createIssuer(ports.clock);
  return {
    async startRun(request) {
      const { head, created } = await startRun(ports, request);
      return { run: await getRun(ports, head.birth.id), created };
    },
    getRun: (id) => getRun(ports, id),
    listRuns: (query = {}) => listRuns(ports, query),
    listTasks: (id) => listTasks(ports, id),
    getHistory: (id, query = {}) => getHistory(ports, id, query),
    exportRun: (id) => exportRun(ports, id),
    watchRun: (id, request = {}) => watchRun(ports, id, request),
    signalRun: (id, name, request = {}) => signalRun(ports, id, name, request),
    pauseRun: (id, request = {}) => pauseRun(ports, id, request, issue()),
    resumeRun: (id, request = {}) => resumeRun(ports, id, request, issue()),
    cancelRun: (id, request = {}) => cancelRun(ports, id, request),
    answerCallback: (token, answer) => answerCallback(ports, token, answer),
    deleteRun: (id) => deleteRun(ports, id),
    listWorkflows: async () => listWorkflows(ports.definitions, options.describe),
    health: async () => checkHealth(ports, await options.countWorkers(), options.version),
    redriveDeadLetters: () => redriveDeadLetters(ports),
  };
}
