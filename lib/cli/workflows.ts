import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { act, command, type TargetFlags, withTarget } from './command-options.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { workflowList } from './render/run-list.ts';

interface WorkflowsFlags extends TargetFlags {
  json?: boolean;
}

export function workflowsCommand(cli: Cli): Command {
  return withTarget(
    command('workflows', 'list the workflows that can be run', [
      ['pawl workflows', 'names, versions and inputs'],
      [`pawl workflows --json | jq '.items[].input'`, 'the JSON Schemas of their inputs'],
    ]),
  )
    .option('--json', 'print one JSON object: { items }')
    .action(act(cli, (flags: WorkflowsFlags) => workflows(cli, flags)));
}

async function workflows(cli: Cli, flags: WorkflowsFlags): Promise<ExitCode> {
  const { terminal } = cli;
  const connection = await cli.connect({ ...flags, purpose: 'start' });
  try {
    const items = await connection.api.listWorkflows();
    const canvas = { width: terminal.outWidth(), colors: terminal.outColors };
    if (flags.json) terminal.out(JSON.stringify({ items }));
    else for (const line of workflowList(items, canvas)) terminal.out(line);
    return exitCode.ok;
  } finally {
    await connection.close();
  }
}
