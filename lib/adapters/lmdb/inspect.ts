/**
 * Reads a whole data directory and says what in it is damaged. Owns: what belongs together, and what damage is called.
 * Nothing is repaired. Damage of the file's structure may end the process that reads it, so this is for a process that
 * has nothing else to do. All of it is one synchronous reading, hence of one state of the store.
 */
import type { Birth } from '../../kernel/events.ts';
import { isFault } from '../../kernel/faults.ts';
import { lastingEntries, movingEntries } from './entries.ts';
import { birthKey, chunksAfter, type KeyPlace, placeOfKey, positionOf, stateKey } from './keys.ts';
import type { Environment } from './open.ts';
import { birthFromRecord, isIntact, type StoredState, stateFromRecord } from './records.ts';

export interface Inspection {
  records: number;
  runs: number;
  /** Damaged things, by name; at most so many as fit a screen or two. */
  damage: string[];
  /** All of them. */
  damaged: number;
  /** What is wrong with the file itself: then nothing that it gives, or does not give, is to be relied upon. */
  structure?: string;
}

const shownDamage = 100;
const progressEvery = 20_000;

export function inspectStore(env: Environment, onProgress: (records: number, of: number) => void): Inspection {
  const inspection: Inspection = { records: 0, runs: 0, damage: [], damaged: 0 };
  const complain = (what: string) => {
    inspection.damaged += 1;
    if (inspection.damage.length < shownDamage) inspection.damage.push(what);
  };
  const { entryCount } = env.getStats() as { entryCount: number };
  let before: Buffer | undefined;
  for (const entry of env.getRange()) {
    const key = Buffer.from(entry.key);
    if (before !== undefined && Buffer.compare(before, key) >= 0) {
      return {
        ...inspection,
        structure: `a key that is not greater than the one before it, at record ${inspection.records}`,
      };
    }
    before = key;
    inspection.records += 1;
    if (inspection.records % progressEvery === 0) onProgress(inspection.records, entryCount);
    inspectRecord(key, entry.value);
  }
  if (inspection.records !== entryCount) {
    return {
      ...inspection,
      structure: `${inspection.records} records can be reached, and there should be ${entryCount}`,
    };
  }
  void env.close();
  return inspection;

  function inspectRecord(key: Buffer, value: Uint8Array): void {
    const place = placeOfKey(key);
    if (place === undefined) complain(`a record under a key that is none of Pawl's: ${key.toString('base64url')}`);
    else if (place.kind === 'entry') inspectEntry(key, place.run);
    else if (!isIntact(value, key)) complain(`${nameOf(place)}: its bytes do not fit its checksum`);
    else if (place.kind === 'head') inspectRun(place.run);
    else if (place.kind === 'birth' && !env.doesExist(stateKey(place.run)))
      complain(`head of run ${place.run}: missing`);
  }

  function inspectRun(run: string): void {
    inspection.runs += 1;
    const state = stateOf(run);
    if (state === undefined) return;
    const birth = birthOf(run, state.nonce);
    const expected = [...movingEntries(run, state), ...(birth === undefined ? [] : lastingEntries(birth))];
    if (!env.doesExist(birthKey(run))) complain(`birth of run ${run}: missing`);
    for (const entry of expected) {
      if (!env.doesExist(entry)) complain(`run ${run}: missing in ${listOf(entry)}`);
    }
    // A run that is being deleted loses its journal first.
    if (state.state.status === 'deleting') return;
    let position = 0;
    for (const key of env.getKeys(chunksAfter(run, state.nonce, 0))) {
      position += 1;
      const found = positionOf(key);
      if (found !== position) {
        complain(`event ${position} of run ${run}: missing, and there is one at ${found}`);
        return;
      }
    }
    if (position < state.position) complain(`event ${position + 1} of run ${run}: missing, and all after it`);
  }

  function inspectEntry(key: Buffer, run: string): void {
    const state = stateOf(run);
    if (state === undefined) {
      if (!env.doesExist(stateKey(run))) complain(`${listOf(key)} names run ${run}, which is not there`);
      return;
    }
    if (movingEntries(run, state).some((entry) => entry.equals(key))) return;
    const birth = birthOf(run, state.nonce);
    if (birth !== undefined && !lastingEntries(birth).some((entry) => entry.equals(key)))
      complain(`${listOf(key)} names run ${run} where it should not`);
  }

  /** Undefined where it is missing or damaged, which is said elsewhere, or not for this Pawl to read. */
  function stateOf(run: string): StoredState | undefined {
    return readIntact(stateKey(run), (record, key) => stateFromRecord(record, key, run));
  }

  function birthOf(run: string, nonce: string): Birth | undefined {
    return readIntact(birthKey(run), (record, key) => birthFromRecord(record, key, run, nonce));
  }

  function readIntact<T>(key: Buffer, read: (record: Uint8Array, key: Buffer) => T): T | undefined {
    const record = env.getBinary(key);
    if (record === undefined) return undefined;
    try {
      return read(record, key);
    } catch (fault) {
      if (isFault(fault)) return undefined;
      throw fault;
    }
  }
}

function nameOf(place: Exclude<KeyPlace, { kind: 'entry' }>): string {
  switch (place.kind) {
    case 'document':
      return `document ${place.name} of ${place.collection}`;
    case 'chunk':
      return `event ${place.position} of run ${place.run}`;
    default:
      return `${place.kind} of run ${place.run}`;
  }
}

const lists: Record<string, string> = {
  c: 'the list of all runs',
  w: "a workflow's list of runs",
  k: 'the list of a correlation id',
  s: 'the list of a status',
  d: 'the list of what is due',
  x: 'the list of what expires',
};

function listOf(entry: Buffer): string {
  return lists[String.fromCharCode(entry[0] ?? 0)] ?? 'a list';
}
