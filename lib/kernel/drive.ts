import type { Message } from '../ports/queue.ts';
import { admit } from './admission.ts';
import { createAppender, retrying } from './appender.ts';
import type { Definition } from './definition.ts';
import type { Mail, RunEvent } from './events.ts';
import { isFault } from './faults.ts';
import { type Head, isOpen } from './head.ts';
import { foldJournal, headStateOf, type Journal } from './journal.ts';
import { announce } from './outbox.ts';
import type { Ports } from './ports.ts';
import { endOfOverdue } from './settle.ts';
import { blockedDelay } from './suspension.ts';
import { createTurn, type Turn, type TurnEnd } from './turn.ts';

/**
 * From a message to the end of a turn: store what came, read the run once, decide, act.
 */

export type DriveEnd = TurnEnd | 'left';

export interface DriveOptions {
  /** How often this message has been received, this time included. */
  receives: number;
  /** Told of the turn while it runs, so that it can be nudged and drained. */
  onTurn?: (turn: Turn) => void;
}

const minute = 60_000;

/** Rejects if the message should come again. */
export async function drive(ports: Ports, message: Message, options: DriveOptions): Promise<DriveEnd> {
  if (message.kind === 'mail' && ports.queue.durable) {
    await retrying(ports, () => ports.store.putMail(message.run, message.nonce, message.mail));
  }
  let opened: Opened | undefined;
  try {
    opened = await open(ports, message);
  } catch (error) {
    if (isFault(error, 'newer_format')) return postpone(ports, message.run);
    if (isFault(error, 'corrupt')) return showDamage(ports, message.run, error.message);
    throw error;
  }
  if (!opened) return 'left';
  const { head, journal, unread } = opened;
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
    case 'repair':
      await raise(ports, journal, head);
      return 'left';
    case 'suspend_again':
      return suspendAgain(ports, journal, head);
    case 'turn':
      return takeTurn(ports, opened, admission, message, options);
  }
}

interface Opened {
  head: Head;
  journal: Journal;
  unread: Mail[];
}

async function open(ports: Ports, message: Message): Promise<Opened | undefined> {
  const record = await retrying(ports, () => ports.store.read(message.run));
  if (!record || record.head.state.status === 'deleting') return undefined;
  const { head } = record;
  if (message.nonce !== undefined && message.nonce !== head.birth.nonce) return undefined;
  const journal = foldJournal(head.birth, record.chunks);
  return { head, journal, unread: record.mail.filter(({ id }) => !journal.heard.has(id)) };
}

async function ownerOf(ports: Ports, journal: Journal): Promise<{ ownerIsGone: boolean; ownerIsOther: boolean }> {
  const { current, birth } = journal;
  const owner = current.phase === 'claimed' ? current.driver : current.phase === 'fresh' ? birth.host : undefined;
  if (owner === undefined) return { ownerIsGone: false, ownerIsOther: false };
  return { ownerIsGone: await ports.liveness.isGone(owner), ownerIsOther: owner.split('.')[0] !== ports.liveness.self };
}

async function takeTurn(
  ports: Ports,
  { head, journal, unread }: Opened,
  { lazy, takeover }: { lazy: boolean; takeover: boolean },
  message: Message,
  options: DriveOptions,
): Promise<DriveEnd> {
  const { workflow, version } = journal.birth;
  if (journal.current.phase === 'claimed' && journal.takeovers >= ports.limits.takeovers) {
    const text = `The run's driver died ${journal.takeovers} times without progress (limit takeovers). It probably kills its process while it is replayed.`;
    return block(ports, journal, head, takeover, 'crashing', text);
  }
  const definition: Definition | undefined = ports.definitions.find(workflow, version);
  if (!definition) {
    return block(
      ports,
      journal,
      head,
      takeover,
      'not_deployed',
      `Workflow ${workflow}@${version} is not deployed here. Deploy it, and the run goes on.`,
    );
  }
  const turn = createTurn(ports, {
    definition,
    journal,
    mail: unread,
    wakeAt: isOpen(head.state) ? head.state.wakeAt : 0,
    lazy,
    takeover,
    checkChildren: takeover || (message.kind === 'wake' && message.from === 'sweeper'),
  });
  options.onTurn?.(turn);
  return turn.run();
}

/** Blocks a run without its program. Mail stays unread: it is for the program. */
async function block(
  ports: Ports,
  journal: Journal,
  head: Head,
  takeover: boolean,
  code: string,
  text: string,
): Promise<DriveEnd> {
  const now = ports.clock.now();
  const overdue = endOfOverdue(journal, ports.limits, text, now);
  if (overdue) return park(ports, journal, head, overdue, takeover, 'settled');
  const event: RunEvent = {
    type: 'run_blocked',
    at: now,
    code,
    message: text,
    retryAt: now + blockedDelay(journal.blocks),
  };
  return park(ports, journal, head, event, takeover, 'blocked');
}

async function suspendAgain(ports: Ports, journal: Journal, head: Head): Promise<DriveEnd> {
  const { current } = journal;
  const now = ports.clock.now();
  if (current.phase === 'blocked') {
    const { code, message, retryAt } = current;
    return park(ports, journal, head, { type: 'run_blocked', at: now, code, message, retryAt }, false, 'left');
  }
  if (current.phase !== 'suspended') return 'left';
  const { wakeAt, awaiting, paused } = current;
  return park(
    ports,
    journal,
    head,
    { type: 'run_suspended', at: now, wakeAt, awaiting, ...(paused && { paused: true as const }) },
    false,
    'left',
  );
}

async function park(
  ports: Ports,
  journal: Journal,
  head: Head,
  event: RunEvent,
  takeover: boolean,
  end: DriveEnd,
): Promise<DriveEnd> {
  const driver = `${ports.liveness.self}.${ports.ids.random()}`;
  if (event.type === 'run_blocked') await lowerTo(ports, journal, head, event.retryAt);
  const result = await createAppender(ports, journal, driver).append(
    [event],
    { leaseUntil: ports.clock.now(), takeover },
    [],
  );
  if (result !== 'written') return 'lost';
  if (journal.current.phase === 'settled') await announce(ports, journal);
  else if (event.type === 'run_suspended' && (await hasUnreadMail(ports, journal))) {
    // Whoever brought it has perhaps lost its place to this very append, and left (K19).
    await ports.queue.send({ kind: 'wake', run: journal.birth.id, nonce: journal.birth.nonce });
  } else await raise(ports, journal, head);
  return end;
}

/** Before an append that calls for an earlier look than the head knows of (K15). */
async function lowerTo(ports: Ports, journal: Journal, { state }: Head, wakeAt: number): Promise<void> {
  if (!isOpen(state) || state.wakeAt <= wakeAt) return;
  const { id, nonce } = journal.birth;
  const { position } = journal;
  await ports.store.updateHead(id, { state: { ...state, wakeAt }, position }, { nonce, positionAtMost: position });
}

async function hasUnreadMail(ports: Ports, journal: Journal): Promise<boolean> {
  const record = await ports.store.read(journal.birth.id, journal.position);
  return record?.mail.some(({ id }) => !journal.heard.has(id)) ?? false;
}

/** Makes the head say what the journal says (invariant 6). */
async function raise(ports: Ports, journal: Journal, head: Head): Promise<void> {
  const { id, nonce } = journal.birth;
  const wakeAt = isOpen(head.state) ? head.state.wakeAt : 0;
  await ports.store.updateHead(
    id,
    { state: headStateOf(journal, wakeAt), position: journal.position },
    { nonce, positionBelow: journal.position },
  );
  ports.changes.publish(id);
}

/** A run in a format from the future: somebody with newer code will see to it (K26). */
async function postpone(ports: Ports, run: string): Promise<DriveEnd> {
  const head = await ports.store.readHead(run);
  if (head && isOpen(head.state)) {
    const { nonce } = head.birth;
    const state = { ...head.state, wakeAt: ports.clock.now() + minute };
    await ports.store.updateHead(run, { state }, { nonce, wakeAt: head.state.wakeAt });
  }
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
