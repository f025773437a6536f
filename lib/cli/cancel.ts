import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { act, command, type TargetFlags, withTarget } from './command-options.ts';
import { tellRun } from './tell-run.ts';

interface CancelFlags extends TargetFlags {
  reason?: string;
  json?: boolean;
}

export function cancelCommand(cli: Cli): Command {
  return withTarget(
    command('cancel', 'cancel a run: running steps are aborted, what was done is compensated', [
      ['pawl cancel 4fq0…', ''],
      ['pawl cancel 4fq0… --reason "ordered twice"', 'the reason is kept in the journal'],
    ]),
  )
    .argument('<id>', "the run's id")
    .option('--reason <text>', 'why, for the record and for the workflow')
    .option('--json', 'print one JSON object: { accepted, eventId }')
    .action(
      act(cli, (id: string, flags: CancelFlags) =>
        tellRun(cli, id, flags, 'Cancel is accepted', (api) =>
          api.cancelRun(id, { by: 'cli', ...(flags.reason !== undefined && { reason: flags.reason }) }),
        ),
      ),
    );
}
