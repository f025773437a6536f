import { toReadingFault } from './faults.ts';
import type { Environment } from './open.ts';

/** lmdb keeps a snapshot for a while; what another process has committed since would be missing in it. */
export function readLatest<T>(env: Environment, read: () => T): T {
  env.resetReadTxn();
  try {
    return read();
  } catch (error) {
    throw toReadingFault(error);
  }
}
