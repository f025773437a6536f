import type { Message } from '../ports/queue.ts';
import { admit, mayBeginUnread } from './admission.ts';
import { freshHead } from './create-run.ts';
import { type Fault, isFault } from './faults.ts';
import { findForOpenRun } from './find-definition.ts';
import { handOverLate } from './hand-over.ts';
import { type Head, isOpen } from './head.ts';
import { createHeadKeeper } from './head-keeper.ts';
import { extendJournal, type Journal, openJournal } from './journal.ts';
import type { KnownRun } from './kept-runs.ts';
import { isLeftToDriver } from './left-to-driver.ts';
import { type MailAsRead, mailAsRead } from './mailbox.ts';
import { announce } from './outbox.ts';
import { parkAgain, parkBlocked } from './parking.ts';
import type { Ports } from './ports.ts';
import { retrying } from './retrying.ts';
import { createTurn } from './run-turn.ts';
import type { Turn, TurnEnd } from './turn.ts';

/**
 * From a message to the end of a turn: store what came, read the run once, decide, act. (A first turn reads while it acts.)
 */

export type DriveEnd = TurnEnd | 'left';

export interface DriveOptions {
  /** How often this message has been received, this time included. */
  receives: number;
  /** Told of the turn while it runs, so that it can be nudged and drained. */
  onTurn?: (turn: Turn) => void;
  /** By then a turn has to have ended. Milliseconds since the epoch. Default: never. */
  until?: number | undefined;
}

const minute = 60_000;

/** Rejects if the message should come again. */
export async function drive(ports: Ports, message: Message, options: DriveOptions): Promise<DriveEnd> {
  if (message.kind === 'mail' && ports.queue.durable) {
    await retrying(ports, () => ports.store.putMail(message.run, message.nonce, message.mail, message.expiresAt));
  }
  let opened: Opened | undefined;
  try {
    if (isNewsOfChild(message) && (await isLeftToDriver(ports, message.run, message.nonce))) return 'left';
    opened = openUnread(ports, message, options) ?? (await open(ports, message));
  } catch (error) {
    if (isFault(error, 'newer_format')) return postpone(ports, message, error);
    if (isFault(error, 'corrupt')) return showDamage(ports, message.run, error.message);
    throw error;
  }
  if (!opened) return 'left';
  const end = await act(ports, opened, message, options);
  ports.kept?.keep(opened.known);
  return end;
}

/** When it resolves, nobody writes to the run's journal any more. */
async function act(ports: Ports, opened: Opened, message: Message, options: DriveOptions): Promise<DriveEnd> {
  const { head, known } = opened;
  const { unread } = opened.mail;
  const { journal } = known;
  const admission = admit(
    { kind: message.kind, from: message.kind === 'wake' ? message.from : undefined, receives: options.receives },
    {
      head,
      journal,
      unread,
      now: ports.clock.now(),
      graceMs: ports.limits.graceMs,
      ...(await ownerOf(ports, journal)),
    },
  );
  switch (admission.do) {
    case 'leave':
      return 'left';
    case 'announce':
      await announce(ports, journal);
      return 'settled';
    case 'hand_over':
      await handOverLate(ports, journal, unread);
      return 'left';
    case 'repair':
      await createHeadKeeper(ports, journal, head).raise();
      ports.changes.publish(message.run);
      return 'left';
    case 'suspend_again':
      return parkAgain({ ports, journal, head });
    case 'turn':
      return takeTurn(ports, opened, admission, message, options);
  }
}

function isNewsOfChild(message: Message): message is Extract<Message, { kind: 'mail' }> {
  return message.kind === 'mail' && message.mail.event.type === 'child_settled';
}

interface Opened {
  /** Before the run was read, in ms since the epoch. */
  readAt: number;
  head: Head;
  /** With the journal as it is now. */
  known: KnownRun;
  mail: MailAsRead;
  /** All this is what the start message says: the turn reads the run while it begins. */
  isFromMessage?: boolean;
}

/** What is known of a run that has just been created, and whose first turn may begin with that. */
function openUnread(ports: Ports, message: Message, options: DriveOptions): Opened | undefined {
  if (message.kind !== 'start') return undefined;
  const isFirst = ports.kept?.isFirstStart(message.nonce) ?? false;
  const { birth } = message;
  if (birth === undefined || !isFirst) return undefined;
  const readAt = ports.clock.now();
  if (!mayBeginUnread(options, birth, readAt, ports.limits.earlyMs)) return undefined;
  const known = { journal: openJournal(birth) };
  return { readAt, head: freshHead(ports, birth), known, mail: { unread: [], heard: [] }, isFromMessage: true };
}

async function open(ports: Ports, message: Message): Promise<Opened | undefined> {
  const readAt = ports.clock.now();
  const kept = ports.kept?.take(message.run);
  const news = kept && (await retrying(ports, () => ports.store.read(message.run, kept.journal.position)));
  // What has come under the run's id since is another run.
  const isSame = news?.head.birth.nonce === kept?.journal.birth.nonce;
  const record = news && isSame ? news : await retrying(ports, () => ports.store.read(message.run));
  if (!record) return undefined;
  const { head } = record;
  if (message.nonce !== undefined && message.nonce !== head.birth.nonce) {
    if (kept && isSame) ports.kept?.keep(kept);
    return undefined;
  }
  const known = kept && isSame ? kept : { journal: openJournal(head.birth) };
  const { journal } = known;
  for (const chunk of record.chunks) extendJournal(journal, chunk);
  return { readAt, head, known, mail: mailAsRead(journal, record.mail) };
}

async function ownerOf(ports: Ports, journal: Journal): Promise<{ ownerIsGone: boolean; ownerIsOther: boolean }> {
  const { current, birth } = journal;
  const owner = current.phase === 'claimed' ? current.driver : current.phase === 'fresh' ? birth.host : undefined;
  if (owner === undefined) return { ownerIsGone: false, ownerIsOther: false };
  if (owner.split('.')[0] === ports.liveness.self) return { ownerIsGone: false, ownerIsOther: false };
  return { ownerIsGone: await ports.liveness.isGone(owner), ownerIsOther: true };
}

async function takeTurn(
  ports: Ports,
  { head, known, mail, readAt, isFromMessage = false }: Opened,
  { lazy, takeover }: { lazy: boolean; takeover: boolean },
  message: Message,
  options: DriveOptions,
): Promise<DriveEnd> {
  const { journal } = known;
  const { workflow, version } = journal.birth;
  const run = { ports, journal, head };
  if (journal.current.phase === 'claimed' && journal.takeovers >= ports.limits.takeovers) {
    const message = `The run's driver died ${journal.takeovers} times without progress (limit takeovers). It probably kills its process while it is replayed.`;
    return parkBlocked(run, takeover, 'crashing', message);
  }
  const definition = await findForOpenRun(ports, workflow, version);
  if ('reason' in definition) return parkBlocked(run, takeover, 'not_deployed', definition.reason);
  const turn = createTurn(ports, {
    definition,
    known,
    mail,
    head,
    readAt,
    lazy,
    readsAside: isFromMessage,
    takeover,
    checkChildren: takeover || (message.kind === 'wake' && message.from === 'sweeper'),
    until: options.until,
  });
  options.onTurn?.(turn);
  return turn.run();
}

/** A run in a format from the future: somebody with newer code will see to it (K26). Throws what is to come again. */
async function postpone(ports: Ports, message: Message, fault: Fault): Promise<DriveEnd> {
  const head = await ports.store.readHead(message.run);
  if (head && isOpen(head.state)) {
    const { nonce } = head.birth;
    const state = { ...head.state, wakeAt: ports.clock.now() + minute };
    await ports.store.updateHead(message.run, { state }, { nonce, wakeAt: head.state.wakeAt });
  }
  // Who is just parking the run may take that back, and nobody looks at a closed head by himself.
  if (head && message.kind === 'mail') throw fault;
  return 'left';
}

/** A journal that cannot be read takes no event; its head at least says why the run stands still. */
async function showDamage(ports: Ports, run: string, reason: string): Promise<DriveEnd> {
  const head = await ports.store.readHead(run);
  if (head && isOpen(head.state)) {
    const wakeAt = ports.clock.now() + 60 * minute;
    await ports.store.updateHead(run, { state: { status: 'blocked', wakeAt, reason } }, { nonce: head.birth.nonce });
    ports.changes.publish(run);
  }
  return 'blocked';
}
