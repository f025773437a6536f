import type { Store } from '../ports/store.ts';
import type { Chunk, JournalEvent } from './events.ts';
import { FORMAT } from './events.ts';
import { expiryOf } from './expiry.ts';
import type { Journal } from './journal.ts';
import { extendJournal } from './journal.ts';
import type { Ports } from './ports.ts';
import { retrying } from './retrying.ts';

/**
 * Writes a turn's chunks, one after the other (K6).
 *
 * Owns: positions, and telling one's own write from another's (K5).
 */

export type AppendResult =
  | 'written'
  /** Another driver has taken the run over (K9). */
  | 'lost'
  /** The position was taken by an append that no driver made; the journal now holds it (K3). */
  | 'foreign';

interface Claim {
  leaseUntil: number;
  /** It replaces a claim that had expired (K11). */
  takeover: boolean;
}

export interface Appender {
  append(events: JournalEvent[], claim: Claim, absorbed: string[]): Promise<AppendResult>;
}

class RunAppender implements Appender {
  readonly #ports: Ports;
  readonly #journal: Journal;
  readonly #driver: string;
  readonly #expiresAt: number;
  #count = 0;

  constructor(ports: Ports, journal: Journal, driver: string) {
    this.#ports = ports;
    this.#journal = journal;
    this.#driver = driver;
    this.#expiresAt = expiryOf(journal.birth, ports.limits);
  }

  append(events: JournalEvent[], claim: Claim, absorbed: string[]): Promise<AppendResult> {
    if (events.length <= 1) return this.#write(this.#chunkOf(events, claim, true), absorbed);
    return this.#appendParts(split(events, this.#ports), claim, absorbed);
  }

  async #appendParts(parts: JournalEvent[][], claim: Claim, absorbed: string[]): Promise<AppendResult> {
    for (let index = 0; index < parts.length; index += 1) {
      const chunk = this.#chunkOf(parts[index] as JournalEvent[], claim, index === 0);
      const result = await this.#write(chunk, index === parts.length - 1 ? absorbed : []);
      if (result !== 'written') return result;
    }
    return 'written';
  }

  #chunkOf(events: JournalEvent[], { leaseUntil, takeover }: Claim, isFirst: boolean): Chunk {
    this.#count += 1;
    return {
      format: FORMAT,
      nonce: this.#journal.birth.nonce,
      position: this.#journal.position + 1,
      id: `${this.#driver}.${this.#count}`,
      at: this.#ports.clock.now(),
      driver: { id: this.#driver, leaseUntil },
      ...(takeover && isFirst && { takeover: true as const }),
      events,
    };
  }

  #write(chunk: Chunk, absorbed: string[]): Promise<AppendResult> {
    const { id } = this.#journal.birth;
    const options = { absorbed, expiresAt: this.#expiresAt };
    const write = () => this.#ports.store.append(id, chunk, options);
    return retrying(this.#ports, write).then((answer) => this.#heed(chunk, answer));
  }

  /** What the store has answered to a chunk. */
  #heed(chunk: Chunk, answer: Awaited<ReturnType<Store['append']>>): AppendResult {
    const ports = this.#ports;
    const journal = this.#journal;
    const { id } = journal.birth;
    const standing = answer.appended ? chunk : answer.found;
    // A driver's id is one turn's alone: what bears it was written by an earlier try of this turn (K5).
    if (standing.driver && standing.driver.id !== this.#driver) return 'lost';
    const seq = journal.events.length + 1;
    extendJournal(journal, standing);
    if (standing.id !== chunk.id) return 'foreign';
    ports.observer?.recorded?.(id, chunk, seq);
    const { current, position } = journal;
    if (current.phase === 'settled') ports.changes.publish(id, position, current.end);
    else ports.changes.publish(id);
    return 'written';
  }
}

export function createAppender(ports: Ports, journal: Journal, driver: string): Appender {
  return new RunAppender(ports, journal, driver);
}

/** Chunks within the limits of size and number, in order; one even if there are no events. */
function split(events: JournalEvent[], ports: Ports): JournalEvent[][] {
  const { chunkBytes, chunkEvents } = ports.limits;
  const parts: JournalEvent[][] = [];
  let part: JournalEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    const size = sizeOf(event);
    if (part.length > 0 && (part.length >= chunkEvents || bytes + size > chunkBytes)) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(event);
    bytes += size;
  }
  parts.push(part);
  return parts;
}

const perEvent = 150;

/** An upper estimate of an event's stored size, in bytes. */
function sizeOf(event: JournalEvent): number {
  switch (event.type) {
    case 'task_completed':
      return perEvent + 3 * (event.key.length + (typeof event.result === 'string' ? event.result.length : 100));
    case 'task_started':
      return perEvent + 3 * event.key.length;
    default:
      return perEvent + 3 * JSON.stringify(event).length;
  }
}
