import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { act, command, type TargetFlags, withTarget } from '../command-options.ts';
import { who } from '../who.ts';
import { changeActive } from './change-active.ts';

export function deactivateCommand(cli: Cli): Command {
  return withTarget(
    command('deactivate', 'take no new runs of a workflow; open ones go on', [
      ['pawl workflow deactivate orders', '"pawl workflow rollback orders" undoes it'],
    ]),
  )
    .argument('<name>', 'the name of a registered workflow')
    .option('--json', 'print the workflow as one JSON object')
    .action(
      act(cli, (name: string, flags: TargetFlags & { json?: boolean }) =>
        changeActive(cli, name, flags, (api) => api.deactivateWorkflow(name, { by: who() })),
      ),
    );
}
