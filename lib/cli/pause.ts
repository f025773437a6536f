import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { act, command, type TargetFlags, withTarget } from './command-options.ts';
import { tellRun } from './tell-run.ts';

export function pauseCommand(cli: Cli): Command {
  return withTarget(
    command('pause', 'pause a run: no new step begins until it is resumed', [
      ['pawl pause 4fq0…', 'steps that are running end and are recorded'],
    ]),
  )
    .argument('<id>', "the run's id")
    .option('--json', 'print one JSON object: { accepted, eventId }')
    .action(
      act(cli, (id: string, flags: TargetFlags & { json?: boolean }) =>
        tellRun(cli, id, flags, 'Pause is accepted', (api) => api.pauseRun(id, { by: 'cli' })),
      ),
    );
}
