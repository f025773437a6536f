import type { Chunk, Mail } from '../../kernel/events.ts';
import { type Head, type HeadState, isOpen } from '../../kernel/head.ts';
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
  nonce: string;
  /** By position: that of the first is 1. */
  chunks: Chunk[];
  /** In order of arrival; made for the first. */
  mail?: Map<string, Mail>;
}

interface MemoryStoreOptions {
  clock: Clock;
  /** What becomes of a record that comes in. Default: it is kept as it is, since nobody changes what he has handed over. */
  keep?: <T>(record: T) => T;
  /** What goes out is whoever asked for it's to change. Default: a clone; records that nobody can change need none. */
  copy?: <T>(record: T) => T;
}

const asItIs = <T>(record: T): T => record;

/** What is being deleted goes first; what is open, in the order in which it is due. */
function purgePlace(state: HeadState, expiresAt: number): number {
  if (state.status === 'deleting') return 0;
  return isOpen(state) ? state.wakeAt : expiresAt;
}

/** The model of the store port: every other store has to answer as this one does. */
export function createMemoryStore({ clock, keep = asItIs, copy = copyOf }: MemoryStoreOptions): Store {
  const heads = new Map<string, Head>();
  /** Of those of `heads` that are open: most have ended, and the sweeper looks often. */
  const open = new Set<string>();
  /** By the run's id: nearly always one, that of the run which has it now. */
  const journals = new Map<string, Journal[]>();

  function journalOf(id: string, nonce: string): Journal | undefined {
    return journals.get(id)?.find((journal) => journal.nonce === nonce);
  }

  function makeJournal(id: string, nonce: string): Journal {
    const journal: Journal = { nonce, chunks: [] };
    const others = journals.get(id);
    if (others) others.push(journal);
    else journals.set(id, [journal]);
    return journal;
  }

  function chunkAt({ chunks }: Journal, position: number): Chunk | undefined {
    return copy(chunks[position - 1]);
  }

  function setHead(head: Head): void {
    const { id } = head.birth;
    heads.set(id, head);
    if (isOpen(head.state)) open.add(id);
    else open.delete(id);
  }

  function living(id: string): Head | undefined {
    const head = heads.get(id);
    return head === undefined || isAbsent(head, clock.now()) ? undefined : head;
  }

  function livingOf(ids: Iterable<string>): Head[] {
    return [...ids].map(living).filter((head) => head !== undefined);
  }

  function remove(id: string, nonce: string): void {
    const others = (journals.get(id) ?? []).filter((journal) => journal.nonce !== nonce);
    if (others.length === 0) journals.delete(id);
    else journals.set(id, others);
    if (heads.get(id)?.birth.nonce !== nonce) return;
    heads.delete(id);
    open.delete(id);
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
      setHead(keep(head));
      return { created: true, head: copy(head) };
    },

    async read(id, after = 0) {
      const head = living(id);
      if (head === undefined) return undefined;
      const journal = journalOf(id, head.birth.nonce);
      const chunks: Chunk[] = [];
      for (let position = after + 1; position <= (journal?.chunks.length ?? 0); position += 1) {
        const chunk = journal && chunkAt(journal, position);
        if (chunk === undefined) continue;
        assertNoHole(id, after + 1 + chunks.length, position);
        chunks.push(chunk);
      }
      const mail = [...(journal?.mail?.values() ?? [])].sort((a, b) => a.event.at - b.event.at);
      return { head: copy(head), chunks, mail: copy(mail) };
    },

    async readHead(id) {
      return copy(living(id));
    },

    async readEnd(id) {
      const head = living(id);
      if (head === undefined) return undefined;
      const { birth, position, state } = head;
      const journal = journalOf(id, birth.nonce);
      const isFurther = journal !== undefined && journal.chunks.length > position;
      const last = isFurther ? chunkAt(journal, journal.chunks.length) : undefined;
      return { nonce: birth.nonce, position, state: copy(state), ...(last && { last }) };
    },

    async append(id, chunk, { absorbed } = {}) {
      const { nonce, position } = chunk;
      const journal = journalOf(id, nonce) ?? makeJournal(id, nonce);
      const found = chunkAt(journal, position);
      if (found !== undefined) return { appended: false, found };
      journal.chunks[position - 1] = keep(chunk);
      if (absorbed) for (const mailId of absorbed) journal.mail?.delete(mailId);
      return { appended: true };
    },

    async updateHead(id, change, guard) {
      const head = living(id);
      if (head === undefined || !guardHolds(head.birth.nonce, head, guard)) return false;
      setHead(keep(changed(head, change)));
      return true;
    },

    async putMail(id, nonce, mail) {
      const journal = journalOf(id, nonce) ?? makeJournal(id, nonce);
      journal.mail ??= new Map();
      if (!journal.mail.has(mail.id)) journal.mail.set(mail.id, keep(mail));
    },

    async list(filter, { limit, cursor }) {
      const place = ({ birth }: Head): Place => ({ at: birth.createdAt, id: birth.id });
      const after = cursor === undefined ? undefined : fromCursor(cursor);
      const items = livingOf(heads.keys())
        .filter((head) => fits(head, filter) && (after === undefined || comparePlaces(place(head), after) < 0))
        .sort((a, b) => comparePlaces(place(b), place(a)));
      return page(items, place, limit);
    },

    async listDue(until, { limit, cursor }) {
      const after = cursor === undefined ? undefined : fromCursor(cursor);
      const items = livingOf(open)
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
      const expired = [...heads.values()]
        .filter((head) => isAbsent(head, now))
        .map(({ birth, state, expiresAt }) => ({
          place: { at: purgePlace(state, expiresAt), id: birth.id },
          birth,
          state,
        }))
        .sort((a, b) => comparePlaces(a.place, b.place));
      const ended = expired.filter(({ state }) => !isOpen(state));
      const due = expired.filter(({ state }) => isOpen(state) && state.wakeAt <= now);
      const gone = [...ended, ...due].slice(0, limit).map(({ birth }) => birth);
      for (const { id, nonce } of gone) remove(id, nonce);
      return gone.map(({ id, nonce }) => ({ id, nonce }));
    },

    async close() {},
  };
}
