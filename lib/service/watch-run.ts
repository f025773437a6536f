import type { JournalEvent } from '../kernel/events.ts';
import { isSettled } from '../kernel/head.ts';
import { extendJournal, type Journal, openJournal, type SettledEvent } from '../kernel/journal.ts';
import type { Ports } from '../kernel/ports.ts';
import type { OnChange } from '../ports/changes.ts';
import type { Clock } from '../ports/clock.ts';
import type { HistoryEntry } from './api.ts';
import { hasEnded, requireHead, requireRun, runNotFound } from './checks.ts';
import { historyOf } from './history.ts';

/** Where hints about changes get lost, the journal is looked at again after this, in ms. */
const fallbackMs = 5_000;

/** The journal as it grows, until the run settles or `signal` aborts. */
export async function* watchRun(
  ports: Ports,
  id: string,
  options: { after?: number; signal?: AbortSignal },
): AsyncGenerator<HistoryEntry> {
  const { after = 0, signal } = options;
  const hints = new Hints(ports, id, signal);
  let journal: Journal | undefined;
  try {
    while (!signal?.aborted) {
      hints.reset();
      const record = await requireRun(ports, id, journal?.position);
      journal ??= openJournal(record.head.birth);
      // Another run may have been started under the id since.
      if (journal.birth.nonce !== record.head.birth.nonce) throw runNotFound(id);
      const seen = journal.events.length;
      for (const chunk of record.chunks) extendJournal(journal, chunk);
      for await (const entry of historyOf(ports, record.chunks, { seen, after })) {
        if (signal?.aborted) return;
        yield entry;
      }
      if (hasEnded(journal, record.head)) return;
      await hints.next();
    }
  } finally {
    hints.stop();
  }
}

/** How a run ended: what its handle needs, read from the journal's last append alone. */
export type RunEnd = Extract<SettledEvent, { type: 'run_completed' }> | undefined;

/** Waits until the run has settled, told by hints: in between nothing is read. `undefined`: it did not complete. */
export async function awaitEnd(ports: Ports, id: string, signal?: AbortSignal): Promise<RunEnd> {
  let settledAt: number | undefined;
  let told: SettledEvent | undefined;
  const hints = new Hints(ports, id, signal, (position, end) => {
    if (position !== 'unknown') settledAt ??= position;
    told ??= end;
    return position !== undefined;
  });
  try {
    while (!signal?.aborted) {
      hints.reset();
      const head = await requireHead(ports, id);
      if (isSettled(head.state.status)) return await endAt(ports, id, head.position);
      await hints.next();
      if (settledAt === undefined) continue;
      const end = told ? completed(told) : await endAt(ports, id, settledAt);
      // The run that goes on is there once the head is closed (K22).
      if (!end?.continuedAs) return end;
    }
    return undefined;
  } finally {
    hints.stop();
  }
}

/** Gives nothing, and is over when the run is: what comes before its end is not read. */
export function watchForEnd(ports: Ports, id: string, signal?: AbortSignal): AsyncIterable<never> {
  const next = () => awaitEnd(ports, id, signal).then(() => ({ done: true as const, value: undefined }));
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

function completed(end: JournalEvent | undefined): RunEnd {
  return end?.type === 'run_completed' ? end : undefined;
}

async function endAt(ports: Ports, id: string, position: number): Promise<RunEnd> {
  const record = await ports.store.read(id, Math.max(0, position - 1));
  return completed(record?.chunks.at(-1)?.events.at(-1));
}

class Hints {
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #unsubscribe: () => void;
  readonly #hint = (): void => {
    this.#hinted = true;
    this.#resume?.();
  };
  #hinted = false;
  #resume: (() => void) | undefined;

  /** `matters`: which changes are hints. Default: each. */
  constructor(
    { changes, clock }: Ports,
    id: string,
    signal: AbortSignal | undefined,
    matters?: (...change: Parameters<OnChange>) => boolean,
  ) {
    this.#clock = clock;
    this.#signal = signal;
    this.#unsubscribe = changes.subscribe(id, (settledAt, end) => {
      if (matters === undefined || matters(settledAt, end)) this.#hint();
    });
    signal?.addEventListener('abort', this.#hint, { once: true });
  }

  /** Forgets the hints so far. */
  reset(): void {
    this.#hinted = false;
  }

  /** Resolves at once if a hint came since the last reset, else at the next one, at the fallback or at the abort. */
  async next(): Promise<void> {
    if (this.#hinted || this.#signal?.aborted) return;
    const cancel = this.#clock.schedule(this.#clock.now() + fallbackMs, this.#hint);
    await new Promise<void>((resolve) => {
      this.#resume = resolve;
    });
    this.#resume = undefined;
    cancel();
  }

  stop(): void {
    this.#unsubscribe();
    this.#signal?.removeEventListener('abort', this.#hint);
  }
}
