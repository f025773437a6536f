import type { Definitions } from '../kernel/definition.ts';
import { Fault } from '../kernel/faults.ts';
import type { RegisteredWorkflow, RegisterWorkflowRequest } from './api.ts';
import type { Registry } from './registry/registry.ts';

/** `changed`: runs that were blocked for want of it may go on. */
export async function registerWorkflow(
  definitions: Definitions,
  registry: Registry,
  request: RegisterWorkflowRequest,
): Promise<{ registered: RegisteredWorkflow; changed: boolean }> {
  const { source: text, format = 'yaml', activate = false, dryRun = false, by } = request;
  const source = { text, format };
  const read = await registry.language.read(source);
  const { name } = read;
  assertNotCode(definitions, name);
  if (dryRun) {
    const { version } = await registry.place(read);
    const active = (await registry.recentState(name))?.active ?? [];
    return { registered: { name, version, created: false, active }, changed: false };
  }
  const { version, created, state, changed } = await registry.register({
    read,
    source,
    at: registry.now(),
    by,
    activate,
  });
  return { registered: { name, version, created, active: state.active }, changed: created || changed };
}

/** Throws `Fault` conflict. */
export function assertNotCode(definitions: Definitions, name: string): void {
  if (!definitions.list().some((each) => each.name === name)) return;
  throw new Fault(
    'conflict',
    `Workflow ${name} is code here: deploy another version of it, or give this one another name`,
  );
}
