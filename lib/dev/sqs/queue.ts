/**
 * One standard queue, driven by a clock.
 * Owns: which messages are visible, delayed or in flight, who waits for them, how often each was received, and when one
 * is moved to the dead letters. Does not own: parameters and their limits, which are checked before.
 * Invariants: a message is visible or hidden, never both. A dead letter moves when it would be received once too often,
 * without that receive being counted; it keeps its id, its time of sending and its count, and starts anew in what counts
 * for the next move.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import type { Content } from './content.ts';
import { invalidValue, SqsError } from './errors.ts';
import type { SentMessage, SqsFaults } from './faults.ts';
import { fromHandle, toHandle } from './receipt.ts';
import { numberOf, type QueueSettings, redrivePolicyOf } from './settings.ts';
import { createWaiters } from './waiters.ts';

/** In SQS's hands. Times are ms since the epoch. */
export interface StoredMessage extends SentMessage {
  messageId: string;
  content: Content;
  sentAt: number;
  /** In all queues that it has been in. */
  receives: number;
  firstReceivedAt?: number;
  /** The queue in which it died. */
  deadLetterSourceArn?: string;
}

export interface ReceivedMessage {
  message: Readonly<StoredMessage>;
  handle: string;
}

interface ReceiveOptions {
  max: number;
  waitMs: number;
  /** Default: the queue's setting. */
  visibilityMs?: number | undefined;
  /** Who is gone gets nothing any more. */
  signal?: AbortSignal | undefined;
}

interface QueueCounts {
  visible: number;
  inFlight: number;
  delayed: number;
}

export interface LocalQueue {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  settings: QueueSettings;
  settingsChangedAt: number;
  purgedAt: number | undefined;
  /** `delayMs` defaults to the queue's setting. Answers with the message's id. */
  send(content: Content, delayMs?: number): string;
  receive(options: ReceiveOptions): Promise<ReceivedMessage[]>;
  /** Of a delivery that is over nothing is deleted. Throws `ReceiptHandleIsInvalid` for what never was a handle. */
  remove(handle: string): void;
  /** Counted from now on, and at most 12 hours from the receive on. */
  changeVisibility(handle: string, visibilityMs: number): void;
  counts(): QueueCounts;
  purge(): void;
  /** Takes what died elsewhere. */
  accept(message: StoredMessage): void;
  /** How many receives wait for a message. */
  readonly waiting: number;
  /** Lets those who wait go with nothing, and forgets the messages. */
  close(): void;
}

/** A message in this queue. */
interface Entry extends SentMessage {
  message: StoredMessage;
  serial: number;
  receivesHere: number;
  receivedAt: number;
  /** Absent while it is visible. */
  hidden?: { reason: 'delayed' | 'in flight'; stopTimer(): void } | undefined;
}

const longestInFlightMs = 12 * 60 * 60 * 1_000;

export interface LocalQueueOptions {
  name: string;
  arn: string;
  settings: QueueSettings;
  clock: Clock;
  faults: SqsFaults;
  findByArn(arn: string): LocalQueue | undefined;
}

export function createLocalQueue({ name, arn, settings, clock, faults, findByArn }: LocalQueueOptions): LocalQueue {
  const scope = `${name} ${randomUUID()}`;
  const entries = new Map<number, Entry>();
  const visible = new Set<Entry>();
  const waiters = createWaiters<ReceiveOptions, ReceivedMessage>(clock);
  let lastSerial = 0;
  /** No message was sent before. */
  let firstSentAt = Number.POSITIVE_INFINITY;

  function add(message: StoredMessage, delayMs: number): void {
    lastSerial += 1;
    firstSentAt = Math.min(firstSentAt, message.sentAt);
    const { body } = message;
    const entry: Entry = { queue: name, body, message, serial: lastSerial, receivesHere: 0, receivedAt: 0 };
    entries.set(entry.serial, entry);
    if (delayMs > 0) hide(entry, delayMs, 'delayed');
    else show(entry);
  }

  function forget(entry: Entry): void {
    entry.hidden?.stopTimer();
    visible.delete(entry);
    entries.delete(entry.serial);
  }

  function hide(entry: Entry, ms: number, reason: 'delayed' | 'in flight'): void {
    entry.hidden?.stopTimer();
    visible.delete(entry);
    entry.hidden = { reason, stopTimer: clock.schedule(clock.now() + ms, () => show(entry)) };
  }

  function show(entry: Entry): void {
    entry.hidden?.stopTimer();
    entry.hidden = undefined;
    visible.add(entry);
    waiters.serve(take);
  }

  function take({ max, visibilityMs = milliseconds('VisibilityTimeout') }: ReceiveOptions): ReceivedMessage[] {
    dropExpired();
    const taken: ReceivedMessage[] = [];
    for (const entry of faults.order?.([...visible]) ?? visible) {
      if (taken.length >= max) break;
      if (visible.has(entry) && !movedToDeadLetters(entry)) taken.push(deliver(entry, visibilityMs));
    }
    return taken;
  }

  function deliver(entry: Entry, visibilityMs: number): ReceivedMessage {
    const { message, serial } = entry;
    entry.receivedAt = clock.now();
    entry.receivesHere += 1;
    message.receives += 1;
    message.firstReceivedAt ??= entry.receivedAt;
    if (visibilityMs > 0) hide(entry, visibilityMs, 'in flight');
    return { message: { ...message }, handle: toHandle(scope, { serial, receive: entry.receivesHere }) };
  }

  function movedToDeadLetters(entry: Entry): boolean {
    const policy = redrivePolicyOf(self.settings);
    if (policy === undefined || entry.receivesHere < policy.maxReceiveCount) return false;
    const target = findByArn(policy.deadLetterTargetArn);
    if (target === undefined) return false;
    forget(entry);
    target.accept({ ...entry.message, deadLetterSourceArn: arn });
    return true;
  }

  function dropExpired(): void {
    const from = clock.now() - milliseconds('MessageRetentionPeriod');
    if (firstSentAt > from) return;
    firstSentAt = Number.POSITIVE_INFINITY;
    for (const entry of entries.values()) {
      if (entry.message.sentAt <= from) forget(entry);
      else firstSentAt = Math.min(firstSentAt, entry.message.sentAt);
    }
  }

  function milliseconds(setting: string): number {
    return numberOf(self.settings, setting) * 1_000;
  }

  /** `undefined`: the message is gone, or was delivered once more since. */
  function current(handle: string): Entry | undefined {
    const receipt = fromHandle(scope, handle);
    if (receipt === undefined) {
      throw new SqsError(
        'ReceiptHandleIsInvalid',
        `The input receipt handle "${handle}" is not a valid receipt handle.`,
      );
    }
    const entry = entries.get(receipt.serial);
    return entry?.receivesHere === receipt.receive ? entry : undefined;
  }

  const self: LocalQueue = {
    name,
    arn,
    createdAt: clock.now(),
    settings,
    settingsChangedAt: clock.now(),
    purgedAt: undefined,

    send(content, delayMs = milliseconds('DelaySeconds')) {
      const sent: SentMessage = { queue: name, body: content.body };
      const { copies = 1, lateMs = 0 } = faults.arrival?.(sent) ?? {};
      const message = { ...sent, messageId: randomUUID(), content, sentAt: clock.now(), receives: 0 };
      for (let copy = 0; copy < copies; copy += 1) add({ ...message }, delayMs + lateMs);
      return message.messageId;
    },

    async receive(options) {
      const taken = take(options);
      const isOver = taken.length > 0 || options.waitMs <= 0 || options.signal?.aborted;
      return isOver ? taken : waiters.wait(options);
    },

    remove(handle) {
      const entry = current(handle);
      if (entry) forget(entry);
    },

    changeVisibility(handle, visibilityMs) {
      const entry = current(handle);
      if (entry === undefined) {
        throw invalidValue(
          handle,
          'ReceiptHandle',
          'Message does not exist or is not available for visibility timeout change.',
        );
      }
      if (entry.hidden === undefined) return;
      if (clock.now() + visibilityMs > entry.receivedAt + longestInFlightMs) {
        throw invalidValue(
          visibilityMs / 1_000,
          'VisibilityTimeout',
          'Total VisibilityTimeout for the message is beyond the limit [43200 seconds]',
        );
      }
      if (visibilityMs > 0) hide(entry, visibilityMs, 'in flight');
      else show(entry);
    },

    counts() {
      dropExpired();
      const delayed = [...entries.values()].filter(({ hidden }) => hidden?.reason === 'delayed').length;
      return { visible: visible.size, inFlight: entries.size - visible.size - delayed, delayed };
    },

    purge() {
      for (const entry of entries.values()) forget(entry);
      self.purgedAt = clock.now();
    },

    accept(message) {
      add({ ...message, queue: name }, 0);
    },

    get waiting() {
      return waiters.size;
    },

    close() {
      for (const entry of entries.values()) forget(entry);
      waiters.dismiss();
    },
  };
  return self;
}
