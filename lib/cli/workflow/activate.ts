import type { Command } from 'commander';
import type { ActivateWorkflowRequest } from '../../service/api.ts';
import type { Cli } from '../cli.ts';
import { act, command, type TargetFlags, withTarget } from '../command-options.ts';
import { Complaint, type ExitCode } from '../exit-codes.ts';
import { who } from '../who.ts';
import { changeActive } from './change-active.ts';

export function activateCommand(cli: Cli): Command {
  return withTarget(
    command('activate', 'choose the versions that new runs get', [
      ['pawl workflow activate orders 4', 'all new runs get version 4'],
      ['pawl workflow activate orders 3=90 4=10', '10 of 100 get version 4; a key always gets the same'],
    ]),
  )
    .argument('<name>', 'the name of a registered workflow')
    .argument('<versions...>', 'a version, or several with their weights, which sum up to 100')
    .option('--json', 'print the workflow as one JSON object')
    .action(
      act(cli, (name: string, versions: string[], flags: TargetFlags & { json?: boolean }) =>
        activate(cli, name, versions, flags),
      ),
    );
}

async function activate(
  cli: Cli,
  name: string,
  words: string[],
  flags: TargetFlags & { json?: boolean },
): Promise<ExitCode> {
  const versions = words.map(versionOf);
  return changeActive(cli, name, flags, (api) => api.activateWorkflow(name, { versions, by: who() }));
}

function versionOf(word: string): ActivateWorkflowRequest['versions'][number] {
  const [, version, weight] = /^v?(\d{1,9})(?:=(\d{1,3})%?)?$/.exec(word) ?? [];
  if (version === undefined) {
    throw new Complaint(`'${word}' is no version`, { advice: ['Write it like 4, or like 3=90 4=10.'] });
  }
  return { version: Number(version), ...(weight !== undefined && { weight: Number(weight) }) };
}
