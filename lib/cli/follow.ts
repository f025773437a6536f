import type { PawlApi, RunView } from '../service/api.ts';
import type { Display } from './display.ts';
import { millis } from './render/time.ts';

export interface FollowOptions {
  signal: AbortSignal;
  /** Come back too when the run is blocked at or after this time: it will not go on without a person. */
  blockedSince?: number;
}

/** Shows the run, and those that go on where it ended, until the end; answers with the last one's final view. */
export async function follow(api: PawlApi, id: string, display: Display, options: FollowOptions): Promise<RunView> {
  const { signal, blockedSince } = options;
  for await (const entry of api.watchRun(id, { signal })) {
    display.entry(entry);
    if (entry.type !== 'run_blocked' || blockedSince === undefined) continue;
    if ((millis(entry.at) ?? 0) >= blockedSince) {
      const run = await api.getRun(id);
      if (run.status === 'blocked') return run;
    }
  }
  const run = await api.getRun(id);
  if (run.continuedAs === undefined || signal.aborted) return run;
  display.nextRun(run.continuedAs);
  return follow(api, run.continuedAs, display, options);
}
