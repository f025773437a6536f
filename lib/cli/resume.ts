import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { act, command, type TargetFlags, withTarget } from './command-options.ts';
import { tellRun } from './tell-run.ts';

export function resumeCommand(cli: Cli): Command {
  return withTarget(
    command('resume', 'let a paused or blocked run go on', [
      ['pawl resume 4fq0…', 'timers that came due meanwhile fire at once'],
    ]),
  )
    .argument('<id>', "the run's id")
    .option('--json', 'print one JSON object: { accepted, eventId }')
    .action(
      act(cli, (id: string, flags: TargetFlags & { json?: boolean }) =>
        tellRun(cli, id, flags, 'Resume is accepted', (api) => api.resumeRun(id, { by: 'cli' })),
      ),
    );
}
