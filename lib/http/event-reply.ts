/**
 * Server-sent events in one piece, for servers that cannot send part of an answer: whoever asks is kept waiting until
 * something is there. Owns how long that is and how much goes into one reply; what is left comes with the next one.
 */
import type { HistoryEntry } from '../service/api.ts';
import { framed } from './event-stream.ts';

export interface ReplyOptions {
  /** What to send. The signal aborts when it is enough. */
  events: (signal: AbortSignal) => AsyncIterable<HistoryEntry>;
  /** How long to wait for the first, in ms. */
  waitMs: number;
  /** After one, the next has to follow within this to be part of the reply, in ms. */
  gatherMs: number;
  /** No event is added that would make the reply longer, in bytes; the first always is. */
  maxBytes: number;
  /** Abort when nobody waits any more. */
  left: readonly AbortSignal[];
}

export interface Reply {
  text: string;
  /** Nothing will follow: the events came to their own end. */
  isOver: boolean;
}

export async function collectEvents(options: ReplyOptions): Promise<Reply> {
  const { events, waitMs, gatherMs, maxBytes } = options;
  const enough = new AbortController();
  const signal = AbortSignal.any([enough.signal, ...options.left]);
  let text = '';
  let bytes = 0;
  let patience = setTimeout(() => enough.abort(), waitMs);
  try {
    for await (const entry of events(signal)) {
      clearTimeout(patience);
      const next = framed({ id: entry.seq, data: entry });
      bytes += Buffer.byteLength(next);
      if (bytes > maxBytes && text !== '') return { text, isOver: false };
      text += next;
      patience = setTimeout(() => enough.abort(), gatherMs);
    }
    return { text, isOver: !signal.aborted };
  } finally {
    clearTimeout(patience);
  }
}
