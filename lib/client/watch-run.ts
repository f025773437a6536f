/**
 * A run's journal, live, over server-sent events. Owns coming back: after a break, after a silence and after a stream
 * that ended before the run did, always from the last entry that was seen. A server that cannot stream sends what there
 * is in one reply and ends it: to come back then is no failure.
 */
import type { HistoryEntry } from '../service/api.ts';
import { asProblem, faultFromProblem } from './answers.ts';
import { createEventParser, type ServerSentEvent } from './event-parser.ts';
import { pause, type Transport, Unreachable } from './transport.ts';

export interface WatchOptions {
  transport: Transport;
  path: string;
  after: number | undefined;
  /** `end`: wait for the run's end without its entries. */
  only: 'end' | undefined;
  signal: AbortSignal | undefined;
  /** How often to try before the first stream opens. */
  attempts: number;
  /** How long to try once one had opened, in ms. */
  reconnectForMs: number;
  /** A stream that is silent for longer is dead, in ms. */
  silenceMs: number;
}

/** An answer without events that comes sooner, in ms, is hasty; it is not asked for again before as much has passed. */
const hastyMs = 1_000;

export async function* watchRun(options: WatchOptions): AsyncGenerator<HistoryEntry> {
  const { transport, signal, attempts, reconnectForMs } = options;
  let seen = options.after ?? 0;
  let hasOpened = false;
  let failures = 0;
  let failingForMs = 0;

  while (!signal?.aborted) {
    let waitMs = transport.delayMs(1);
    let isFruitless = true;
    const connectedAt = Date.now();
    try {
      for await (const heard of connect({ ...options, after: seen })) {
        hasOpened = true;
        failures = 0;
        failingForMs = 0;
        if (heard.type === 'end') return;
        if (heard.type === 'closed') {
          waitMs = heard.retryMs ?? waitMs;
          // A server that keeps nobody waiting and has nothing to say would be asked again and again.
          if (isFruitless && Date.now() - connectedAt < hastyMs)
            waitMs = transport.delayMs(1, Math.max(waitMs, hastyMs));
        }
        if (heard.type !== 'entry') continue;
        isFruitless = false;
        seen = heard.entry.seq;
        yield heard.entry;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (!(error instanceof Unreachable)) throw error;
      failures += 1;
      if (hasOpened ? failingForMs >= reconnectForMs : failures >= attempts) throw error.fault;
      waitMs = transport.delayMs(failures, error.afterMs);
      failingForMs += waitMs;
    }
    await pause(waitMs, signal);
  }
}

type Heard =
  | { type: 'entry'; entry: HistoryEntry }
  /** The server lives. */
  | { type: 'alive' }
  /** The run has ended. */
  | { type: 'end' }
  /** The stream has, and the run has not. */
  | { type: 'closed'; retryMs: number | undefined };

async function* connect(options: WatchOptions): AsyncGenerator<Heard> {
  const { transport, path, after, only, signal, silenceMs } = options;
  const connection = new AbortController();
  const leave = () => connection.abort();
  signal?.addEventListener('abort', leave, { once: true });
  let silence = setTimeout(leave, silenceMs);
  try {
    const headers = { Accept: 'text/event-stream', ...(after ? { 'Last-Event-ID': String(after) } : {}) };
    const answer = await transport.open(
      { method: 'GET', path, query: only ? { only } : {}, headers },
      connection.signal,
    );
    const parser = createEventParser();
    for await (const text of textsOf(answer, transport.url)) {
      // While the reader of the entries takes its time, the silence is not the server's.
      clearTimeout(silence);
      yield { type: 'alive' };
      for (const message of parser.push(text)) {
        if (message.event === 'end') return yield { type: 'end' };
        if (message.event === 'problem') throw problemOf(message, transport.url);
        if (message.event === 'message') yield { type: 'entry', entry: JSON.parse(message.data) as HistoryEntry };
      }
      silence = setTimeout(leave, silenceMs);
    }
    yield { type: 'closed', retryMs: parser.retryMs };
  } finally {
    clearTimeout(silence);
    signal?.removeEventListener('abort', leave);
    leave();
  }
}

async function* textsOf(answer: Response, url: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const reader = answer.body?.getReader();
  while (reader) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw new Unreachable(
        faultFromProblem(
          { code: 'unavailable', status: 503, detail: `The stream from ${url} broke off: ${cause}` },
          url,
        ),
      );
    });
    if (done) return;
    yield decoder.decode(value, { stream: true });
  }
}

/** A server that closes or is busy is worth coming back to. */
function problemOf({ data }: ServerSentEvent, url: string): Error {
  const problem = asProblem(JSON.parse(data), 500);
  const fault = faultFromProblem(problem ?? { code: undefined, status: 500, detail: data }, url);
  const passes = ['unavailable', 'overloaded', 'closed'].includes(problem?.code ?? '');
  return passes ? new Unreachable(fault) : fault;
}
