/** Opens the store of a data directory for a process that only reads it, beside others that may be at work on it. */
import { type Environment, openForInspection } from '../adapters/lmdb/open.ts';
import { createPeers } from '../adapters/peers/peers.ts';
import { systemClock } from '../adapters/system/clock.ts';
import { systemIds } from '../adapters/system/ids.ts';

export async function openToInspect(dataDir: string): Promise<Environment> {
  const open = () => openForInspection(dataDir);
  const ignore = () => {};
  const peers = await createPeers({
    dataDir,
    role: 'client',
    clock: systemClock,
    ids: systemIds,
    onMessage: ignore,
    onPeerGone: ignore,
  }).catch(() => undefined);
  // Where there is no room for a socket, the data has to be readable all the same.
  if (peers === undefined) return open();
  try {
    return await peers.whileNobodyWrites(open);
  } finally {
    // Reading does not stop for anybody, and nobody is to wait for an answer.
    await peers.close();
  }
}
