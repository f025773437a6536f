/**
 * What all processes have to agree on: over how many partitions each index is spread, and for which workflows there are
 * any. Kept in one item, read once by each process, and again by those who list.
 */
import type { Clock } from '../../ports/clock.ts';
import { settingsKey, workflowField } from './keys.ts';
import type { Expression, Item, TableClient } from './table-client.ts';

interface Counts {
  /** New index entries go to so many partitions. */
  shards: number;
  /** Older ones may lie in so many. */
  mostShards: number;
}

export interface Settings extends Counts {
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

const DEFAULT_SHARDS = 4;
const KEPT_MS = 60_000;

/** `indexShards`: what the count is to be; as stored if absent. */
export function createSettingsKeeper(
  table: TableClient,
  clock: Clock,
  indexShards: number | undefined,
): SettingsKeeper {
  let beginning: Promise<Settings> | undefined;
  let latest: Settings | undefined;
  let readAt = 0;

  /** Names are never taken off: those that this process has noted since are as good as read. */
  function keep(counts: Counts, names: Iterable<string>): Settings {
    latest = { ...counts, workflows: new Set([...(latest?.workflows ?? []), ...names]) };
    return latest;
  }

  /** Stores the count if there is none yet, or if this process was given another. */
  async function agree({ counts, names }: Stored): Promise<Settings> {
    const shards = indexShards ?? counts?.shards ?? DEFAULT_SHARDS;
    if (shards === counts?.shards) return keep(counts, names);
    const wanted = { shards, mostShards: Math.max(shards, counts?.mostShards ?? 0) };
    const written = await table.update(settingsKey, countsAre(wanted), countsAreStill(counts));
    return written.held ? keep(wanted, names) : agree(await read());
  }

  async function read(): Promise<Stored> {
    readAt = clock.now();
    return fromItem(await table.get(settingsKey));
  }

  async function known(): Promise<Settings> {
    beginning ??= read()
      .then(agree)
      .catch((error) => {
        beginning = undefined;
        throw error;
      });
    const first = await beginning;
    return latest ?? first;
  }

  return {
    known,

    async recent() {
      const settings = await known();
      if (clock.now() - readAt < KEPT_MS) return settings;
      const { counts = settings, names } = await read();
      return keep(counts, names);
    },

    async noted(workflow) {
      const settings = await known();
      const name = workflowField(workflow);
      if (settings.workflows.has(name)) return settings;
      await table.update(settingsKey, { text: 'ADD #workflows :names', values: { ':names': new Set([name]) } });
      return keep(latest ?? settings, [name]);
    },
  };
}

/** `counts`: `undefined` where no process has begun before. */
interface Stored {
  counts?: Counts;
  names: Set<string>;
}

function fromItem(item: Item | undefined): Stored {
  const { shards, mostShards, workflows } = (item ?? {}) as Partial<Settings & { workflows: Set<string> }>;
  const names = workflows ?? new Set<string>();
  return shards === undefined || mostShards === undefined ? { names } : { counts: { shards, mostShards }, names };
}

function countsAre({ shards, mostShards }: Counts): Expression {
  return {
    text: 'SET #shards = :shards, #mostShards = :mostShards',
    values: { ':shards': shards, ':mostShards': mostShards },
  };
}

function countsAreStill(counts: Counts | undefined): Expression {
  const thereAreNone = 'attribute_not_exists(#shards)';
  const theyAreThose = '#shards = :shardsBefore AND #mostShards = :mostShardsBefore';
  if (counts === undefined) return { text: thereAreNone, values: {} };
  return {
    text: theyAreThose,
    values: { ':shardsBefore': counts.shards, ':mostShardsBefore': counts.mostShards },
  };
}
