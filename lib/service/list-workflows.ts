import type { CodeDefinitions, Definition, Definitions } from '../kernel/definition.ts';
import { Fault } from '../kernel/faults.ts';
import type { WorkflowView } from './api.ts';

/** Throws `Fault` not_found that names what there is. */
export async function findWorkflow(definitions: Definitions, name: string, version?: number): Promise<Definition> {
  const definition = await definitions.find(name, version);
  if (definition) return definition;
  const known = [...new Set(definitions.list().map((each) => each.name))];
  const all = known.length === 0 ? 'There are none.' : `There are: ${known.slice(0, 20).join(', ')}.`;
  const what = version === undefined ? `workflow '${name}'` : `version ${version} of workflow '${name}'`;
  throw new Fault('not_found', `There is no ${what}. ${all}`);
}

export function listWorkflows(
  definitions: Definitions,
  describe: (definition: Definition) => Partial<WorkflowView>,
): WorkflowView[] {
  return definitions
    .list()
    .map((definition) => ({ name: definition.name, version: definition.version, ...describe(definition) }))
    .sort((a, b) => a.name.localeCompare(b.name) || a.version - b.version);
}

/** Definitions by name and version. Throws `Fault` conflict where two are the same. */
export function createDefinitions(all: Definition[]): CodeDefinitions {
  const byName = new Map<string, Definition[]>();
  for (const definition of all) {
    const versions = byName.get(definition.name) ?? [];
    const twin = versions.find(({ version }) => version === definition.version);
    if (twin && twin !== definition) {
      throw new Fault('conflict', `Two workflows are named ${definition.name} and have version ${definition.version}`);
    }
    if (!twin) versions.push(definition);
    byName.set(
      definition.name,
      versions.sort((a, b) => b.version - a.version),
    );
  }
  return {
    find: (name, version) => byName.get(name)?.find((each) => version === undefined || each.version === version),
    list: () => [...byName.values()].flat(),
  };
}
