import type { CodeDefinitions, Definition, Definitions } from '../kernel/definition.ts';
import { Fault } from '../kernel/faults.ts';
import type { WorkflowView } from './api.ts';
import { iso } from './history.ts';
import { mainVersion } from './registry/pick-version.ts';
import type { Registry } from './registry/registry.ts';
import type { WorkflowState } from './registry/state.ts';

/** JSON Schemas of a definition, where it has any. */
export type Describe = (definition: Definition) => Promise<Pick<WorkflowView, 'input' | 'output'>>;

/** Throws `Fault` not_found that names what there is. */
export async function findWorkflow(definitions: Definitions, name: string, version?: number): Promise<Definition> {
  return (await definitions.find(name, version)) ?? (await throwUnknown(definitions, name, version));
}

/** Throws `Fault` not_found that names what there is. */
export async function throwUnknown(definitions: Definitions, name: string, version?: number): Promise<never> {
  const inCode = () => [...new Set(definitions.list().map((each) => each.name))];
  const known = (await definitions.names?.().catch(inCode)) ?? inCode();
  const all = known.length === 0 ? 'There are none.' : `There are: ${known.slice(0, 20).join(', ')}.`;
  const what = version === undefined ? `workflow '${name}'` : `version ${version} of workflow '${name}'`;
  throw new Fault('not_found', `There is no ${what}. ${all}`);
}

/** Definitions that are made at once. */
const together = 20;

export async function listWorkflows(
  definitions: Definitions,
  registry: Registry,
  describe: Describe,
): Promise<WorkflowView[]> {
  const views = new Map<string, WorkflowView>();
  for (const { name } of definitions.list()) {
    if (!views.has(name)) views.set(name, await viewOfCode(versionsInCode(definitions, name), describe));
  }
  const registered = (await registry.states()).filter(({ name }) => !views.has(name));
  for (let at = 0; at < registered.length; at += together) {
    const some = registered.slice(at, at + together);
    const made = await Promise.all(some.map(({ name, state }) => viewOfGraph(registry, name, state, describe)));
    for (const view of made) views.set(view.name, view);
  }
  return [...views.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/** The latest first. */
export function versionsInCode(definitions: Definitions, name: string): Definition[] {
  return definitions
    .list()
    .filter((each) => each.name === name)
    .sort((a, b) => b.version - a.version);
}

/** `versions`: at least one, the latest first. */
export async function viewOfCode(versions: Definition[], describe: Describe): Promise<WorkflowView> {
  const latest = versions[0] as Definition;
  const { name, version } = latest;
  const active = [{ version, weight: 100 }];
  return { name, kind: 'code', version, latest: version, active, ...(await describe(latest)) };
}

export async function viewOfGraph(
  registry: Registry,
  name: string,
  { active, latest }: WorkflowState,
  describe: Describe,
): Promise<WorkflowView> {
  const version = mainVersion(active) ?? latest.version;
  return {
    name,
    kind: 'graph',
    version,
    latest: latest.version,
    active,
    ...(latest.description !== undefined && { description: latest.description }),
    registeredAt: iso(latest.at),
    ...(latest.by !== undefined && { registeredBy: latest.by }),
    ...(await describeVersion(registry, name, version, describe)),
  };
}

/** Nothing, where the version cannot be used here: that is no reason not to show it. */
export async function describeVersion(
  registry: Registry,
  name: string,
  version: number,
  describe: Describe,
): Promise<Pick<WorkflowView, 'input' | 'output'>> {
  const definition = await registry.definition(name, version).catch(() => undefined);
  return definition === undefined ? {} : describe(definition);
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
