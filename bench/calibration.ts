import { join } from 'node:path';
import { open } from 'lmdb';
import { medianOf, rateOf } from './statistics.ts';

/** What this machine's disk allows: bare awaited LMDB puts of 200 bytes. */
export interface Calibration {
  /** One after the other, in ms. */
  putMs: number;
  putsPerSecond: number;
  /** With 64 in flight. */
  putsPerSecond64: number;
}

const times = 5;
const value = Buffer.alloc(200, 1);

export async function calibrate(dir: string): Promise<Calibration> {
  const db = open<Buffer, string>({ path: join(dir, 'calibration.mdb'), encoding: 'binary', overlappingSync: false });
  let count = 0;
  const put = () => {
    count += 1;
    return db.put(`key-${count}`, value);
  };
  await rateOf(300, 1, put);
  const alone = await medianOf(times, () => rateOf(300, 1, put));
  const together = await medianOf(times, () => rateOf(20_000, 64, put));
  await db.close();
  return { putMs: 1_000 / alone, putsPerSecond: alone, putsPerSecond64: together };
}
