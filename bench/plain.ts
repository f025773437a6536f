/** Plain awaited writes of 200 bytes with lmdb, beside which figures stand: the floor that nothing on it goes below. */
import { statSync } from 'node:fs';
import { open } from 'lmdb';
import { rateOf, timeOf } from './statistics.ts';

export interface PlainWrites {
  /** Under a new key. */
  put(): Promise<unknown>;
  /** So many, with 64 in flight; answers with writes per second. */
  many(count: number): Promise<number>;
  /** Groups of so many writes that begin together, one group after the other; answers with ms. */
  inGroups(sizes: readonly number[]): Promise<number>;
  /** Of the data file. */
  bytes(): number;
  close(): Promise<void>;
}

/** Runs, and writes beside them. */
export const inFlight = 64;
const value = Buffer.alloc(200, 1);

/** With the same setting of fsync as the embedded store has by default. */
export function openPlain(path: string): PlainWrites {
  const db = open<Buffer, string>({ path, encoding: 'binary', overlappingSync: false });
  let count = 0;
  const put = () => {
    count += 1;
    return db.put(`key-${count}`, value);
  };
  return {
    put,
    many: (writes) => rateOf(writes, inFlight, put),
    inGroups: (sizes) =>
      timeOf(async () => {
        for (const size of sizes) await Promise.all(Array.from({ length: size }, put));
      }),
    bytes: () => statSync(path).size,
    close: () => db.close(),
  };
}
