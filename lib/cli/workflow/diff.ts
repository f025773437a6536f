import type { Command } from 'commander';
import type { DiffWorkflowQuery } from '../../service/api.ts';
import type { Cli } from '../cli.ts';
import { act, command, type TargetFlags, withTarget } from '../command-options.ts';
import { type ExitCode, exitCode } from '../exit-codes.ts';
import { diffLines } from '../render/workflow.ts';
import { suggestWorkflow } from '../suggest.ts';
import { parseVersion } from './parse-version.ts';

interface DiffFlags extends TargetFlags {
  json?: boolean;
}

export function diffCommand(cli: Cli): Command {
  return withTarget(
    command('diff', 'show what differs between two versions of a registered workflow', [
      ['pawl workflow diff orders', 'the latest and the one before it'],
      ['pawl workflow diff orders 2 4', 'from version 2 to version 4'],
    ]),
  )
    .argument('<name>', 'the name of a registered workflow')
    .argument('[from]', 'default: the version before', parseVersion)
    .argument('[to]', 'default: the latest', parseVersion)
    .option('--json', 'print one JSON object: { name, from, to, tasks, hunks }')
    .action(
      act(cli, (name: string, from: number | undefined, to: number | undefined, flags: DiffFlags) =>
        diff(cli, name, { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }, flags),
      ),
    );
}

async function diff(cli: Cli, name: string, query: DiffWorkflowQuery, flags: DiffFlags): Promise<ExitCode> {
  const { terminal } = cli;
  const connection = await cli.connect({ ...flags, purpose: 'start', codeIsOptional: true });
  try {
    const { api } = connection;
    const found = await api.diffWorkflow(name, query).catch((error: unknown) => suggestWorkflow(error, api, name));
    const canvas = { width: terminal.outWidth(), colors: terminal.outColors };
    if (flags.json) terminal.out(JSON.stringify(found));
    else for (const line of diffLines(found, canvas)) terminal.out(line);
    return exitCode.ok;
  } finally {
    await connection.close();
  }
}
