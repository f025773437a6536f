/**
 * The registry: workflows that are data, in versions that never change, and which of them new runs get. Owns what a process
 * remembers of it: versions for good, within bounds; what is active for `activeKeptMs`, or until it changes that itself.
 */
import type { Definition } from '../../kernel/definition.ts';
import { Fault } from '../../kernel/faults.ts';
import type { Clock } from '../../ports/clock.ts';
import { createBoundedCache } from './bounded-cache.ts';
import type { WorkflowLanguage, WorkflowSource } from './language.ts';
import { registryLimits } from './limits.ts';
import { createRegistryRecords, type RecordPorts, type RegistryRecords } from './records.ts';
import { findPlace, type Registered, type Registration, register } from './register.ts';
import type { WorkflowState } from './state.ts';

export interface RegistryPorts extends RecordPorts {
  clock: Pick<Clock, 'now'>;
  language: WorkflowLanguage;
}

export interface Registry {
  readonly records: RegistryRecords;
  readonly language: WorkflowLanguage;
  readonly now: () => number;
  register(registration: Registration): Promise<Registered>;
  /** Which version it would be, and whether it is there. */
  place(read: Registration['read']): Promise<{ version: number; isThere: boolean }>;
  /** As it is. Throws `Fault` not_found. */
  requireState(name: string): Promise<WorkflowState>;
  /** Replaces the state. Throws `Fault` not_found, and whatever `decide` throws. */
  change(
    name: string,
    decide: (state: WorkflowState) => WorkflowState | undefined,
  ): Promise<{ state: WorkflowState; changed: boolean }>;
  /** As it is, or was a moment ago. `undefined`: there is no such workflow. */
  recentState(name: string): Promise<WorkflowState | undefined>;
  /** `undefined`: there is no such version. Throws a `Fault` if it cannot be used here. */
  definition(name: string, version: number): Promise<Definition | undefined>;
  /** Throws `Fault` not_found. */
  source(name: string, version: number): Promise<WorkflowSource>;
  /** What was made of versions is made anew: it may be offered other handlers now. */
  forgetDefinitions(): void;
  names(): Promise<string[]>;
  states(): Promise<{ name: string; state: WorkflowState }[]>;
}

const pageSize = 200;

export function createRegistry(ports: RegistryPorts): Registry {
  const { clock, ids, language } = ports;
  const records = createRegistryRecords(ports);
  const recent = createBoundedCache<{ state: WorkflowState; readAt: number }>({ entries: registryLimits.keptStates });
  const ready = createBoundedCache<Definition>({
    entries: registryLimits.keptVersions,
    size: registryLimits.keptChars,
  });
  const loading = new Map<string, Promise<Definition | undefined>>();

  function remember(name: string, state: WorkflowState): void {
    recent.set(name, { state, readAt: clock.now() });
  }

  async function load(name: string, version: number): Promise<Definition | undefined> {
    const stored = await records.version(name, version);
    if (stored === undefined) return undefined;
    const source = await records.source(name, stored);
    const definition = await language.build(source, version);
    ready.set(`${name}@${version}`, definition, source.text.length);
    return definition;
  }

  async function states(): Promise<{ name: string; state: WorkflowState }[]> {
    const found: { name: string; state: WorkflowState }[] = [];
    let cursor: string | undefined;
    do {
      const page = await records.states({ limit: pageSize, ...(cursor !== undefined && { cursor }) });
      found.push(...page.items);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return found;
  }

  return {
    records,
    language,
    now: () => clock.now(),
    states,

    async register(registration) {
      const registered = await register({ records, ids }, registration);
      remember(registration.read.name, registered.state);
      return registered;
    },

    place: (read) => findPlace({ records, ids }, read),

    async requireState(name) {
      const found = await records.state(name);
      if (found === undefined) throw noSuchWorkflow(name);
      return found.value;
    },

    async change(name, decide) {
      const { state, changed } = await records.change(name, (found) => {
        if (found === undefined) throw noSuchWorkflow(name);
        return decide(found);
      });
      remember(name, state as WorkflowState);
      return { state: state as WorkflowState, changed };
    },

    async recentState(name) {
      const known = recent.get(name);
      if (known !== undefined && clock.now() - known.readAt < registryLimits.activeKeptMs) return known.state;
      const found = await records.state(name);
      if (found === undefined) return undefined;
      remember(name, found.value);
      return found.value;
    },

    async definition(name, version) {
      const key = `${name}@${version}`;
      const known = ready.get(key);
      if (known !== undefined) return known;
      const running = loading.get(key) ?? load(name, version).finally(() => loading.delete(key));
      loading.set(key, running);
      return running;
    },

    async source(name, version) {
      const stored = await records.version(name, version);
      if (stored === undefined) throw noSuchVersion(name, version);
      return records.source(name, stored);
    },

    forgetDefinitions() {
      ready.clear();
      loading.clear();
    },

    names: async () => (await states()).map(({ name }) => name),
  };
}

function noSuchWorkflow(name: string): Fault {
  return new Fault('not_found', `There is no registered workflow '${name}'`);
}

export function noSuchVersion(name: string, version: number): Fault {
  return new Fault('not_found', `There is no version ${version} of workflow '${name}'`);
}
