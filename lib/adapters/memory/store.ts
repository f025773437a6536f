import type { Chunk, Mail } from '../../kernel/events.ts';
import { type Head, isOpen } from '../../kernel/head.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Page, Store } from '../../ports/store.ts';
import {
  assertNoHole,
  changed,
  comparePlaces,
  fits,
  fromCursor,
  guardHolds,
  isAbsent,
  type Place,
  toCursor,
} from '../store-rules.ts';
import { copyOf } from './copy.ts';

interface Journal {
  chunks: Map<number, Chunk>;
  /** The greatest position. */
  last: number;
  /** In order of arrival. */
  mail: Map<string, Mail>;
}

interface MemoryStoreOptions {
  clock: Clock;
  /** What goes in and comes out is nobody else's. Default: a clone; records that nobody can change need none. */
  copy?: <T>(record: T) => T;
}

/** The model of the store port: every other store has to answer as this one does. */
export function createMemoryStore({ clock, copy = copyOf }: MemoryStoreOptions): Store {
  const heads = new Map<string, Head>();
  const journals = new Map<string, Journal>();

  const journalKey = (id: string, nonce: string) => `${id}\0${nonce}`;

  function journalOf(id: string, nonce: string): Journal {
    const key = journalKey(id, nonce);
    let journal = journals.get(key);
    if (journal === undefined) {
      journal = { chunks: new Map(), last: 0, mail: new Map() };
      journals.set(key, journal);
    }
    return journal;
  }

  function living(id: string): Head | undefined {
    const head = heads.get(id);
    return head === undefined || isAbsent(head, clock.now()) ? undefined : head;
  }

  function livingHeads(): Head[] {
    return [...heads.keys()].map(living).filter((head) => head !== undefined);
  }

  function remove(id: string, nonce: string): void {
    journals.delete(journalKey(id, nonce));
    if (heads.get(id)?.birth.nonce === nonce) heads.delete(id);
  }

  function page<T>(items: T[], place: (item: T) => Place, limit: number): Page<T> {
    const last = items[limit - 1];
    const page = { items: copy(items.slice(0, limit)) };
    return items.length > limit && last !== undefined ? { ...page, cursor: toCursor(place(last)) } : page;
  }

  return {
    async create(head) {
      const standing = living(head.birth.id);
      if (standing !== undefined) return { created: false, head: copy(standing) };
      const expired = heads.get(head.birth.id);
      if (expired !== undefined) remove(expired.birth.id, expired.birth.nonce);
      heads.set(head.birth.id, copy(head));
      return { created: true, head: copy(head) };
    },

    async read(id, after = 0) {
      const head = living(id);
      if (head === undefined) return undefined;
      const journal = journals.get(journalKey(id, head.birth.nonce));
      const chunks: Chunk[] = [];
      for (let position = after + 1; position <= (journal?.last ?? 0); position += 1) {
        const chunk = journal?.chunks.get(position);
        if (chunk === undefined) continue;
        assertNoHole(id, after + 1 + chunks.length, position);
        chunks.push(chunk);
      }
      const mail = [...(journal?.mail.values() ?? [])].sort((a, b) => a.event.at - b.event.at);
      return copy({ head, chunks, mail });
    },

    async readHead(id) {
      return copy(living(id));
    },

    async readEnd(id) {
      const head = living(id);
      if (head === undefined) return undefined;
      const { birth, position, state } = head;
      const journal = journals.get(journalKey(id, birth.nonce));
      const last = journal !== undefined && journal.last > position ? journal.chunks.get(journal.last) : undefined;
      return copy({ nonce: birth.nonce, position, state, ...(last && { last }) });
    },

    async append(id, chunk, { absorbed = [] } = {}) {
      const journal = journalOf(id, chunk.nonce);
      const { chunks, mail } = journal;
      const found = chunks.get(chunk.position);
      if (found !== undefined) return { appended: false, found: copy(found) };
      chunks.set(chunk.position, copy(chunk));
      journal.last = Math.max(journal.last, chunk.position);
      for (const mailId of absorbed) mail.delete(mailId);
      return { appended: true };
    },

    async updateHead(id, change, guard) {
      const head = living(id);
      if (head === undefined || !guardHolds(head.birth.nonce, head, guard)) return false;
      heads.set(id, copy(changed(head, change)));
      return true;
    },

    async putMail(id, nonce, mail) {
      const stored = journalOf(id, nonce).mail;
      if (!stored.has(mail.id)) stored.set(mail.id, copy(mail));
    },

    async list(filter, { limit, cursor }) {
      const place = ({ birth }: Head): Place => ({ at: birth.createdAt, id: birth.id });
      const after = cursor === undefined ? undefined : fromCursor(cursor);
      const items = livingHeads()
        .filter((head) => fits(head, filter) && (after === undefined || comparePlaces(place(head), after) < 0))
        .sort((a, b) => comparePlaces(place(b), place(a)));
      return page(items, place, limit);
    },

    async listDue(until, { limit, cursor }) {
      const after = cursor === undefined ? undefined : fromCursor(cursor);
      const items = livingHeads()
        .flatMap(({ birth, state }) => (isOpen(state) ? [{ id: birth.id, wakeAt: state.wakeAt }] : []))
        .map((due) => ({ due, place: { at: due.wakeAt, id: due.id } }))
        .filter(({ place }) => place.at <= until && (after === undefined || comparePlaces(place, after) > 0))
        .sort((a, b) => comparePlaces(a.place, b.place))
        .map(({ due }) => due);
      return page(items, (due) => ({ at: due.wakeAt, id: due.id }), limit);
    },

    async deleteRun(id, nonce) {
      remove(id, nonce);
    },

    async purgeExpired(now, limit) {
      const gone = [...heads.values()]
        .filter((head) => isAbsent(head, now))
        .map(({ birth, state, expiresAt }) => ({
          place: { at: state.status === 'deleting' ? 0 : expiresAt, id: birth.id },
          birth,
        }))
        .sort((a, b) => comparePlaces(a.place, b.place))
        .slice(0, limit)
        .map(({ birth }) => birth);
      for (const { id, nonce } of gone) remove(id, nonce);
      return gone.map(({ id, nonce }) => ({ id, nonce }));
    },

    async close() {},
  };
}
