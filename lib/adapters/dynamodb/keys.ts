/**
 * All keys of the table. A key is a word, then fields, with `#` between them. A field that others follow holds no `#`;
 * numbers have a fixed length, so that they sort as such.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { SettledStatus } from '../../kernel/head.ts';
import { assertUsableId, isPlainText, type Place } from '../store-rules.ts';

export interface Key {
  pk: string;
  sk: string;
}

const LONGEST_FIELD_BYTES = 200;
/** Digits of the greatest safe integer. */
const TIME_DIGITS = 16;
const POSITION_DIGITS = 10;

/** A text as a field: itself, or, where it is long or holds what does not fit, a digest that is as good as distinct. */
function field(text: string): string {
  if (isPlainText(text, LONGEST_FIELD_BYTES) && !text.includes('#') && !text.startsWith('~')) return text;
  // As JSON, since two texts that UTF-8 cannot hold would otherwise have one digest.
  return `~${createHash('sha256').update(JSON.stringify(text)).digest('base64url')}`;
}

/** A fraction stays behind its whole number: `.` sorts after `#`. */
function time(ms: number): string {
  const [whole = '', fraction] = String(Math.min(Math.max(0, ms), Number.MAX_SAFE_INTEGER)).split('.');
  return whole.padStart(TIME_DIGITS, '0') + (fraction === undefined ? '' : `.${fraction}`);
}

function afterFirst(key: string): string {
  return key.slice(key.indexOf('#') + 1);
}

// --- a run's items -------------------------------------------------------------------------------------------------

export function runPk(id: string): string {
  assertUsableId(id);
  return `run#${id}`;
}

export function idOf(pk: string): string {
  return afterFirst(pk);
}

const HEAD = 'head';
const EVENT = 'event#';
const MAIL = 'mail#';
const BIRTH = 'birth#';

export const headKey = (id: string): Key => ({ pk: runPk(id), sk: HEAD });
export const eventKey = (id: string, nonce: string, position: number): Key => ({
  pk: runPk(id),
  sk: `${eventsFrom(position)}#${field(nonce)}`,
});
export const mailKey = (id: string, nonce: string, mail: string): Key => ({
  pk: runPk(id),
  sk: `${MAIL}${field(nonce)}#${field(mail)}`,
});
export const birthKey = (id: string, nonce: string): Key => ({ pk: runPk(id), sk: `${BIRTH}${field(nonce)}` });

/** The first sort key of a run's events from a position on; its head and its mail come after them. */
export function eventsFrom(position: number): string {
  return `${EVENT}${String(position).padStart(POSITION_DIGITS, '0')}`;
}

export const isHead = (sk: string) => sk === HEAD;
export const isEventOf = (nonce: string) => {
  const end = `#${field(nonce)}`;
  const length = EVENT.length + POSITION_DIGITS + end.length;
  return (sk: string) => sk.length === length && sk.startsWith(EVENT) && sk.endsWith(end);
};
export const isMailOf = (nonce: string) => {
  const start = `${MAIL}${field(nonce)}#`;
  return (sk: string) => sk.startsWith(start);
};
export const isBirthOf = (nonce: string) => {
  const key = `${BIRTH}${field(nonce)}`;
  return (sk: string) => sk === key;
};

export function positionOf(eventSk: string): number {
  return Number(eventSk.slice(EVENT.length, EVENT.length + POSITION_DIGITS));
}

// --- index entries -------------------------------------------------------------------------------------------------

/** In which of an index's partitions a run's entry lies. */
export function shardOf(id: string, shards: number): number {
  return crc32(id) % shards;
}

export const openPk = (shard: number) => `open#${shard}`;
export const settledPk = (status: Exclude<SettledStatus, 'completed'>, shard: number) => `${status}#${shard}`;
/** A workflow's name as it stands in keys. */
export const workflowField = field;
export const creationPk = (workflow: string, shard: number) => `workflow#${workflow}#${shard}`;
export const correlationPk = (correlationId: string) => `correlation#${field(correlationId)}`;

/** The workflow's name, unless that is not fit for a key. */
export function workflowIn(pk: string): string {
  return pk.slice(pk.indexOf('#') + 1, pk.lastIndexOf('#'));
}

/** The correlation id, unless that is not fit for a key. */
export function correlationIn(pk: string): string {
  return afterFirst(pk);
}

export function entrySk({ at, id }: Place): string {
  return `${time(at)}#${id}`;
}

export function placeOf(sk: string): Place {
  const end = sk.indexOf('#');
  return { at: Number(sk.slice(0, end)), id: sk.slice(end + 1) };
}

/** In the order of the table, which goes by UTF-8 where JavaScript goes by UTF-16. */
export function compareSks(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Sort keys from one to another, both included. */
export interface SkRange {
  from: string;
  to: string;
}

const AFTER_ALL_TIMES = ':';

/** `undefined`: none. `before` as in the port: exclusive. Entries are always longer than these bounds. */
export function createdBetween(from: number | undefined, before: number | undefined): SkRange | undefined {
  const range = { from: time(from ?? 0), to: before === undefined ? AFTER_ALL_TIMES : time(before) };
  return compareSks(range.from, range.to) < 0 ? range : undefined;
}

/** Entries of all times up to this one, whatever their ids: `$` sorts between `#` and `.`. */
export function dueUntil(until: number): SkRange {
  return { from: time(0), to: `${time(until)}$` };
}

// --- settings ------------------------------------------------------------------------------------------------------

export const settingsKey: Key = { pk: 'settings', sk: 'table' };

// --- documents -----------------------------------------------------------------------------------------------------

/** Collections and keys hold visible characters alone. */
export const documentsPk = (collection: string) => `documents#${collection}`;
export const documentKey = (collection: string, key: string): Key => ({ pk: documentsPk(collection), sk: key });
