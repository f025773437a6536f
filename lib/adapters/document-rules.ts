/** What the documents port means by usable names and texts, for every adapter. */
import { Fault } from '../kernel/faults.ts';

const longestName = 400;
const longestTextBytes = 256 * 1024;
const usable = /^[!-~]+$/;

/** Throws `Fault` invalid_input. */
export function assertUsableName(name: string, what: 'collection' | 'key' | 'prefix' | 'cursor'): void {
  if (name.length <= longestName && usable.test(name)) return;
  throw new Fault('invalid_input', `A document's ${what} has 1 to ${longestName} visible characters of ASCII.`, {
    problems: [{ path: what, message: 'not usable' }],
  });
}

/** Throws `Fault` too_large. */
export function assertUsableText(text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes <= longestTextBytes) return;
  throw new Fault('too_large', `A document has at most ${longestTextBytes} bytes; this one has ${bytes}.`);
}

/** Comes after every key that begins with what it is put behind. */
export const afterAll = '\u007f';
