import type { Definitions } from '../kernel/definition.ts';
import type { ActivateWorkflowRequest, CommandRequest, RollbackWorkflowRequest } from './api.ts';
import { assertText } from './checks.ts';
import { assertNotCode } from './register-workflow.ts';
import { noSuchVersion, type Registry } from './registry/registry.ts';
import { type Actor, rolledBack, toActive, type WorkflowState, withActive, withoutActive } from './registry/state.ts';

/** Which versions new runs get. */

interface Changed {
  state: WorkflowState;
  changed: boolean;
}

const keyChars = 256;

export async function activateWorkflow(
  definitions: Definitions,
  registry: Registry,
  name: string,
  { versions, by }: ActivateWorkflowRequest,
): Promise<Changed> {
  assertNotCode(definitions, name);
  const active = toActive(versions);
  await registry.requireState(name);
  for (const { version } of active) {
    // Also says why it cannot be used here, before all new runs fail by it.
    if ((await registry.definition(name, version)) === undefined) throw noSuchVersion(name, version);
  }
  return registry.change(name, (state) => withActive(state, active, actor(registry, by)));
}

export async function rollbackWorkflow(
  definitions: Definitions,
  registry: Registry,
  name: string,
  { by, key }: RollbackWorkflowRequest,
): Promise<Changed> {
  assertNotCode(definitions, name);
  if (key !== undefined) assertText(key, 'The idempotency key', keyChars);
  return registry.change(name, (state) => rolledBack(state, name, actor(registry, by, key)));
}

export async function deactivateWorkflow(
  definitions: Definitions,
  registry: Registry,
  name: string,
  { by }: CommandRequest,
): Promise<Changed> {
  assertNotCode(definitions, name);
  return registry.change(name, (state) => withoutActive(state, actor(registry, by)));
}

function actor(registry: Registry, by: string | undefined, key?: string): Actor {
  return { at: registry.now(), ...(by !== undefined && { by }), ...(key !== undefined && { key }) };
}
