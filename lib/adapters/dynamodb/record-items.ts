/** Chunks and mail as items, and back. What the keys say is not said again. */
import { type Chunk, FORMAT, type Mail } from '../../kernel/events.ts';
import { damaged, fromText, ttl, withText } from './attributes.ts';
import { eventKey, mailKey, positionOf } from './keys.ts';
import type { Item } from './table-client.ts';

/** A chunk's id as its driver's and the rest, since it nearly always begins with it. */
type StoredChunk = Omit<Chunk, 'nonce' | 'position' | 'id'> & ({ id: string } | { append: string });

export function toEventItem(run: string, chunk: Chunk, expiresAt: number | undefined): Item {
  const { nonce, position, id, format, ...rest } = chunk;
  const { driver } = chunk;
  const name = driver && id.startsWith(driver.id) ? { append: id.slice(driver.id.length) } : { id };
  const stored: StoredChunk = { format, ...name, ...rest };
  return withText({ ...eventKey(run, nonce, position), ...expiry(expiresAt) }, 'chunk', JSON.stringify(stored));
}

/** Throws `Fault` corrupt. */
export function fromEventItem(item: Item, nonce: string): Chunk {
  const stored = fromText<StoredChunk>(item, 'chunk');
  const position = positionOf(item.sk);
  if (typeof stored.format !== 'number') throw damaged(item, 'it has no format');
  // Nobody reads more of it: whoever folds the journal refuses it.
  if (stored.format > FORMAT) return { ...stored, nonce, position, id: '' };
  if (typeof stored.at !== 'number' || !Array.isArray(stored.events)) throw damaged(item, 'it is not whole');
  if ('id' in stored) return { ...stored, nonce, position };
  const { append, ...rest } = stored;
  if (typeof append !== 'string' || rest.driver === undefined) throw damaged(item, 'it is not whole');
  return { ...rest, nonce, position, id: rest.driver.id + append };
}

/** `order`: of arrival, among mails that were accepted in one millisecond. */
export function toMailItem(run: string, nonce: string, mail: Mail, order: number, expiresAt: number | undefined): Item {
  const stored = mail.id === mail.event.id ? { event: mail.event } : mail;
  return withText({ ...mailKey(run, nonce, mail.id), order, ...expiry(expiresAt) }, 'mail', JSON.stringify(stored));
}

/** Oldest accepted first. Throws `Fault` corrupt. */
export function fromMailItems(items: Item[]): Mail[] {
  return items
    .map((item) => {
      const { event, id = event?.id } = fromText<{ event: Mail['event']; id?: string }>(item, 'mail');
      if (typeof event?.at !== 'number') throw damaged(item, 'it holds no event');
      return { order: Number(item.order), mail: { id, event } };
    })
    .sort((a, b) => a.mail.event.at - b.mail.event.at || a.order - b.order)
    .map(({ mail }) => mail);
}

function expiry(expiresAt: number | undefined): { ttl?: number } {
  return expiresAt === undefined ? {} : { ttl: ttl(expiresAt) };
}
