import type { Mail } from './events.ts';
import type { Journal } from './journal.ts';
import type { Ports } from './ports.ts';
import { retrying } from './retrying.ts';
import { Lost } from './turn-faults.ts';

/** The mail that was read with a run. */
export interface MailAsRead {
  unread: Mail[];
  /** Ids of mail that the journal holds already: the store may let go of it. */
  heard: string[];
}

export function mailAsRead(journal: Journal, mail: readonly Mail[]): MailAsRead {
  return {
    unread: mail.filter(({ id }) => !journal.heard.has(id)),
    heard: mail.flatMap(({ id }) => (journal.heard.has(id) ? [id] : [])),
  };
}

/**
 * What a turn knows of outside events: which it has read, which its program has been told of, and which the store need not keep
 * as mail any longer, since the journal holds them.
 */
export interface Mailbox {
  /** Nothing is unread. */
  readonly isEmpty: boolean;
  /** The tail holds outside events. */
  readonly hasTold: boolean;
  /** Takes out what came first of what the program has not been told of. */
  next(): Mail['event'] | undefined;
  /** The event is in the tail now. */
  tell(id: string): void;
  /** The tail is written, or made anew. */
  tailTaken(): void;
  /** Ids of mail that the journal holds, and the store does, too. Answers once. */
  letGo(): string[];
  /** Reads what others have written. Throws `Lost` where that is another driver's append, or the run is gone. */
  read(): Promise<void>;
}

class TurnMailbox implements Mailbox {
  readonly #ports: Ports;
  readonly #journal: Journal;
  readonly #driver: string;
  #unread: Mail[];
  #heard: string[];
  /** Ids of those in the turn's tail: fed, and not yet in the journal. */
  readonly #told = new Set<string>();

  constructor(ports: Ports, journal: Journal, driver: string, { unread, heard }: MailAsRead) {
    this.#ports = ports;
    this.#journal = journal;
    this.#driver = driver;
    this.#unread = unread;
    this.#heard = heard;
  }

  get isEmpty(): boolean {
    return this.#unread.length === 0;
  }

  get hasTold(): boolean {
    return this.#told.size > 0;
  }

  next(): Mail['event'] | undefined {
    for (let mail = this.#unread.shift(); mail; mail = this.#unread.shift()) {
      if (!this.#isHeard(mail.event.id)) return mail.event;
    }
    return undefined;
  }

  tell(id: string): void {
    this.#told.add(id);
  }

  tailTaken(): void {
    if (this.#told.size > 0) this.#told.clear();
  }

  letGo(): string[] {
    const heard = this.#heard;
    this.#heard = [];
    return heard;
  }

  async read(): Promise<void> {
    const { birth } = this.#journal;
    const record = await retrying(this.#ports, () => this.#ports.store.read(birth.id, this.#journal.position));
    if (!record || record.head.birth.nonce !== birth.nonce) throw new Lost();
    const [next] = record.chunks;
    // The turn's own may have come meanwhile, if this is its first reading.
    if (next?.driver && next.driver.id !== this.#driver) throw new Lost();
    const { unread, heard } = mailAsRead(this.#journal, record.mail);
    this.#unread = unread;
    this.#heard = heard;
  }

  #isHeard(id: string): boolean {
    return this.#journal.heard.has(id) || this.#told.has(id);
  }
}

/** `driver`: the turn's, by which it knows its own appends. */
export function createMailbox(ports: Ports, journal: Journal, driver: string, read: MailAsRead): Mailbox {
  return new TurnMailbox(ports, journal, driver, read);
}
