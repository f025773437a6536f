/** All that a data directory has, as its readers give it, and what became of that under damage. */
import { isFault } from '../../lib/kernel/faults.ts';
import type { Documents } from '../../lib/ports/documents.ts';
import type { Store } from '../../lib/ports/store.ts';

/** Each part as JSON, or the fault that came in its place, marked by the letter F. */
export interface Content {
  /** Head, chunks and mail of a run. */
  runs: Record<string, string>;
  /** Entries of lists, by list. */
  lists: Record<string, string[]>;
}

interface Adapters {
  store: Store;
  documents: Documents;
}

export const collections = ['registry', 'notes'];
const statuses = ['pending', 'running', 'waiting', 'completed', 'failed'] as const;
const everything = { limit: 1_000 };

export async function readContent({ store, documents }: Adapters, runs: string[]): Promise<Content> {
  const content: Content = { runs: {}, lists: {} };
  for (const id of runs) content.runs[id] = await told(() => store.read(id));
  const list = async (name: string, read: () => Promise<{ items: unknown[] }>) => {
    try {
      content.lists[name] = (await read()).items.map((item) => JSON.stringify(item));
    } catch (error) {
      content.lists[name] = [faultText(error)];
    }
  };
  await list('all', () => store.list({}, everything));
  for (const status of statuses) await list(status, () => store.list({ status }, everything));
  await list('workflow', () => store.list({ workflow: 'order' }, everything));
  await list('due', () => store.listDue(Number.MAX_SAFE_INTEGER, everything));
  for (const name of collections) await list(name, () => documents.list(name, everything));
  return content;
}

async function told(read: () => Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify(await read()) ?? '';
  } catch (error) {
    return faultText(error);
  }
}

/** Anything but a fault is a mistake, and is to come out as one. */
function faultText(error: unknown): string {
  if (isFault(error, 'corrupt')) return `F${error.message}`;
  throw error;
}

type Verdict =
  /** All is as it was. */
  | { verdict: 'right' }
  /** What is not as it was is a fault that says so. */
  | { verdict: 'reported'; what: string }
  /** Something is missing and nobody has said so: the doctor has to. */
  | { verdict: 'missing'; what: string }
  | { verdict: 'wrong'; what: string };

export function judge(truth: Content, found: Content): Verdict {
  let reported: string | undefined;
  let missing: string | undefined;
  for (const [id, whole] of Object.entries(truth.runs)) {
    const run = found.runs[id] ?? '';
    if (run === whole) continue;
    if (run.startsWith('F')) reported ??= run;
    else if (isLess(run, whole)) missing ??= `run ${id} is ${run === '' ? 'gone' : 'less than it was'}`;
    else return { verdict: 'wrong', what: `run ${id} was ${whole} and is ${run}` };
  }
  for (const [name, whole] of Object.entries(truth.lists)) {
    const known = new Set(whole);
    const list = found.lists[name] ?? [];
    for (const item of list) {
      if (item.startsWith('F')) reported ??= item;
      else if (!known.has(item)) return { verdict: 'wrong', what: `the list ${name} has ${item}` };
    }
    if (!list.some((item) => item.startsWith('F')) && list.join() !== whole.join())
      missing ??= `the list ${name} has ${list.length} of ${whole.length}, or in another order`;
  }
  if (missing !== undefined) return { verdict: 'missing', what: missing };
  return reported === undefined ? { verdict: 'right' } : { verdict: 'reported', what: reported };
}

/** The same run without the end of its journal, or without a mail. */
function isLess(run: string, whole: string): boolean {
  if (run === '') return true;
  const [some, all] = [JSON.parse(run), JSON.parse(whole)] as { head: unknown; chunks: unknown[]; mail: unknown[] }[];
  if (some === undefined || all === undefined || JSON.stringify(some.head) !== JSON.stringify(all.head)) return false;
  const mail = new Set(all.mail.map((item) => JSON.stringify(item)));
  return (
    some.chunks.every((chunk, i) => JSON.stringify(chunk) === JSON.stringify(all.chunks[i])) &&
    some.mail.every((item) => mail.has(JSON.stringify(item)))
  );
}
