import { createMemoryBlobs } from '../../../lib/adapters/memory/blobs.ts';
import { createMemoryDocuments } from '../../../lib/adapters/memory/documents.ts';
import { createVirtualClock, type VirtualClock } from '../../../lib/adapters/memory/virtual-clock.ts';
import { systemIds } from '../../../lib/adapters/system/ids.ts';
import { Fault } from '../../../lib/kernel/faults.ts';
import type { Blobs } from '../../../lib/ports/blobs.ts';
import type { Documents } from '../../../lib/ports/documents.ts';
import type { WorkflowLanguage } from '../../../lib/service/registry/language.ts';
import { createRegistry, type Registry } from '../../../lib/service/registry/registry.ts';
import { workflow } from '../../../lib/workflow/workflow.ts';

/** A language in which a workflow is a JSON object that says its output. `broken` is refused; `foreign` cannot be used. */
export const plainLanguage: WorkflowLanguage = {
  async read({ text }) {
    const { version, ...content } = JSON.parse(text);
    if (content.broken) throw new Fault('invalid_input', 'The workflow is broken');
    return { name: content.name, version, content, description: content.description };
  },
  async build({ text }, version) {
    const { name, output, foreign } = JSON.parse(text);
    if (foreign) throw new Fault('invalid_input', 'there is no handler foreign');
    return workflow({ name, version }, async () => output ?? version);
  },
  async outline({ text }) {
    const content = JSON.parse(text);
    return { content, tasks: new Map(Object.entries(content.tasks ?? {})) };
  },
};

/** What was asked of the documents: the verb, the collection and the key. */
type Call = [verb: string, collection: string, key: string];

export interface TestRegistry {
  registry: Registry;
  clock: VirtualClock;
  documents: Documents;
  blobs: Blobs;
  calls: Call[];
  /** Another process on the same documents. */
  beside(): Registry;
  /** Throws instead of the n-th write from now on, and of all after it: the process has died. */
  dieAtWrite(n: number): void;
  /** Does this right before the n-th write from now on. */
  beforeWrite(n: number, work: () => Promise<unknown>): void;
}

export function createTestRegistry(language: WorkflowLanguage = plainLanguage): TestRegistry {
  const clock = createVirtualClock({ start: Date.UTC(2030, 0, 1) });
  const documents = createMemoryDocuments();
  const blobs = createMemoryBlobs();
  const calls: Call[] = [];
  let left = Number.POSITIVE_INFINITY;
  let interruption = { in: Number.POSITIVE_INFINITY, work: async (): Promise<unknown> => undefined };
  const counted: Documents = {
    read(collection, key) {
      calls.push(['read', collection, key]);
      return documents.read(collection, key);
    },
    async write(collection, key, text, expected) {
      left -= 1;
      if (left <= 0) throw new Fault('unavailable', 'The process has died');
      interruption.in -= 1;
      if (interruption.in === 0) await interruption.work();
      calls.push(['write', collection, key]);
      return documents.write(collection, key, text, expected);
    },
    list(collection, query) {
      calls.push(['list', collection, query.prefix ?? '']);
      return documents.list(collection, query);
    },
  };
  const create = (over: Documents) => createRegistry({ documents: over, blobs, ids: systemIds, clock, language });
  return {
    registry: create(counted),
    clock,
    documents,
    blobs,
    calls,
    beside: () => create(documents),
    dieAtWrite(n) {
      left = n;
    },
    beforeWrite(n, work) {
      interruption = { in: n, work };
    },
  };
}
