import { type Chunk, FORMAT } from '../../lib/kernel/events.ts';
import type { RunRecord, Store } from '../../lib/ports/store.ts';

/**
 * A process of a later Pawl, for what concerns others: it writes its appends in a format that they do not know (K26).
 */
export function newerStore(store: Store): Store {
  return {
    ...store,
    async append(id, chunk, options) {
      const answer = await store.append(id, { ...chunk, format: FORMAT + 1 }, options);
      return answer.appended ? answer : { ...answer, found: older(answer.found) };
    },
    async read(id, after) {
      const record = await store.read(id, after);
      return record && olderRecord(record);
    },
  };
}

/** What the later Pawl reads of it. */
export function olderRecord(record: RunRecord): RunRecord {
  return { ...record, chunks: record.chunks.map(older) };
}

export function older(chunk: Chunk): Chunk {
  return chunk.format > FORMAT ? { ...chunk, format: FORMAT } : chunk;
}
