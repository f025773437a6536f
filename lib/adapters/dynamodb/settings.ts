/**
 * What all processes have to agree on: over how many partitions each index is spread, and for which workflows there are
 * any. Kept in one item, read once by each process, and again by those who list.
 */
import type { Clock } from '../../ports/clock.ts';
import { settingsKey, workflowField } from './keys.ts';
import type { Expression, Item, TableClient } from './table-client.ts';

export interface Settings {
  /** New index entries go to so many partitions. */
  shards: number;
  /** Older ones may lie in so many. */
  mostShards: number;
  /** Every workflow that ever had a run, as in keys. */
  workflows: ReadonlySet<string>;
}

export interface SettingsKeeper {
  /** For writers: as first read. */
  known(): Promise<Settings>;
  /** For readers: a minute old at most. */
  recent(): Promise<Settings>;
  /** The settings, after the workflow has been noted. */
  noted(workflow: string): Promise<Settings>;
}

export const DEFAULT_SHARDS = 4;
const KEPT_MS = 60_000;

/** `indexShards`: what the count is to be; as stored if absent. */
export function createSettingsKeeper(
  table: TableClient,
  clock: Clock,
  indexShards: number | undefined,
): SettingsKeeper {
  let first: Promise<Settings> | undefined;
  let latest: { settings: Settings; readAt: number } | undefined;

  async function read(): Promise<Settings> {
    const settings = fromItem(await table.get(settingsKey));
    const workflows = new Set([...settings.workflows, ...(latest?.settings.workflows ?? [])]);
    latest = { settings: { ...settings, workflows }, readAt: clock.now() };
    return latest.settings;
  }

  /** Reads, and stores the count that this process was given, if it is another. */
  async function begin(): Promise<Settings> {
    for (;;) {
      const found = await read();
      if (indexShards === undefined || indexShards === found.shards) return found;
      const wanted = { shards: indexShards, mostShards: Math.max(indexShards, found.mostShards) };
      const written = await table.update(settingsKey, countsAre(wanted), countsAreStill(found));
      if (written.held && latest !== undefined) latest.settings = { ...latest.settings, ...wanted };
      if (written.held) return { ...found, ...wanted };
    }
  }

  async function known(): Promise<Settings> {
    first ??= begin().catch((error) => {
      first = undefined;
      throw error;
    });
    const settings = await first;
    return latest?.settings ?? settings;
  }

  return {
    known,

    async recent() {
      const settings = await known();
      return latest !== undefined && clock.now() - latest.readAt < KEPT_MS ? settings : read();
    },

    async noted(workflow) {
      const settings = await known();
      const name = workflowField(workflow);
      if (settings.workflows.has(name)) return settings;
      await table.update(settingsKey, { text: 'ADD #workflows :names', values: { ':names': new Set([name]) } });
      if (latest === undefined) return settings;
      latest.settings = { ...latest.settings, workflows: new Set([...latest.settings.workflows, name]) };
      return latest.settings;
    },
  };
}

function fromItem(item: Item | undefined): Settings {
  const shards = (item?.shards as number | undefined) ?? DEFAULT_SHARDS;
  return {
    shards,
    mostShards: (item?.mostShards as number | undefined) ?? shards,
    workflows: (item?.workflows as Set<string> | undefined) ?? new Set(),
  };
}

function countsAre({ shards, mostShards }: Pick<Settings, 'shards' | 'mostShards'>): Expression {
  return {
    text: 'SET #shards = :shards, #mostShards = :mostShards',
    values: { ':shards': shards, ':mostShards': mostShards },
  };
}

function countsAreStill({ shards, mostShards }: Settings): Expression {
  const theyAreTheDefault = 'attribute_not_exists(#shards)';
  const theyAreThose = '#shards = :shardsBefore AND #mostShards = :mostShardsBefore';
  return {
    text: shards === DEFAULT_SHARDS ? `${theyAreTheDefault} OR ${theyAreThose}` : theyAreThose,
    values: { ':shardsBefore': shards, ':mostShardsBefore': mostShards },
  };
}
