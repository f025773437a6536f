import type { Cli } from './cli.ts';
import { exitCode } from './exit-codes.ts';

/** Resolves at Ctrl-C or when told to terminate. The next time, the process ends at once. */
export function untilStopped(cli: Cli): Promise<'SIGINT' | 'SIGTERM'> {
  return new Promise((resolve) => {
    let stopping = false;
    cli.onStop((signal) => {
      if (stopping) cli.quit(signal === 'SIGINT' ? exitCode.interrupted : exitCode.terminated);
      stopping = true;
      resolve(signal);
    });
  });
}
