/** A process of clients: told by its parent what to do, it tells each second what happened. */
import { type ClosedOptions, closedLoopOverHttp, type Loader, type OpenOptions, openLoop } from './drive-load.ts';
import type { Tally } from './tally.ts';

export type ToClient =
  | { do: 'closed'; url: string; options: Omit<ClosedOptions, 'start'> }
  | { do: 'open'; options: OpenOptions }
  | { do: 'stop' };
export type FromClient =
  | { say: 'tally'; tally: Tally }
  /** All that was begun has ended. `open`: accepted, and not known to have ended. */
  | { say: 'stopped'; open: string[]; complaints: string[] };

let loader: Loader | undefined;
const tell = (message: FromClient) => process.send?.(message);
const timer = setInterval(() => loader && tell({ say: 'tally', tally: loader.take() }), 1_000);

process.on('message', async (message: ToClient) => {
  if (message.do === 'closed') loader = closedLoopOverHttp(message.url, message.options);
  else if (message.do === 'open') loader = openLoop(message.options);
  else if (loader !== undefined) {
    await loader.stop();
    tell({ say: 'tally', tally: loader.take() });
    tell({ say: 'stopped', open: [...loader.open], complaints: loader.complaints });
    loader = undefined;
  }
});
process.on('disconnect', () => clearInterval(timer));
