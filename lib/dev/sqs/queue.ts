/**
 * One standard queue, driven by a clock.
 * Owns: which messages are visible, delayed or in flight, who waits for them, how often each was received, and when one
 * is moved to the dead letters. Does not own: parameters and their limits, which are checked before.
 * Invariants: a message is visible or hidden, never both. A dead letter moves when it would be received once too often,
 * without that receive being counted, as SQS does it; it keeps its id, its time of sending and its count.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import type { Content } from './content.ts';
import { invalidValue, SqsError } from './errors.ts';
import type { SentMessage, SqsFaults } from './faults.ts';
import { fromHandle, type Receipt, toHandle } from './receipt.ts';
import { numberOf, type QueueSettings, redrivePolicyOf } from './settings.ts';

/** In SQS's hands. Times are ms since the epoch. */
export interface StoredMessage extends SentMessage {
  messageId: string;
  content: Content;
  sentAt: number;
  receives: number;
  firstReceivedAt?: number;
  /** The queue in which it died. */
  deadLetterSourceArn?: string;
}

export interface ReceivedMessage {
  message: Readonly<StoredMessage>;
  handle: string;
}

export interface ReceiveOptions {
  max: number;
  waitMs: number;
  /** Default: the queue's setting. */
  visibilityMs?: number | undefined;
  /** Who waits gets nothing any more. */
  signal?: AbortSignal | undefined;
}

export interface QueueCounts {
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

interface Waiter {
  options: ReceiveOptions;
  resolve(messages: ReceivedMessage[]): void;
  stop(): void;
}

interface Hidden {
  reason: 'delayed' | 'in flight';
  stopTimer(): void;
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
  const visible = new Set<StoredMessage>();
  const hidden = new Map<StoredMessage, Hidden>();
  /** Every message that is here, by its serial number. */
  const messages = new Map<number, StoredMessage>();
  const serials = new Map<StoredMessage, number>();
  const lastReceivedAt = new Map<StoredMessage, number>();
  const waiters = new Set<Waiter>();
  let lastSerial = 0;
  /** No message was sent before. */
  let firstSentAt = Number.POSITIVE_INFINITY;

  function add(message: StoredMessage, delayMs: number): void {
    lastSerial += 1;
    firstSentAt = Math.min(firstSentAt, message.sentAt);
    messages.set(lastSerial, message);
    serials.set(message, lastSerial);
    if (delayMs > 0) hide(message, delayMs, 'delayed');
    else show(message);
  }

  function forget(message: StoredMessage): void {
    hidden.get(message)?.stopTimer();
    hidden.delete(message);
    visible.delete(message);
    lastReceivedAt.delete(message);
    messages.delete(serials.get(message) ?? 0);
    serials.delete(message);
  }

  function hide(message: StoredMessage, ms: number, reason: Hidden['reason']): void {
    hidden.get(message)?.stopTimer();
    visible.delete(message);
    const stopTimer = clock.schedule(clock.now() + ms, () => show(message));
    hidden.set(message, { reason, stopTimer });
  }

  function show(message: StoredMessage): void {
    hidden.get(message)?.stopTimer();
    hidden.delete(message);
    visible.add(message);
    for (const waiter of waiters) {
      const taken = take(waiter.options);
      if (taken.length === 0) return;
      waiter.stop();
      waiter.resolve(taken);
    }
  }

  function take({ max, visibilityMs = seconds('VisibilityTimeout') }: ReceiveOptions): ReceivedMessage[] {
    dropExpired();
    const taken: ReceivedMessage[] = [];
    const inOrder = faults.order?.([...visible]) ?? visible;
    for (const message of inOrder) {
      if (taken.length >= max) break;
      if (!visible.has(message) || movedToDeadLetters(message)) continue;
      taken.push(deliver(message, visibilityMs));
    }
    return taken;
  }

  function deliver(message: StoredMessage, visibilityMs: number): ReceivedMessage {
    const now = clock.now();
    message.receives += 1;
    message.firstReceivedAt ??= now;
    lastReceivedAt.set(message, now);
    if (visibilityMs > 0) hide(message, visibilityMs, 'in flight');
    const receipt: Receipt = { serial: serials.get(message) ?? 0, receive: message.receives };
    return { message: { ...message }, handle: toHandle(scope, receipt) };
  }

  function movedToDeadLetters(message: StoredMessage): boolean {
    const policy = redrivePolicyOf(self.settings);
    if (policy === undefined || message.receives < policy.maxReceiveCount) return false;
    const target = findByArn(policy.deadLetterTargetArn);
    if (target === undefined) return false;
    forget(message);
    target.accept({ ...message, deadLetterSourceArn: arn });
    return true;
  }

  function dropExpired(): void {
    const from = clock.now() - seconds('MessageRetentionPeriod');
    if (firstSentAt > from) return;
    firstSentAt = Number.POSITIVE_INFINITY;
    for (const message of messages.values()) {
      if (message.sentAt <= from) forget(message);
      else firstSentAt = Math.min(firstSentAt, message.sentAt);
    }
  }

  function seconds(setting: string): number {
    return numberOf(self.settings, setting) * 1_000;
  }

  function delivered(handle: string): { message: StoredMessage; isCurrent: boolean } | undefined {
    const receipt = fromHandle(scope, handle);
    if (receipt === undefined) {
      throw new SqsError(
        'ReceiptHandleIsInvalid',
        `The input receipt handle "${handle}" is not a valid receipt handle.`,
      );
    }
    const message = messages.get(receipt.serial);
    return message && { message, isCurrent: message.receives === receipt.receive };
  }

  const self: LocalQueue = {
    name,
    arn,
    createdAt: clock.now(),
    settings,
    settingsChangedAt: clock.now(),
    purgedAt: undefined,

    send(content, delayMs = seconds('DelaySeconds')) {
      const messageId = randomUUID();
      const sentAt = clock.now();
      const { copies = 1, lateMs = 0 } = faults.arrival?.({ queue: name, body: content.body }) ?? {};
      for (let copy = 0; copy < copies; copy += 1) {
        add({ queue: name, body: content.body, messageId, content, sentAt, receives: 0 }, delayMs + lateMs);
      }
      return messageId;
    },

    async receive(options) {
      const taken = take(options);
      if (taken.length > 0 || options.waitMs <= 0 || options.signal?.aborted) return taken;
      return new Promise((resolve) => {
        const giveUp = () => {
          waiter.stop();
          resolve([]);
        };
        const stopTimer = clock.schedule(clock.now() + options.waitMs, giveUp);
        const stop = () => {
          stopTimer();
          options.signal?.removeEventListener('abort', giveUp);
          waiters.delete(waiter);
        };
        const waiter: Waiter = { options, resolve, stop };
        options.signal?.addEventListener('abort', giveUp);
        waiters.add(waiter);
      });
    },

    remove(handle) {
      const found = delivered(handle);
      if (found?.isCurrent) forget(found.message);
    },

    changeVisibility(handle, visibilityMs) {
      const found = delivered(handle);
      if (!found?.isCurrent) {
        throw invalidValue(
          handle,
          'ReceiptHandle',
          'Message does not exist or is not available for visibility timeout change.',
        );
      }
      const { message } = found;
      if (!hidden.has(message)) return;
      const until = clock.now() + visibilityMs;
      if (until > (lastReceivedAt.get(message) ?? 0) + longestInFlightMs) {
        throw invalidValue(
          visibilityMs / 1_000,
          'VisibilityTimeout',
          'Total VisibilityTimeout for the message is beyond the limit [43200 seconds]',
        );
      }
      if (visibilityMs > 0) hide(message, visibilityMs, 'in flight');
      else show(message);
    },

    counts() {
      dropExpired();
      const reasons = [...hidden.values()].map(({ reason }) => reason);
      const delayed = reasons.filter((reason) => reason === 'delayed').length;
      return { visible: visible.size, inFlight: reasons.length - delayed, delayed };
    },

    purge() {
      for (const message of messages.values()) forget(message);
      self.purgedAt = clock.now();
    },

    accept(message) {
      add({ ...message, queue: name }, 0);
    },

    get waiting() {
      return waiters.size;
    },

    close() {
      for (const message of messages.values()) forget(message);
      for (const { stop, resolve } of waiters) {
        stop();
        resolve([]);
      }
    },
  };
  return self;
}
