/** Which index entries stand for a run, and along which index a list goes. */
import type { Birth } from '../../kernel/events.ts';
import { isOpen } from '../../kernel/head.ts';
import type { RunFilter } from '../../ports/store.ts';
import { entryKey, indexes } from './keys.ts';
import type { StoredState } from './records.ts';

/** Index entries that stand as long as the run does. */
export function lastingEntries({ id, workflow, correlationId, createdAt }: Birth): Buffer[] {
  const place = { at: createdAt, id };
  const entries = [entryKey(indexes.created(), place), entryKey(indexes.workflow(workflow), place)];
  if (correlationId !== undefined) entries.push(entryKey(indexes.correlation(correlationId), place));
  return entries;
}

/** Index entries that follow the run's state. */
export function movingEntries(id: string, { createdAt, state, expiresAt }: StoredState): Buffer[] {
  if (state.status === 'deleting') return [entryKey(indexes.expiry(), { at: 0, id })];
  // An open run is due long before it expires, and is found so.
  const entries = [
    isOpen(state)
      ? entryKey(indexes.due(), { at: state.wakeAt, id })
      : entryKey(indexes.expiry(), { at: expiresAt, id }),
  ];
  // Nearly all runs complete: whoever wants those goes along creation.
  if (state.status !== 'completed') entries.push(entryKey(indexes.status(state.status), { at: createdAt, id }));
  return entries;
}

/** The index with the fewest entries that do not fit, as far as one can know. */
export function indexFor({ status, workflow, correlationId }: RunFilter): Buffer {
  if (correlationId !== undefined) return indexes.correlation(correlationId);
  if (status !== undefined && status !== 'completed') return indexes.status(status);
  return workflow === undefined ? indexes.created() : indexes.workflow(workflow);
}
