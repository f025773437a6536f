import type { Definitions } from '../kernel/definition.ts';
import { Fault } from '../kernel/faults.ts';
import type {
  DiffWorkflowQuery,
  WorkflowDetail,
  WorkflowDiff,
  WorkflowHistoryPage,
  WorkflowHistoryQuery,
  WorkflowVersionSummary,
  WorkflowVersionView,
} from './api.ts';
import { assertLimit } from './checks.ts';
import { iso } from './history.ts';
import {
  type Describe,
  describeVersion,
  throwUnknown,
  versionsInCode,
  viewOfCode,
  viewOfGraph,
} from './list-workflows.ts';
import { diffSources } from './registry/diff.ts';
import { registryLimits } from './registry/limits.ts';
import type { StoredVersion } from './registry/records.ts';
import type { Registry } from './registry/registry.ts';

export async function getWorkflow(
  definitions: Definitions,
  registry: Registry,
  name: string,
  describe: Describe,
): Promise<WorkflowDetail> {
  const inCode = versionsInCode(definitions, name);
  if (inCode.length > 0) {
    return { ...(await viewOfCode(inCode, describe)), versions: inCode.map(({ version }) => ({ version })) };
  }
  const found = await registry.records.state(name);
  if (found === undefined) return throwUnknown(definitions, name);
  const versions = await registry.records.versions(name, registryLimits.shownVersions);
  return {
    ...(await viewOfGraph(registry, name, found.value, describe)),
    versions: versions.map(({ version, stored }) => summaryOf(version, stored)),
  };
}

export async function getWorkflowVersion(
  definitions: Definitions,
  registry: Registry,
  name: string,
  version: number,
  describe: Describe,
): Promise<WorkflowVersionView> {
  const inCode = versionsInCode(definitions, name).find((each) => each.version === version);
  if (inCode !== undefined) return { name, kind: 'code', version, ...(await describe(inCode)) };
  const stored = await registry.records.version(name, version);
  if (stored === undefined) return throwUnknown(definitions, name, version);
  const source = await registry.records.source(name, stored);
  return {
    name,
    kind: 'graph',
    ...summaryOf(version, stored),
    ...(stored.description !== undefined && { description: stored.description }),
    ...(await describeVersion(registry, name, version, describe)),
    source,
    definition: (await registry.language.outline(source)).content,
  };
}

function summaryOf(version: number, { at, by }: StoredVersion): WorkflowVersionSummary {
  return { version, registeredAt: iso(at), ...(by !== undefined && { registeredBy: by }) };
}

const defaultLimit = 50;
const maxLimit = 200;

export async function getWorkflowHistory(
  definitions: Definitions,
  registry: Registry,
  name: string,
  { limit = defaultLimit, before }: WorkflowHistoryQuery,
): Promise<WorkflowHistoryPage> {
  assertLimit(limit, maxLimit);
  await requireRegistered(definitions, registry, name);
  const found = await registry.records.changes(name, { limit, ...(before !== undefined && { before }) });
  const items = found.map(({ number, change: { type, at, version, active, by } }) => ({
    number,
    at: iso(at),
    type,
    ...(version !== undefined && { version }),
    active,
    ...(by !== undefined && { by }),
  }));
  const last = items.at(-1)?.number ?? 1;
  return last > 1 ? { items, next: last } : { items };
}

export async function diffWorkflow(
  definitions: Definitions,
  registry: Registry,
  name: string,
  query: DiffWorkflowQuery,
): Promise<WorkflowDiff> {
  const { latest } = await requireRegistered(definitions, registry, name);
  const to = query.to ?? latest.version;
  const from = query.from ?? to - 1;
  if (from === 0) {
    throw new Fault(
      'invalid_input',
      `There is no version of ${name} before version 1: name the version to compare with`,
    );
  }
  const [one, other] = await Promise.all([registry.source(name, from), registry.source(name, to)]);
  return { name, from, to, ...(await diffSources(registry.language, one, other)) };
}

/** Throws `Fault` not_found, or conflict for what is code. */
async function requireRegistered(definitions: Definitions, registry: Registry, name: string) {
  const found = await registry.records.state(name);
  if (found !== undefined) return found.value;
  if (versionsInCode(definitions, name).length > 0) {
    throw new Fault('conflict', `Workflow ${name} is code: its history is that of its source`);
  }
  return throwUnknown(definitions, name);
}
