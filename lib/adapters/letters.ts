import { idLetters } from '../ports/ids.ts';

const letterCodes = Buffer.from(idLetters, 'latin1');
const spelt = Buffer.alloc(32);

/**
 * Bytes as letters of identifiers, five bits each; the last one is filled up with zeros. At most 20 bytes. By way of a buffer: a text
 * put together letter by letter keeps all its pieces for as long as it is there.
 */
export function toLetters(bytes: Uint8Array, from = 0, end = bytes.length): string {
  let length = 0;
  let bits = 0;
  let held = 0;
  const spell = (value: number) => {
    spelt[length] = letterCodes[value & 31] as number;
    length += 1;
  };
  for (let at = from; at < end; at += 1) {
    held = (held << 8) | (bytes[at] as number);
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      spell(held >> bits);
    }
    held &= (1 << bits) - 1;
  }
  if (bits > 0) spell(held << (5 - bits));
  return spelt.toString('latin1', 0, length);
}
