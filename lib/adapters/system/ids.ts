import { hash, randomFillSync } from 'node:crypto';
import { type Ids, idLetters } from '../../ports/ids.ts';

const ID_LENGTH = 24;
const DIGEST_BYTES = 16;

// One call for many: asking the system for each identifier's bytes costs more than all else about it.
const pool = Buffer.alloc(16_384);
let used = pool.length;

function takeRandom(bytes: number): Buffer {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.subarray(used - bytes, used);
}

const letterCodes = Buffer.from(idLetters, 'latin1');
const spelt = Buffer.alloc(32);

/** By way of a buffer: a text put together letter by letter is one of pieces until somebody reads it. At most 20 bytes. */
function toBase32(bytes: Buffer): string {
  let length = 0;
  let bits = 0;
  let held = 0;
  const spell = (value: number) => {
    spelt[length] = letterCodes[value & 31] as number;
    length += 1;
  };
  for (const byte of bytes) {
    held = (held << 8) | byte;
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

export const systemIds: Ids = {
  random: () => toBase32(takeRandom((ID_LENGTH * 5) / 8)),
  fraction: () => takeRandom(6).readUIntBE(0, 6) / 2 ** 48,
  digest: (text) => toBase32(hash('sha256', text, 'buffer').subarray(0, DIGEST_BYTES)),
};
