/** What identifiers are made of: 32 letters, five bits each, in the order in which they sort. */
export const idLetters = '0123456789abcdefghjkmnpqrstvwxyz';

/** Where identifiers come from. A simulation passes a seeded one. */
export interface Ids {
  /** A new identifier with at least 120 random bits, sortable by nothing, made of [0-9a-z]. */
  random(): string;
  /** A number in [0, 1), for jitter. */
  fraction(): number;
  /** 128 bits of a SHA-256 over the text, in [0-9a-z]: the same text gives the same identifier everywhere. */
  digest(text: string): string;
}
