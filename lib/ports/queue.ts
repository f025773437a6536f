import type { Birth, Mail } from '../kernel/events.ts';

/**
 * `start`: the first turn of a fresh run, which may begin with the birth alone, if it is there. `wake`: look at the run. `mail`: store the outside event, then look.
 */
export type Message =
  | { kind: 'start'; run: string; nonce: string; birth?: Birth }
  | { kind: 'wake'; run: string; nonce?: string; from?: WakeSource }
  | { kind: 'mail'; run: string; nonce: string; mail: Mail; expiresAt?: number };

/** `opening`: a process has begun to work, perhaps with other code. `deployment`: there is other code, somebody says so. */
export type WakeSource = 'sweeper' | 'opening' | 'deployment';

export interface Delivery {
  message: Message;
  /** How often this message has been received, this time included. */
  receives: number;
  /** Names this delivery in `ack` and `retry`. */
  receipt: string;
}

/** Messages arrive at least once, in any order, perhaps late. */
export interface Queue {
  /** Whether what `send` accepted outlives every process. If not, facts are stored as mail before they are sent. */
  readonly durable: boolean;
  /** Resolves when the queue has the message. `delayMs` is cut to the queue's own limit (SQS: 15 minutes). */
  send(message: Message, options?: { delayMs?: number }): Promise<void>;
  /** Up to `max` messages that become invisible for the visibility timeout; waits up to `waitMs` for the first. */
  receive(options: { max: number; waitMs: number }): Promise<Delivery[]>;
  /** Done: the message is removed. A receipt that has run out is ignored. */
  ack(receipt: string): Promise<void>;
  /** Makes the message visible again after `delayMs`; past the receive limit it becomes a dead letter instead. */
  retry(receipt: string, delayMs: number): Promise<void>;
  /** How many messages ran out of receives; about, where the queue cannot tell exactly. */
  countDeadLetters(): Promise<number>;
  /** Some of them, at most `max`. Like received messages they are invisible for a time, and come again unless dropped. */
  receiveDeadLetters(max: number): Promise<Delivery[]>;
  dropDeadLetter(receipt: string): Promise<void>;
  /** Sends every dead letter once more, and answers with their number. */
  redrive(): Promise<number>;
}

/** The message as it is sent once more, where it may have been sent already: then the first turn reads before it begins. */
export function repeated(message: Message): Message {
  return message.kind === 'start' ? { kind: 'start', run: message.run, nonce: message.nonce } : message;
}
