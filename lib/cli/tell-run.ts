import type { Accepted, PawlApi } from '../service/api.ts';
import type { Cli } from './cli.ts';
import type { TargetFlags } from './command-options.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { suggestRun } from './suggest.ts';

/** Tells a run something and says that it is accepted, and whether anybody is there to act on it. */
export async function tellRun(
  cli: Cli,
  id: string,
  flags: TargetFlags & { json?: boolean },
  said: string,
  tell: (api: PawlApi) => Promise<Accepted>,
): Promise<ExitCode> {
  const { terminal } = cli;
  const connection = await cli.connect({ ...flags, purpose: 'read' });
  try {
    const { api } = connection;
    const accepted = await tell(api).catch((error: unknown) => suggestRun(error, api, id));
    terminal.err(
      (await connection.workers()) > 0 ? `${said}.` : `${said}. It has its effect once a worker runs: "pawl dev".`,
    );
    if (flags.json) terminal.out(JSON.stringify(accepted));
    return exitCode.ok;
  } finally {
    await connection.close();
  }
}
