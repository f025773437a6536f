import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { act, command, type TargetFlags, withTarget } from '../command-options.ts';
import { who } from '../who.ts';
import { changeActive } from './change-active.ts';

export function rollbackCommand(cli: Cli): Command {
  return withTarget(
    command('rollback', 'have new runs get again what they got before the last change', [
      ['pawl workflow rollback orders', 'again goes one further back'],
    ]),
  )
    .argument('<name>', 'the name of a registered workflow')
    .option('--json', 'print the workflow as one JSON object')
    .action(
      act(cli, (name: string, flags: TargetFlags & { json?: boolean }) =>
        changeActive(cli, name, flags, (api) => api.rollbackWorkflow(name, { by: who() })),
      ),
    );
}
