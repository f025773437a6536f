import type { Birth, Listed, Mail, OutsideEvent } from './events.ts';
import { isOutside, type Journal } from './journal.ts';
import { loadListed } from './payload.ts';
import type { Ports } from './ports.ts';
import { successorIn } from './successor.ts';
import { tellAgain } from './tell.ts';

/**
 * What a run that goes on as another has heard and not used, given to its successor. Everything here may be done twice.
 */
export async function handOver(
  ports: Ports,
  journal: Journal,
  to: Birth,
  untaken: Listed<string> | undefined,
): Promise<void> {
  await handOverResume(ports, journal, to);
  const ids = new Set(await loadListed(ports, untaken ?? []));
  const heard = ids.size === 0 ? [] : journal.events.filter(isOutside).filter(({ id }) => ids.has(id));
  for (const event of [...heard, ...(await unreadMail(ports, journal))]) await tellAgain(ports, to, event);
}

/** What has come since the head was closed. */
export async function handOverLate(ports: Ports, journal: Journal, unread: readonly Mail[]): Promise<void> {
  const next = await successorIn(ports, journal);
  if (next) for (const { event } of unread) await tellAgain(ports, next.birth, event);
}

/** Else a pause that is said once more, and is older than the resume that the run has heard, would hold the successor (K20). */
async function handOverResume(ports: Ports, journal: Journal, to: Birth): Promise<void> {
  const last = journal.events.find((event) => isOutside(event) && event.id === journal.command?.id);
  if (last?.type === 'run_resumed') await tellAgain(ports, to, last);
}

/** What was accepted before the run ended, and never read. */
async function unreadMail(ports: Ports, { birth, position, heard }: Journal): Promise<OutsideEvent[]> {
  const record = await ports.store.read(birth.id, position);
  if (record?.head.birth.nonce !== birth.nonce) return [];
  return record.mail.map(({ event }) => event).filter(({ id }) => !heard.has(id));
}
