/** A process that starts its own runs, as a user's program does, and waits for them. Told and telling like a client. */
import { type OpenPawlOptions, openPawl } from 'pawl';
import type { FromClient } from './client.ts';
import { closedLoop } from './drive-load.ts';
import { loadChain } from './workflows.ts';

const [dataDir = '', inFlight = '1', fsync = 'batch'] = process.argv.slice(2);
const tell = (message: FromClient | { say: 'heap'; heapMb: number; waiting: number }) => process.send?.(message);
const pawl = await openPawl({
  workflows: [loadChain],
  dataDir,
  fsync: fsync as NonNullable<OpenPawlOptions['fsync']>,
});
const loader = closedLoop({
  inFlight: Number(inFlight),
  name: 'in-process',
  start: (number, key) => pawl.start(loadChain, number, { key }),
});
const timer = setInterval(() => {
  tell({ say: 'tally', tally: loader.take() });
  tell({ say: 'heap', heapMb: process.memoryUsage().heapUsed / 1e6, waiting: pawl.load.waiting() });
}, 1_000);

process.on('message', async () => {
  await loader.stop();
  clearInterval(timer);
  tell({ say: 'tally', tally: loader.take() });
  tell({ say: 'stopped', open: [...loader.open], complaints: loader.complaints });
  await pawl.close();
  process.disconnect();
});
