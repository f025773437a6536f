import { Fault } from '../kernel/faults.ts';
import type { Workflow } from '../workflow/workflow.ts';

/**
 * All workflows among a module's exports, also in arrays; one that is exported twice counts once. Throws `Fault`
 * invalid_input where two are the same.
 */
export function collectWorkflows(module: Record<string, unknown>): Workflow[] {
  const found = new Set(Object.values(module).flat().filter(isWorkflow));
  const byVersion = new Map<string, Workflow>();
  for (const workflow of found) {
    const version = `${workflow.name} version ${workflow.version}`;
    if (byVersion.has(version)) {
      throw new Fault(
        'invalid_input',
        `There are two workflows ${version}: give one of them another name, or another version if it is to take the place of the other`,
      );
    }
    byVersion.set(version, workflow);
  }
  return [...found];
}

/** By its shape, since a module may have been built with another copy of Pawl. */
function isWorkflow(value: unknown): value is Workflow {
  const { name, version, run, parseInput } = (value ?? {}) as Partial<Workflow>;
  const isNamed = typeof name === 'string' && typeof version === 'number';
  return isNamed && typeof run === 'function' && typeof parseInput === 'function';
}
