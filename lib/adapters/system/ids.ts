import { hash, randomFillSync } from 'node:crypto';
import type { Ids } from '../../ports/ids.ts';
import { toLetters } from '../letters.ts';

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

export const systemIds: Ids = {
  random: () => toLetters(takeRandom((ID_LENGTH * 5) / 8)),
  fraction: () => takeRandom(6).readUIntBE(0, 6) / 2 ** 48,
  digest: (text) => toLetters(hash('sha256', text, 'buffer').subarray(0, DIGEST_BYTES)),
};
