import type { Blobs } from '../ports/blobs.ts';
import type { Ids } from '../ports/ids.ts';
import type { Birth, BlobRef, Listed, Payload } from './events.ts';
import { Fault, isFault } from './faults.ts';
import type { Limits } from './limits.ts';
import { storeError } from './stored-error.ts';

/**
 * Values on their way into the journal and back. What the program gets is always what was stored, live and in replay
 * alike, so a value is refused here, where it was made, if JSON would silently change it.
 */

export interface PayloadPorts {
  blobs: Blobs;
  ids: Ids;
  limits: Pick<Limits, 'inlineBytes'>;
}

/** A payload with its JSON text at hand. */
export interface EncodedPayload {
  payload: Payload | undefined;
  text: string | undefined;
}

const utf8 = new TextEncoder();

/** Length in UTF-8, exact only where it could exceed `limit`. */
export function byteLength(text: string, limit: number): number {
  return text.length * 3 <= limit ? text.length : utf8.encode(text).length;
}

/** Whether the journal itself holds a text. */
export function isInline(text: string, { inlineBytes }: Pick<Limits, 'inlineBytes'>): boolean {
  return byteLength(text, inlineBytes) <= inlineBytes;
}

/** JSON text of a value, or `undefined` for `undefined`. Throws `Fault` invalid_input with the path, or too_large. */
export function toJson(
  value: unknown,
  what: string,
  limits: Pick<Limits, 'payloadBytes' | 'payloadDepth'>,
): string | undefined {
  if (value === undefined) return undefined;
  const text = jsonText(value, what, limits.payloadDepth);
  if (text === undefined) return undefined;
  const bytes = byteLength(text, limits.payloadBytes);
  if (bytes > limits.payloadBytes) {
    throw new Fault(
      'too_large',
      `${what} has ${bytes} bytes of JSON; the limit payloadBytes is ${limits.payloadBytes}`,
    );
  }
  return text;
}

/** What a getter, a `toJSON` or a proxy throws is said to be the value's. `undefined`: that is what `toJSON` gave. */
function jsonText(value: unknown, what: string, depth: number): string | undefined {
  try {
    if (typeof value !== 'string' && typeof value !== 'boolean' && value !== null) {
      assertJson(value, what, '', depth, []);
    }
    return JSON.stringify(value) as string | undefined;
  } catch (cause) {
    if (isFault(cause)) throw cause;
    throw notJson(what, '', `it cannot be read: ${storeError(cause, { errorChars: 200 }).message}`);
  }
}

function assertJson(value: unknown, what: string, path: string, depth: number, ancestors: object[]): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return;
    case 'number':
      if (!Number.isFinite(value)) throw notJson(what, path, `${value} is not a finite number`);
      return;
    case 'object':
      break;
    default:
      throw notJson(what, path, `JSON cannot hold a ${typeof value}`);
  }
  if (value === null) return;
  if (depth === 0) throw notJson(what, path, 'it nests deeper than the limit payloadDepth');
  if (ancestors.includes(value)) throw notJson(what, path, 'it contains itself');
  if (value instanceof Date && Number.isNaN(value.getTime()))
    throw notJson(what, path, 'JSON cannot hold an invalid Date');
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return;
  if (value instanceof Error) throw notJson(what, path, 'JSON keeps nothing of an Error: give its name and message');
  const emptied = [Map, Set, WeakMap, WeakSet, Promise, RegExp, ArrayBuffer].find((kind) => value instanceof kind);
  if (emptied || ArrayBuffer.isView(value)) {
    throw notJson(what, path, `JSON cannot hold a ${(emptied ?? value.constructor).name}`);
  }
  ancestors.push(value);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i += 1) {
      if (value[i] === undefined) throw notJson(what, `${path}[${i}]`, 'JSON cannot hold undefined in an array');
      assertJson(value[i], what, `${path}[${i}]`, depth - 1, ancestors);
    }
  } else {
    for (const key of Object.keys(value)) {
      assertJson(
        (value as Record<string, unknown>)[key],
        what,
        path === '' ? key : `${path}.${key}`,
        depth - 1,
        ancestors,
      );
    }
  }
  ancestors.pop();
}

function notJson(what: string, path: string, message: string): Fault {
  const where = path === '' ? what : `${what} at ${path}`;
  return new Fault('invalid_input', `${where}: ${message}`, { problems: [{ path, message }] });
}

/** The run that a payload is kept for, and until when, in ms. */
export interface PayloadOwner extends Pick<Birth, 'id' | 'nonce'> {
  expiresAt: number;
}

/**
 * Whose blobs a run's are: no other's that comes under its id (K7). Shown in errors and references, so the nonce cannot be
 * made from it.
 */
export function blobOwnerOf(ids: Pick<Ids, 'digest'>, { id, nonce }: Pick<Birth, 'id' | 'nonce'>): string {
  return `${id}/${ids.digest(`blobs\n${nonce}`)}`;
}

/** The id of the run whose blobs these are. `undefined`: they are no run's. */
export function runOfBlobOwner(owner: string): string | undefined {
  return /^(.+)\/[0-9a-z]{26}$/.exec(owner)?.[1];
}

/** Removes the blobs of a run. A run that has come under its id since keeps its own. */
export async function deletePayloads(
  { blobs, ids }: Pick<PayloadPorts, 'blobs' | 'ids'>,
  run: Pick<Birth, 'id' | 'nonce'>,
): Promise<void> {
  await blobs.deleteAll(blobOwnerOf(ids, run));
}

/** Puts what is too large for the journal into the blob port, durable when this resolves. `name` is unique in the run. */
export async function storePayload(
  ports: PayloadPorts,
  owner: PayloadOwner,
  name: string,
  text: string | undefined,
): Promise<EncodedPayload> {
  if (text === undefined) return { payload: undefined, text };
  if (isInline(text, ports.limits)) return { payload: text, text };
  return { payload: await storeBlob(ports, blobOwnerOf(ports.ids, owner), name, text, owner.expiresAt), text };
}

/** Puts a text into the blob port, durable when this resolves. `name` is unique among the owner's. `expiresAt` in ms. */
export async function storeBlob(
  { blobs, ids }: Pick<PayloadPorts, 'blobs' | 'ids'>,
  owner: string,
  name: string,
  text: string,
  expiresAt?: number,
): Promise<BlobRef> {
  const digest = ids.digest(text);
  const ref = { blob: `${owner}/${ids.digest(`${name}\n${digest}`)}`, bytes: byteLength(text, 0), digest };
  await blobs.put(ref.blob, text, expiresAt);
  return ref;
}

/** The JSON text of a payload. Throws `Fault` corrupt if a blob is missing or damaged. */
export async function loadPayload(ports: Pick<PayloadPorts, 'blobs' | 'ids'>, payload: Payload): Promise<string> {
  if (typeof payload === 'string') return payload;
  const text = await ports.blobs.get(payload.blob);
  if (text === undefined) throw new Fault('corrupt', `Blob ${payload.blob} is missing`);
  if (ports.ids.digest(text) !== payload.digest) {
    throw new Fault('corrupt', `Blob ${payload.blob} is damaged: its checksum does not match`);
  }
  return text;
}

/** What an event names, be it there or, since it is much, in a blob. */
export async function loadListed<T>(ports: Pick<PayloadPorts, 'blobs' | 'ids'>, listed: Listed<T>): Promise<T[]> {
  return Array.isArray(listed) ? listed : (JSON.parse(await loadPayload(ports, listed)) as T[]);
}

/** The same payload for another run, which may outlive the one that has it. */
export async function copyPayload(
  ports: PayloadPorts,
  payload: Payload | undefined,
  to: PayloadOwner,
  name: string,
): Promise<Payload | undefined> {
  if (payload === undefined || typeof payload === 'string') return payload;
  return (await storePayload(ports, to, name, await loadPayload(ports, payload))).payload;
}

/** The value of a stored JSON text. Throws `Fault` corrupt. */
export function fromJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Fault('corrupt', `A stored payload is damaged: it is not JSON. It begins with ${text.slice(0, 40)}`, {
      cause,
    });
  }
}
