/** What has to hold once all is well again and every run has ended: of each run's records, and of what people were promised. */
import type { JournalEvent } from '../../lib/kernel/events.ts';
import { foldJournal } from '../../lib/kernel/journal.ts';
import { fromJson } from '../../lib/kernel/payload.ts';
import type { RunRecord } from '../../lib/ports/store.ts';
import { checkRecords } from '../simulation/oracle.ts';
import type { Wish } from './people.ts';
import type { Effect } from './protocol.ts';

export interface Findings {
  violations: string[];
  /** Steps that killed three processes while they ran alone, and were blamed for it. */
  blamed: number;
}

/** So often a step has to have begun before it can be blamed for the deaths of its processes. */
const crashesBeforeBlame = 3;

export function check(records: ReadonlyMap<string, RunRecord>, wishes: readonly Wish[], effects: Effect[]): Findings {
  const violations: string[] = [];
  const say = (what: string) => violations.push(what);
  const effectsOf = groupBy(effects, ({ run }) => run);
  let blamed = 0;

  for (const [id, record] of records) {
    violations.push(...checkRecords({ head: record.head, born: record.head, chunks: record.chunks }));
    const events = record.chunks.flatMap((chunk) => chunk.events);
    const own = effectsOf.get(id) ?? [];
    violations.push(...checkEffects(id, events, own));
    for (const event of events) {
      if (event.type !== 'task_failed' || event.error.code !== 'crashed') continue;
      blamed += 1;
      const begun = own.filter(({ key }) => key === event.key).length;
      if (begun < crashesBeforeBlame) say(`run ${id}: '${event.key}' is blamed for crashes, and began ${begun} times`);
    }
  }
  for (const id of effectsOf.keys()) {
    if (!records.has(id)) say(`steps ran for run ${id}, which is not there`);
  }
  for (const wish of wishes) {
    const { id, key, workflow, created } = wish;
    if (created > 1) say(`${created} answers say that ${key} is new`);
    if (id === undefined) continue;
    const record = records.get(id);
    if (record === undefined) say(`run ${id} (${workflow}) was accepted, and is not there`);
    else
      violations.push(
        ...checkEnd(wish, record, effectsOf.get(id) ?? []).map((what) => `run ${id} (${workflow}): ${what}`),
      );
  }
  return { violations, blamed };
}

/** Outcomes come from steps that ran; steps build on outcomes that are recorded (3); some never run twice. */
function checkEffects(run: string, events: JournalEvent[], effects: Effect[]): string[] {
  const found: string[] = [];
  const begun = new Set(effects.map(({ token }) => token));
  const recorded = new Set(
    events.flatMap((event) => {
      const token = event.type === 'task_completed' ? tokenOf(event.result) : undefined;
      return token === undefined ? [] : [token];
    }),
  );
  for (const token of recorded) {
    if (!begun.has(token)) found.push(`run ${run}: the outcome ${token} is recorded, and no step ran for it`);
  }
  for (const { key, token, after } of effects) {
    for (const base of after) {
      if (!recorded.has(base)) found.push(`run ${run}: (3) ${key} ${token} builds on ${base}, which is not recorded`);
    }
  }
  const once = effects.filter((effect) => effect.once).map(({ key }) => key);
  if (new Set(once).size < once.length) found.push(`run ${run}: (12) ${once[0]} ran ${once.length} times`);
  return found;
}

function tokenOf(result: unknown): string | undefined {
  if (typeof result !== 'string') return undefined;
  const value = fromJson(result) as { token?: unknown } | null;
  return typeof value === 'object' && typeof value?.token === 'string' ? value.token : undefined;
}

function checkEnd(wish: Wish, { head, chunks }: RunRecord, effects: Effect[]): string[] {
  const { current, events } = foldJournal(head.birth, chunks);
  if (current.phase !== 'settled') return ['has not ended'];
  const { end } = current;
  const heard = events.filter(({ type }) => type === 'run_signalled').length;
  if (heard !== wish.items.length) return [`${wish.items.length} signals were accepted, and it heard ${heard}`];
  if (wish.cancelled !== 'no') {
    if (end.type !== 'run_cancelled') return [`was cancelled, and ended as ${end.type}`];
    return checkUndone(events, effects);
  }
  if (end.type !== 'run_completed') {
    const isBlamed = events.some((event) => event.type === 'task_failed' && event.error.code === 'crashed');
    return isBlamed ? [] : [`ended as ${end.type}: ${'error' in end ? JSON.stringify(end.error) : ''}`];
  }
  const output = typeof end.output === 'string' ? fromJson(end.output) : undefined;
  const expected = expectedOf(wish);
  const isAsExpected = expected.some((value) => JSON.stringify(value) === JSON.stringify(sorted(output)));
  return isAsExpected ? [] : [`gave ${JSON.stringify(output)} instead of ${JSON.stringify(expected)}`];
}

/** What was booked is undone, once cancelled. */
function checkUndone(events: JournalEvent[], effects: Effect[]): string[] {
  const booked = events.flatMap((event) =>
    event.type === 'task_completed' && event.key === 'book' ? [tokenOf(event.result)] : [],
  );
  const undone = new Set(effects.filter(({ key }) => key === 'undo').map(({ after }) => after[0]));
  return booked.flatMap((token) => (undone.has(token) ? [] : [`booked ${token}, and did not undo it`]));
}

/** One of these. */
function expectedOf({ workflow, input, items }: Wish): unknown[] {
  const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
  const given = input as { values: number[]; naps: number[]; families: number[][]; fails: number; text: string };
  switch (workflow) {
    case 'ledger':
    case 'spread':
      return [total(given.values)];
    case 'collector':
      return [sorted(items.map(({ value }) => value))];
    case 'nap':
      return [given.naps.length];
    case 'family':
      return [total(given.families.map(total))];
    case 'flaky':
      return [given.fails];
    case 'payment':
      return ['shipped', 'OutcomeUnknownError'];
    case 'archive':
      return [2 * given.text.length];
    case 'booking':
      return [];
  }
}

/** Signals of one moment come in any order. */
function sorted(value: unknown): unknown {
  return Array.isArray(value) ? [...value].sort((a, b) => a - b) : value;
}

function groupBy<T>(all: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of all) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
