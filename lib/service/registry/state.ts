/**
 * Which versions of a workflow are active, and how that changes. Pure: from a state and a wish to the next state.
 *
 * Invariants: `active` is in the order of versions and its weights sum up to 100, or it is empty, which means that the
 * workflow is deactivated; `before` holds no empty choice; each change makes a new state, and stands in it.
 */
import { Fault, type Problem } from '../../kernel/faults.ts';
import { registryLimits } from './limits.ts';
import type { ActiveVersion } from './pick-version.ts';

export interface WorkflowState {
  format: typeof stateFormat;
  latest: LatestVersion;
  active: ActiveVersion[];
  /** What was active before, the last one last. */
  before: ActiveVersion[][];
  /** What made this state of the one before. */
  change: Change;
}

export const stateFormat = 1;

export interface LatestVersion {
  version: number;
  /** When it was registered, in ms. */
  at: number;
  by?: string;
  description?: string;
}

type ChangeType = 'registered' | 'activated' | 'rolled_back' | 'deactivated';

export interface Change {
  type: ChangeType;
  /** In ms. */
  at: number;
  by?: string;
  /** Of the request: a repetition changes nothing. */
  key?: string;
  /** The one that was registered. */
  version?: number;
  /** After the change. */
  active: ActiveVersion[];
}

/** Who wants a change, and when. */
export type Actor = Pick<Change, 'at' | 'by' | 'key'>;

/** The first version becomes active; later ones only if that is wanted. */
export function withVersion(
  state: WorkflowState | undefined,
  latest: LatestVersion,
  options: { activate: boolean },
): WorkflowState {
  const { version, at, by } = latest;
  const becomesActive = state === undefined || options.activate;
  const active = becomesActive ? [{ version, weight: 100 }] : state.active;
  return {
    format: stateFormat,
    latest,
    active,
    before: state === undefined ? [] : becomesActive ? behind(state) : state.before,
    change: { type: 'registered', version, at, ...(by !== undefined && { by }), active },
  };
}

/** `undefined`: they are active already. */
export function withActive(state: WorkflowState, active: ActiveVersion[], actor: Actor): WorkflowState | undefined {
  if (isSame(state.active, active)) return undefined;
  return { ...state, active, before: behind(state), change: { type: 'activated', ...actor, active } };
}

/** What was active before is active again. Throws `Fault` conflict if there is nothing to go back to. */
export function rolledBack(state: WorkflowState, name: string, actor: Actor): WorkflowState | undefined {
  if (isRepeated(state, actor)) return undefined;
  const active = state.before.at(-1);
  if (active === undefined) {
    throw new Fault('conflict', `Nothing was active of ${name} before what is now: there is nothing to go back to`);
  }
  return { ...state, active, before: state.before.slice(0, -1), change: { type: 'rolled_back', ...actor, active } };
}

/** `undefined`: it is deactivated already. */
export function withoutActive(state: WorkflowState, actor: Actor): WorkflowState | undefined {
  if (state.active.length === 0) return undefined;
  return { ...state, active: [], before: behind(state), change: { type: 'deactivated', ...actor, active: [] } };
}

/** Versions as somebody names them, in their order. Throws `Fault` invalid_input with the path of what is wrong. */
export function toActive(given: readonly { version: number; weight?: number | undefined }[]): ActiveVersion[] {
  const problems: Problem[] = [];
  const weights = given.map(({ weight }) => weight ?? (given.length === 1 ? 100 : Number.NaN));
  for (const [index, { version }] of given.entries()) {
    const weight = weights[index] as number;
    const path = `versions[${index}]`;
    if (!Number.isInteger(version) || version < 1) problems.push({ path: `${path}.version`, message: 'is no version' });
    if (given.findIndex((other) => other.version === version) < index) {
      problems.push({ path: `${path}.version`, message: `version ${version} is there twice` });
    }
    if (!Number.isInteger(weight) || weight < 1 || weight > 100) {
      problems.push({ path: `${path}.weight`, message: 'expected a whole number from 1 to 100, of 100 new runs' });
    }
  }
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (given.length === 0) problems.push({ path: 'versions', message: 'expected at least one version' });
  else if (given.length > registryLimits.activeVersions) {
    const message = `${given.length} versions are more than ${registryLimits.activeVersions} (limit activeVersions)`;
    problems.push({ path: 'versions', message });
  } else if (problems.length === 0 && sum !== 100) {
    problems.push({ path: 'versions', message: `the weights sum up to ${sum}, not to 100` });
  }
  if (problems.length > 0) {
    const words = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
    throw new Fault('invalid_input', `These versions cannot be active: ${words}`, { problems });
  }
  return given
    .map(({ version }, index) => ({ version, weight: weights[index] as number }))
    .sort((a, b) => a.version - b.version);
}

function behind({ active, before }: WorkflowState): ActiveVersion[][] {
  return active.length === 0 ? before : [...before, active].slice(-registryLimits.rollbacks);
}

function isRepeated({ change }: WorkflowState, { key }: Actor): boolean {
  return key !== undefined && change.type === 'rolled_back' && change.key === key;
}

function isSame(one: ActiveVersion[], other: ActiveVersion[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
