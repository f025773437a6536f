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

function toBase32(bytes: Buffer): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += idLetters[(held >> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + idLetters[(held << (5 - bits)) & 31];
}

export const systemIds: Ids = {
  random: () => toBase32(takeRandom((ID_LENGTH * 5) / 8)),
  fraction: () => takeRandom(6).readUIntBE(0, 6) / 2 ** 48,
  digest: (text) => toBase32(hash('sha256', text, 'buffer').subarray(0, DIGEST_BYTES)),
};
