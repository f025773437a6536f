/**
 * What is stored of a workflow, and where. Owns: which documents stand for it, and in what order they are written.
 *
 * `workflows` / name: its state, replaced by compare-and-set. Of `workflow/<name>`: `version#<n>`, written once, which is
 * what makes it version n; `source#<digest>`, the text of some version, written before; `change#<revision>`, what made that
 * revision of the state, written before the state is replaced.
 */
import type { BlobRef } from '../../kernel/events.ts';
import { Fault } from '../../kernel/faults.ts';
import { isInline, loadPayload, storeBlob } from '../../kernel/payload.ts';
import type { Blobs } from '../../ports/blobs.ts';
import type { Documents } from '../../ports/documents.ts';
import type { Ids } from '../../ports/ids.ts';
import type { Page } from '../../ports/store.ts';
import type { WorkflowSource } from './language.ts';
import { registryLimits } from './limits.ts';
import { type Change, stateFormat, type WorkflowState } from './state.ts';

export interface StoredVersion {
  format: typeof versionFormat;
  /** Of the content: equal for equal content. */
  digest: string;
  /** When it was registered, in ms. */
  at: number;
  by?: string;
  description?: string;
  language: WorkflowSource['format'];
  /** The key of the document that holds the text, or the blob. */
  source: string | BlobRef;
}

export const versionFormat = 1;

interface Found<T> {
  value: T;
  revision: number;
}

export interface RegistryRecords {
  state(name: string): Promise<Found<WorkflowState> | undefined>;
  states(page: { limit: number; cursor?: string }): Promise<Page<{ name: string; state: WorkflowState }>>;
  /**
   * Replaces the state by what `decide` makes of it, as often as somebody else comes in between; answers with what stands
   * then. `undefined` from `decide`: it is to stay.
   */
  change(
    name: string,
    decide: (state: WorkflowState | undefined) => WorkflowState | undefined,
  ): Promise<{ state: WorkflowState | undefined; changed: boolean }>;
  /** The latest first, with their numbers. */
  changes(name: string, page: { limit: number; before?: number }): Promise<{ number: number; change: Change }[]>;
  version(name: string, version: number): Promise<StoredVersion | undefined>;
  /** The latest first. */
  versions(name: string, limit: number): Promise<{ version: number; stored: StoredVersion }[]>;
  /** Keeps the text, durable when this resolves, and answers with where it is. */
  putSource(name: string, text: string): Promise<StoredVersion['source']>;
  /** False: there is such a version already. */
  putVersion(name: string, version: number, stored: StoredVersion): Promise<boolean>;
  source(name: string, stored: StoredVersion): Promise<WorkflowSource>;
}

export interface RecordPorts {
  documents: Documents;
  blobs: Blobs;
  ids: Ids;
}

const states = 'workflows';
const versions = 'version#';
const changes = 'change#';
const collectionOf = (name: string) => `workflow/${name}`;
const versionKey = (version: number) => versions + padded(version);
const changeKey = (revision: number) => changes + padded(revision);
/** Of the blobs of definitions. No run has this id. */
const blobOwner = 'workflows';
const attempts = 50;
/** Documents in one request to the store. */
const pageSize = 100;

export function createRegistryRecords({ documents, blobs, ids }: RecordPorts): RegistryRecords {
  const payloads = { blobs, ids };

  async function state(name: string): Promise<Found<WorkflowState> | undefined> {
    if (!isName(name)) return undefined;
    const found = await documents.read(states, name);
    return (
      found && { value: parsed<WorkflowState>(found.text, `workflow ${name}`, stateFormat), revision: found.revision }
    );
  }

  return {
    state,

    async states(page) {
      const { items, cursor } = await documents.list(states, page);
      const found = items.map(({ key: name, text }) => ({
        name,
        state: parsed<WorkflowState>(text, `workflow ${name}`, stateFormat),
      }));
      return { items: found, ...(cursor !== undefined && { cursor }) };
    },

    async change(name, decide) {
      for (let attempt = 0; attempt < attempts; attempt += 1) {
        const found = await state(name);
        const next = decide(found?.value);
        if (next === undefined) return { state: found?.value, changed: false };
        // Whoever replaces a state keeps what made it; several who do so write the same.
        if (found) {
          await documents.write(collectionOf(name), changeKey(found.revision), JSON.stringify(found.value.change), 0);
        }
        if (await documents.write(states, name, JSON.stringify(next), found?.revision ?? 0)) {
          return { state: next, changed: true };
        }
      }
      throw new Fault('unavailable', `Too many change workflow ${name} at once; try again`);
    },

    async changes(name, { limit, before }) {
      const found: { number: number; change: Change }[] = [];
      const current = await state(name);
      if (current === undefined) return [];
      if (before === undefined || before > current.revision) {
        found.push({ number: current.revision, change: current.value.change });
      }
      let cursor = changeKey(Math.min(before ?? current.revision, current.revision));
      while (found.length < limit) {
        const page = await documents.list(collectionOf(name), {
          prefix: changes,
          descending: true,
          limit: limit - found.length,
          cursor,
        });
        for (const { key, text } of page.items) {
          found.push({ number: Number(key.slice(changes.length)), change: parsed<Change>(text, `${key} of ${name}`) });
        }
        if (page.cursor === undefined) break;
        cursor = page.cursor;
      }
      return found;
    },

    async version(name, version) {
      if (!isName(name) || !Number.isInteger(version)) return undefined;
      const found = await documents.read(collectionOf(name), versionKey(version));
      return found && parsed<StoredVersion>(found.text, `version ${version} of ${name}`, versionFormat);
    },

    async versions(name, limit) {
      const found: { version: number; stored: StoredVersion }[] = [];
      let cursor: string | undefined;
      do {
        const page = await documents.list(collectionOf(name), {
          prefix: versions,
          descending: true,
          limit: Math.min(pageSize, limit - found.length),
          ...(cursor !== undefined && { cursor }),
        });
        for (const { key, text } of page.items) {
          const version = Number(key.slice(versions.length));
          found.push({ version, stored: parsed(text, `version ${version} of ${name}`, versionFormat) });
        }
        cursor = page.cursor;
      } while (cursor !== undefined && found.length < limit);
      return found;
    },

    async putSource(name, text) {
      if (!isInline(text, registryLimits)) return storeBlob(payloads, blobOwner, name, text);
      const key = `source#${ids.digest(text)}`;
      await documents.write(collectionOf(name), key, text, 0);
      return key;
    },

    putVersion: (name, version, stored) =>
      documents.write(collectionOf(name), versionKey(version), JSON.stringify(stored), 0),

    async source(name, { source, language }) {
      if (typeof source === 'object') return { text: await loadPayload(payloads, source), format: language };
      const found = await documents.read(collectionOf(name), source);
      if (found === undefined)
        throw new Fault('corrupt', `The stored definition ${source} of workflow ${name} is missing`);
      return { text: found.text, format: language };
    },
  };
}

/** Nothing else can be registered, and be asked for in the store. */
function isName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name);
}

function padded(number: number): string {
  return String(number).padStart(10, '0');
}

/** Throws `Fault` corrupt or newer_format. */
function parsed<T extends object>(text: string, what: string, format?: number): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Fault('corrupt', `What is stored as ${what} is damaged: it is not JSON`, { cause });
  }
  if (typeof value !== 'object' || value === null) {
    throw new Fault('corrupt', `What is stored as ${what} is damaged: it is no object`);
  }
  if (format !== undefined && (value as { format?: unknown }).format !== format) {
    throw new Fault('newer_format', `What is stored as ${what} was written by a newer Pawl`);
  }
  return value as T;
}
