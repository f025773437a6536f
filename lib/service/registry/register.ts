/**
 * Making a definition a version. What decides is the write of `version#<n>` where none is: of two who register at once one
 * gets the number. The state follows; where it did not, because the process died, whoever comes next brings it up to date.
 */
import { Fault } from '../../kernel/faults.ts';
import type { Ids } from '../../ports/ids.ts';
import { canonical } from './canonical.ts';
import type { ReadWorkflow, WorkflowSource } from './language.ts';
import { registryLimits } from './limits.ts';
import { type RegistryRecords, type StoredVersion, versionFormat } from './records.ts';
import { type LatestVersion, type WorkflowState, withActive, withVersion } from './state.ts';

export interface Registration {
  read: ReadWorkflow;
  source: WorkflowSource;
  at: number;
  by: string | undefined;
  /** All new runs are to get it. The first version is active in any case. */
  activate: boolean;
}

export interface Registered {
  version: number;
  /** False: this content has been that version before. */
  created: boolean;
  state: WorkflowState;
  /** Whether anything is other than before. */
  changed: boolean;
}

export interface Place {
  version: number;
  isThere: boolean;
  digest: string;
}

/** The number that the content has or would get. Throws `Fault` conflict or too_large. */
export async function findPlace(
  { records, ids }: { records: RegistryRecords; ids: Ids },
  { name, version: asked, content }: ReadWorkflow,
): Promise<Place> {
  const digest = ids.digest(canonical(content));
  const known = await records.versions(name, registryLimits.versions);
  const next = (known[0]?.version ?? 0) + 1;
  const same = known.find(({ version, stored }) => stored.digest === digest && (asked ?? version) === version);
  if (same !== undefined) return { version: same.version, isThere: true, digest };
  if (asked !== undefined && asked !== next) throw wrongVersion(name, asked, next);
  if (next > registryLimits.versions) {
    throw new Fault(
      'too_large',
      `Workflow ${name} has ${registryLimits.versions} versions, as many as one may have (limit versions)`,
    );
  }
  return { version: next, isThere: false, digest };
}

export async function register(
  ports: { records: RegistryRecords; ids: Ids },
  { read, source, at, by, activate }: Registration,
): Promise<Registered> {
  const { records } = ports;
  const { name, description } = read;
  for (;;) {
    const { version, isThere, digest } = await findPlace(ports, read);
    if (!isThere) {
      const stored: StoredVersion = {
        format: versionFormat,
        digest,
        at,
        ...(by !== undefined && { by }),
        ...(description !== undefined && { description }),
        language: source.format,
        source: await records.putSource(name, source.text),
      };
      // Somebody else has got the number meanwhile, perhaps for the same content: look again.
      if (!(await records.putVersion(name, version, stored))) continue;
    }
    const noted = await noteVersions(records, name, version, activate && !isThere);
    if (!activate) return { version, created: !isThere, ...noted };
    // Somebody else may have noted it.
    const activated = await records.change(name, (state) =>
      withActive(state as WorkflowState, [{ version, weight: 100 }], { at, ...(by !== undefined && { by }) }),
    );
    const state = activated.state as WorkflowState;
    return { version, created: !isThere, state, changed: noted.changed || activated.changed };
  }
}

/** Brings the state up to a version that is there. Only that one may become active by it, and the first. */
async function noteVersions(
  records: RegistryRecords,
  name: string,
  upTo: number,
  activate: boolean,
): Promise<{ state: WorkflowState; changed: boolean }> {
  let changedAny = false;
  for (;;) {
    const found = await records.state(name);
    const next = (found?.value.latest.version ?? 0) + 1;
    if (found !== undefined && next > upTo) return { state: found.value, changed: changedAny };
    const stored = await records.version(name, next);
    if (stored === undefined) throw new Fault('corrupt', `Version ${next} of workflow ${name} is missing`);
    const { changed } = await records.change(name, (state) => {
      if ((state?.latest.version ?? 0) + 1 !== next) return undefined;
      return withVersion(state, latestOf(next, stored), { activate: activate && next === upTo });
    });
    changedAny ||= changed;
  }
}

function latestOf(version: number, { at, by, description }: StoredVersion): LatestVersion {
  return {
    version,
    at,
    ...(by !== undefined && { by }),
    ...(description !== undefined && { description }),
  };
}

function wrongVersion(name: string, asked: number, next: number): Fault {
  const why =
    asked < next
      ? `version ${asked} of ${name} is there, with another content`
      : `there is no version ${asked - 1} of ${name} before it`;
  return new Fault(
    'conflict',
    `The definition says version ${asked}, but ${why}. Its next version is ${next}: write that, or leave "version" out`,
    { problems: [{ path: 'version', message: `expected ${next}, or nothing` }] },
  );
}
