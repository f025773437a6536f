/**
 * Domain objects as stored bytes, and back. A record is a checksum (crc32) over its key and all that follows; a time, from
 * which its others are counted; then msgpack: lists of fields by position, since names would be most of the bytes. Fields and
 * event types are only ever added at the end of their lists. What does not fit a list is stored as it is, with names. Since
 * the key counts, a sound record that damage has moved under another key is not taken for that one's.
 */
import { crc32 } from 'node:zlib';
import { Packr, RESERVE_START_SPACE } from 'msgpackr';
import type { Birth, Chunk, JournalEvent, Mail, TaskKind } from '../../kernel/events.ts';
import { Fault } from '../../kernel/faults.ts';
import { type HeadState, isSettled } from '../../kernel/head.ts';
import type { Document } from '../../ports/documents.ts';
import type { Projection } from '../store-rules.ts';
import { packLetters, unpackLetters } from './keys.ts';
import { packList } from './pack.ts';
import { remembering } from './remembering.ts';

/** The record that changes with the run. The nonce says whose it is; the time of birth leads to its index entries. */
export interface StoredState extends Projection {
  nonce: string;
  createdAt: number;
}

export interface StoredMail {
  mail: Mail;
  /** Of arrival, among mails accepted in the same millisecond. */
  order: number;
}

// No shared structures: another process would have to learn them before it could read.
const packr = new Packr({ useRecords: false, variableMapSize: true, moreTypes: false });
const CHECKSUM_BYTES = 4;
const ORIGIN_BYTES = 6;
/** A time that these bytes do not hold, in ms since the epoch. */
const FIRST_TOO_LATE = 256 ** ORIGIN_BYTES;
const HEADER_BYTES = CHECKSUM_BYTES + ORIGIN_BYTES;
type Claim = NonNullable<Chunk['driver']>;
/** What `packLetters` makes of an identifier. */
type Letters = string | Uint8Array;

/** A time that others can be counted from, which is most of what they have; 0 if it is none. */
function originOf(at: number): number {
  return Number.isSafeInteger(at) && at > 0 && at < FIRST_TOO_LATE && hasFingerprint(at) ? at : 0;
}

/** Of the first eight bytes, read as a number: the checksum, and the larger part of the origin. */
const fingerprint = new Float64Array(1);
const fingerprintBytes = new Uint8Array(fingerprint.buffer);

/**
 * What lmdb compares if a write depends on what stands there (`ifVersion`): the beginning of the record, as a number. Never one
 * that is unlike itself. Records of one key that differ have different ones, save once in 2^32.
 */
export function fingerprintOf(record: Uint8Array): number {
  fingerprintBytes.set(record.subarray(0, fingerprintBytes.length));
  return fingerprint[0] as number;
}

/** Not where these bytes would be no number: for one minute in two thousand. */
function hasFingerprint(origin: number): boolean {
  const high = Math.floor(origin / 2 ** 16);
  return !((high & 0x7f) === 0x7f && (high & 0xf000) === 0xf000);
}

function seal(fields: readonly unknown[], key: Uint8Array, origin = 0): Buffer {
  const record = packList(fields, HEADER_BYTES) ?? packr.pack(fields, RESERVE_START_SPACE + HEADER_BYTES);
  record.writeUIntBE(origin, CHECKSUM_BYTES, ORIGIN_BYTES);
  record.writeUInt32BE(crc32(record.subarray(CHECKSUM_BYTES), crc32(key)), 0);
  return record;
}

/** Whether these bytes are what was stored under this key, whatever they mean. */
export function isIntact(record: Uint8Array, key: Uint8Array): boolean {
  if (record.length <= HEADER_BYTES) return false;
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.byteLength);
  return bytes.readUInt32BE(0) === crc32(bytes.subarray(CHECKSUM_BYTES), crc32(key));
}

/** Verifies before it decodes. `name` says which record it is, for whoever has to repair it. */
function unseal<Fields extends unknown[]>(
  record: Uint8Array,
  key: Uint8Array,
  name: string,
): { fields: Fields; origin: number } {
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.byteLength);
  if (!isIntact(bytes, key)) throw damaged(name);
  try {
    const fields: unknown = packr.unpack(bytes.subarray(HEADER_BYTES));
    if (Array.isArray(fields))
      return { fields: fields as Fields, origin: bytes.readUIntBE(CHECKSUM_BYTES, ORIGIN_BYTES) };
  } catch (cause) {
    throw damaged(name, cause);
  }
  throw damaged(name);
}

function damaged(name: string, cause?: unknown): Fault {
  return new Fault('corrupt', `The stored record "${name}" is damaged: its bytes do not fit its checksum.`, { cause });
}

/** How a field of that name is stored, if not as it is. */
const NOTATIONS: Partial<Record<string, Notation>> = {
  at: 'time',
  startedAt: 'time',
  retryAt: 'time',
  issuedAt: 'time',
  wakeAt: 'time',
  createdAt: 'time',
  deadline: 'time',
  kind: 'kind',
  inputDigest: 'letters',
};
/**
 * `time`: as the distance from the record's time, which takes one to five bytes instead of nine. `kind`: as a number. `letters`:
 * as the bits that they stand for.
 */
type Notation = 'time' | 'kind' | 'letters';

interface Field {
  name: string;
  notation: Notation | undefined;
}

const fieldsOf = (names: readonly string[]): Field[] => names.map((name) => ({ name, notation: NOTATIONS[name] }));

const BIRTH_FIELDS = fieldsOf([
  'format',
  'workflow',
  'version',
  'input',
  'inputDigest',
  'createdAt',
  'deadline',
  'retention',
  'idempotencyKey',
  'correlationId',
  'parent',
  'origin',
  'host',
] satisfies (keyof Birth)[]);

/** Without id and nonce: the key has the one and the state the other. */
const BIRTH_ELSEWHERE = 2;

export function birthToRecord(birth: Birth, key: Uint8Array): Buffer {
  const origin = originOf(birth.createdAt);
  const values = toValues(birth, BIRTH_FIELDS, origin, [], BIRTH_ELSEWHERE);
  if (values !== undefined) return seal(values, key, origin);
  const { id: _id, nonce: _nonce, ...named } = birth;
  return seal([named], key, origin);
}

export function birthFromRecord(record: Uint8Array, key: Uint8Array, id: string, nonce: string): Birth {
  const { fields, origin } = unseal(record, key, `birth of run ${id}`);
  return { ...fromValues<Omit<Birth, 'id' | 'nonce'>>(fields, BIRTH_FIELDS, origin), id, nonce };
}

/** A status's number is its place in this list. */
const STATUSES = [
  'pending',
  'running',
  'waiting',
  'paused',
  'blocked',
  'completed',
  'failed',
  'cancelled',
  'deleting',
] as const satisfies HeadState['status'][];

export function stateToRecord({ nonce, createdAt, position, expiresAt, state }: StoredState, key: Uint8Array): Buffer {
  const origin = originOf(createdAt);
  const { status, ...rest } = state;
  const fields: StateFields = [
    packLetters(nonce),
    distance(origin, createdAt),
    position,
    distance(origin, expiresAt),
    STATUSES.indexOf(status),
  ];
  if ('wakeAt' in rest) fields.push(distance(origin, rest.wakeAt));
  if ('closedAt' in rest) fields.push(distance(origin, rest.closedAt));
  if ('reason' in rest) fields.push(rest.reason);
  return seal(fields, key, origin);
}

type StateFields = [
  nonce: Letters,
  createdAt: Distance,
  position: number,
  expiresAt: Distance,
  status: number,
  time?: Distance,
  reason?: string,
];

export function stateFromRecord(record: Uint8Array, key: Uint8Array, id: string): StoredState {
  const { fields, origin } = unseal<StateFields>(record, key, `head of run ${id}`);
  const [letters, createdAt, position, expiresAt, number, time = 0, reason = ''] = fields;
  const status = STATUSES[number];
  if (status === undefined)
    throw new Fault('newer_format', `The head of run ${id} has a status that this Pawl does not know.`);
  return {
    nonce: unpackLetters(letters),
    createdAt: fromDistance(origin, createdAt),
    position,
    expiresAt: fromDistance(origin, expiresAt),
    state: stateOf(status, fromDistance(origin, time), reason),
  };
}

function stateOf(status: HeadState['status'], time: number, reason: string): HeadState {
  if (status === 'deleting') return { status };
  if (isSettled(status)) return { status, closedAt: time };
  return status === 'blocked' ? { status, wakeAt: time, reason } : { status, wakeAt: time };
}

/** A kind's number is its place in this list. */
const KINDS = ['step', 'timer', 'signal', 'child'] as const satisfies TaskKind[];

/** An event's number is its place in this list. */
const EVENT_FIELDS: [type: JournalEvent['type'], fields: Field[]][] = (
  [
    ['task_started', ['at', 'key', 'kind', 'attempt', 'alone', 'child', 'detached']],
    ['task_retried', ['at', 'key', 'attempt', 'error', 'retryAt', 'startedAt']],
    ['task_completed', ['at', 'key', 'kind', 'attempt', 'startedAt', 'result']],
    ['task_failed', ['at', 'key', 'kind', 'attempt', 'startedAt', 'error']],
    ['run_timed_out', ['at']],
    ['run_versioned', ['at', 'change']],
    ['run_reported', ['at', 'details']],
    ['run_suspended', ['at', 'wakeAt', 'awaiting', 'paused']],
    ['run_blocked', ['at', 'code', 'message', 'retryAt']],
    ['run_completed', ['at', 'output', 'continuedAs', 'openChildren', 'unawaited']],
    ['run_failed', ['at', 'error', 'openChildren', 'unawaited']],
    ['run_cancelled', ['at', 'error', 'openChildren', 'unawaited']],
    ['run_signalled', ['id', 'at', 'name', 'payload', 'by']],
    ['run_cancel_requested', ['id', 'at', 'epoch', 'reason', 'by']],
    ['run_paused', ['id', 'at', 'epoch', 'issuedAt', 'by']],
    ['run_resumed', ['id', 'at', 'epoch', 'issuedAt', 'by']],
    ['child_settled', ['id', 'at', 'key', 'outcome']],
  ] as [JournalEvent['type'], string[]][]
).map(([type, names]) => [type, fieldsOf(names)]);
const eventLayouts = new Map(EVENT_FIELDS.map(([type, fields], number) => [type, { number, fields }]));

function eventToItem(event: JournalEvent, origin: number): unknown {
  const layout = eventLayouts.get(event.type);
  return (layout && toValues(event, layout.fields, origin, [layout.number])) ?? event;
}

function eventFromItem(item: unknown, origin: number): JournalEvent {
  if (!Array.isArray(item)) return item as JournalEvent;
  const [number, ...values] = item as [number, ...unknown[]];
  const known = EVENT_FIELDS[number];
  if (known === undefined)
    throw new Fault('newer_format', `An event of the unknown kind ${number}: a newer Pawl wrote it.`);
  return { type: known[0], ...fromValues<object>(values, known[1], origin) } as JournalEvent;
}

export function chunkToRecord({ format, id, at, driver, takeover, events }: Chunk, key: Uint8Array): Buffer {
  const origin = originOf(at);
  const fields: unknown[] = [
    format,
    distance(origin, at),
    numberOfAppend(id, driver?.id) ?? [id],
    driver === undefined ? (takeover ?? null) : claimToItem(driver, takeover, origin),
  ];
  for (const event of events) fields.push(eventToItem(event, origin));
  return seal(fields, key, origin);
}

type ClaimItem = [driver: Letters, leaseUntil: Distance, takeover?: true];

function claimToItem({ id, leaseUntil }: Claim, takeover: true | undefined, origin: number): ClaimItem {
  const lease = distance(origin, leaseUntil);
  return takeover ? [packDriver(id), lease, takeover] : [packDriver(id), lease];
}

function claimFromItem([id, lease]: ClaimItem, origin: number): Claim {
  return { id: unpackDriver(id), leaseUntil: fromDistance(origin, lease) };
}

export function chunkFromRecord(
  record: Uint8Array,
  key: Uint8Array,
  run: string,
  nonce: string,
  position: number,
): Chunk {
  const { fields, origin } = unseal<[number, Distance, number | [string], ClaimItem | true | null, ...unknown[]]>(
    record,
    key,
    `event ${position} of run ${run}`,
  );
  const [format, at, number, claim, ...events] = fields;
  const driver = Array.isArray(claim) ? claimFromItem(claim, origin) : undefined;
  const takeover = Array.isArray(claim) ? claim[2] : claim;
  return {
    format,
    nonce,
    position,
    id: typeof number === 'number' ? `${driver?.id}.${number}` : number[0],
    at: fromDistance(origin, at),
    ...(driver && { driver }),
    ...(takeover && { takeover }),
    events: events.map((event) => eventFromItem(event, origin)),
  };
}

/** Appends are named after their driver, and numbered. */
function numberOfAppend(id: string, driver: string | undefined): number | undefined {
  if (driver === undefined || !id.startsWith(driver)) return undefined;
  const suffix = id.slice(driver.length);
  const number = Number(suffix.slice(1));
  return Number.isSafeInteger(number) && suffix === `.${number}` ? number : undefined;
}

/** A driver's id is mostly twelve letters, a point and twelve letters. */
const DRIVER_POINT = 12;

/** Those that have just written: each of a turn's appends bears the same. */
const MOST_DRIVERS = 1_000;

const packDriver = remembering(MOST_DRIVERS, (id): Letters => {
  const isPacked = id[DRIVER_POINT] === '.';
  const packed = isPacked ? packLetters(id.slice(0, DRIVER_POINT) + id.slice(DRIVER_POINT + 1)) : id;
  return typeof packed === 'string' ? id : packed;
});

function unpackDriver(packed: Letters): string {
  if (typeof packed === 'string') return packed;
  const letters = unpackLetters(packed);
  return `${letters.slice(0, DRIVER_POINT)}.${letters.slice(DRIVER_POINT)}`;
}

export function mailToRecord({ mail, order }: StoredMail, key: Uint8Array): Buffer {
  const origin = originOf(mail.event.at);
  return seal([mail.id === mail.event.id ? null : mail.id, order, eventToItem(mail.event, origin)], key, origin);
}

export function mailFromRecord(record: Uint8Array, key: Uint8Array, run: string): StoredMail {
  const { fields, origin } = unseal<[string | null, number, unknown]>(record, key, `mail of run ${run}`);
  const [id, order, item] = fields;
  const event = eventFromItem(item, origin) as Mail['event'];
  return { mail: { id: id ?? event.id, event }, order };
}

export function documentToRecord({ revision, text }: Omit<Document, 'key'>, at: Uint8Array): Buffer {
  return seal([revision, text], at);
}

export function documentFromRecord(record: Uint8Array, at: Uint8Array, collection: string, key: string): Document {
  const { fields } = unseal<[number, string]>(record, at, `document ${key} of ${collection}`);
  const [revision, text] = fields;
  return { key, text, revision };
}

/** Of a time from the record's; the time itself, in a list, where it cannot be counted so. */
type Distance = number | [number];

function distance(origin: number, at: number): Distance {
  return isCounted(origin, at) ? at - origin : [at];
}

function isCounted(origin: number, at: unknown): at is number {
  return origin !== 0 && Number.isSafeInteger(at) && Number.isSafeInteger((at as number) - origin);
}

function fromDistance(origin: number, distance: Distance): number {
  return typeof distance === 'number' ? origin + distance : distance[0];
}

/** `undefined`: the object does not fit, and is to be stored with its names. Absent fields are null, and left out at the end. */
function toValues(
  object: object,
  fields: readonly Field[],
  origin: number,
  /** What stands for the object's type, which is then no field. */
  stored: unknown[] = [],
  /** How many of its fields are stored elsewhere. */
  elsewhere = 0,
): unknown[] | undefined {
  const values = object as Record<string, unknown>;
  let unknown = -stored.length - elsewhere;
  let length = stored.length;
  for (const { name, notation } of fields) {
    const value = values[name];
    if (value === undefined) {
      stored.push(null);
      continue;
    }
    if (value === null) return undefined;
    if (notation === 'time' && origin !== 0) {
      if (!isCounted(origin, value)) return undefined;
      length = stored.push(value - origin);
    } else {
      length = stored.push(
        notation === 'kind' ? kindToNumber(value) : notation === 'letters' ? packLetters(String(value)) : value,
      );
    }
    unknown -= 1;
  }
  for (const name in values) if (values[name] !== undefined) unknown += 1;
  stored.length = length;
  return unknown === 0 ? stored : undefined;
}

function kindToNumber(kind: unknown): unknown {
  const number = KINDS.indexOf(kind as TaskKind);
  return number < 0 ? kind : number;
}

function fromValues<T extends object>(stored: unknown[], fields: readonly Field[], origin: number): T {
  const [first] = stored;
  if (stored.length === 1 && typeof first === 'object' && first !== null) return first as T;
  const object: Record<string, unknown> = {};
  stored.forEach((value, index) => {
    const field = fields[index];
    if (value === null || field === undefined) return;
    if (field.notation === 'time' && origin !== 0) object[field.name] = Number(value) + origin;
    else if (field.notation === 'letters') object[field.name] = unpackLetters(value as Letters);
    else object[field.name] = field.notation === 'kind' && typeof value === 'number' ? KINDS[value] : value;
  });
  return object as T;
}
