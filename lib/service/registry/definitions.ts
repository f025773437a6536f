import type { CodeDefinitions, Definitions } from '../../kernel/definition.ts';
import { Fault } from '../../kernel/faults.ts';
import { mainVersion, pickVersion } from './pick-version.ts';
import type { Registry } from './registry.ts';
import type { WorkflowState } from './state.ts';

/** What runs can begin and go on with: what is code first, then what is registered. `code`: as it is now. */
export function createRegistryDefinitions({
  code,
  registry,
}: {
  code: () => CodeDefinitions;
  registry: Registry;
}): Required<Definitions> {
  async function findRegistered(name: string, version: number | undefined, newRun: string | undefined) {
    if (version !== undefined && newRun === undefined) return registry.definition(name, version);
    const state = await registry.recentState(name);
    if (state === undefined) return undefined;
    return registry.definition(
      name,
      version === undefined ? versionFor(name, state, newRun) : acceptable(name, state, version),
    );
  }

  return {
    find(name, version, newRun) {
      const found = code().find(name, version);
      // A name of code is code's alone where it is not said which version; runs of older, registered ones still go on.
      if (found !== undefined || (version === undefined && code().find(name) !== undefined)) return found;
      return findRegistered(name, version, newRun);
    },
    list: () => code().list(),
    names: async () => [
      ...new Set([
        ...code()
          .list()
          .map(({ name }) => name),
        ...(await registry.names()),
      ]),
    ],
  };
}

function versionFor(name: string, { active, latest }: WorkflowState, newRun: string | undefined): number {
  if (newRun === undefined) return mainVersion(active) ?? latest.version;
  const version = pickVersion(active, newRun);
  if (version === undefined) throw deactivated(name);
  return version;
}

function acceptable(name: string, { active }: WorkflowState, version: number): number {
  if (active.length === 0) throw deactivated(name);
  return version;
}

function deactivated(name: string): Fault {
  return new Fault('conflict', `Workflow ${name} is deactivated: it takes no new runs until a version is activated`);
}
