import { Fault } from '../../lib/kernel/faults.ts';
import type { PawlApi, WorkflowView } from '../../lib/service/api.ts';

type WorkflowVerb =
  | 'listWorkflows'
  | 'getWorkflow'
  | 'getWorkflowVersion'
  | 'registerWorkflow'
  | 'activateWorkflow'
  | 'rollbackWorkflow'
  | 'deactivateWorkflow'
  | 'getWorkflowHistory'
  | 'diffWorkflow';

const at = '2026-01-02T03:04:05.678Z';
const active = [{ version: 1, weight: 100 }];

const order: WorkflowView = {
  name: 'order',
  kind: 'code',
  version: 1,
  latest: 1,
  active,
  input: { type: 'object' },
};
const invoice: WorkflowView = {
  name: 'invoice',
  kind: 'graph',
  version: 1,
  latest: 2,
  active,
  description: 'Bills an order',
  registeredAt: at,
  registeredBy: 'Ada',
};

/** Two workflows that never change, and a name that every verb calls unknown. `called` hears of each call. */
export function fakeWorkflows(called: (method: string, ...args: unknown[]) => void): Pick<PawlApi, WorkflowVerb> {
  const find = (name: string): WorkflowView => {
    const found = [order, invoice].find((each) => each.name === name);
    if (found === undefined) throw new Fault('not_found', `There is no workflow '${name}'`);
    return found;
  };
  return {
    async listWorkflows() {
      called('listWorkflows');
      return [invoice, order];
    },
    async getWorkflow(name) {
      called('getWorkflow', name);
      return { ...find(name), versions: [{ version: 2, registeredAt: at, registeredBy: 'Ada' }, { version: 1 }] };
    },
    async getWorkflowVersion(name, version) {
      called('getWorkflowVersion', name, version);
      const { kind } = find(name);
      if (kind === 'code') return { name, kind, version };
      const source = { text: 'name: invoice\n', format: 'yaml' as const };
      return { name, kind, version, registeredAt: at, source, definition: { name } };
    },
    async registerWorkflow(request) {
      called('registerWorkflow', request);
      if (request.source.includes('broken')) {
        const problem = { path: 'tasks', message: '"tasks" is missing', line: 1, column: 3, hint: 'it is a list' };
        throw new Fault('invalid_input', 'The workflow has a problem', { problems: [problem] });
      }
      const created = request.dryRun !== true && !request.source.includes('known');
      return { name: 'invoice', version: 2, created, active };
    },
    async activateWorkflow(name, request) {
      called('activateWorkflow', name, request);
      return { ...find(name), active: request.versions.map(({ version, weight = 100 }) => ({ version, weight })) };
    },
    async rollbackWorkflow(name, request = {}) {
      called('rollbackWorkflow', name, request);
      return find(name);
    },
    async deactivateWorkflow(name, request = {}) {
      called('deactivateWorkflow', name, request);
      return { ...find(name), active: [] };
    },
    async getWorkflowHistory(name, query = {}) {
      called('getWorkflowHistory', name, query);
      find(name);
      return { items: [{ number: 2, at, type: 'registered', version: 2, active, by: 'Ada' }], next: 2 };
    },
    async diffWorkflow(name, query = {}) {
      called('diffWorkflow', name, query);
      find(name);
      const tasks = { added: ['pay'], removed: [], changed: [] };
      return { name, from: 1, to: 2, tasks, hunks: [{ from: 1, to: 1, lines: [' a', '-b', '+c'] }] };
    },
  };
}
