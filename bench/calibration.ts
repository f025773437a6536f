import { join } from 'node:path';
import { openPlain } from './plain.ts';
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

export async function calibrate(dir: string): Promise<Calibration> {
  const plain = openPlain(join(dir, 'calibration.mdb'));
  await rateOf(300, 1, plain.put);
  const alone = await medianOf(times, () => rateOf(300, 1, plain.put));
  const together = await medianOf(times, () => plain.many(20_000));
  await plain.close();
  return { putMs: 1_000 / alone, putsPerSecond: alone, putsPerSecond64: together };
}
