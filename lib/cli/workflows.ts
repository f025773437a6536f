import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { act, command, type TargetFlags, withTarget } from './command-options.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { workflowList } from './render/workflow.ts';

interface WorkflowsFlags extends TargetFlags {
  json?: boolean;
}

export function workflowsCommand(cli: Cli): Command {
  return listCommand(cli, 'workflows', 'pawl workflows');
}

/** The same, among the verbs of `pawl workflow`. */
export function listWorkflowsCommand(cli: Cli): Command {
  return listCommand(cli, 'list', 'pawl workflow list');
}

function listCommand(cli: Cli, name: string, words: string): Command {
  return withTarget(
    command(name, 'list the workflows that can be run, in code and registered', [
      [words, 'names, versions and inputs'],
      [`${words} --json | jq '.items[].input'`, 'the JSON Schemas of their inputs'],
    ]),
  )
    .option('--json', 'print one JSON object: { items }')
    .action(act(cli, (flags: WorkflowsFlags) => workflows(cli, flags)));
}

async function workflows(cli: Cli, flags: WorkflowsFlags): Promise<ExitCode> {
  const { terminal } = cli;
  const connection = await cli.connect({ ...flags, purpose: 'start', codeIsOptional: true });
  try {
    const items = await connection.api.listWorkflows();
    // Where there is nothing at all, this says what to begin with.
    if (items.length === 0) await connection.local?.project.loadWorkflows();
    const canvas = { width: terminal.outWidth(), colors: terminal.outColors };
    if (flags.json) terminal.out(JSON.stringify({ items }));
    else for (const line of workflowList(items, canvas)) terminal.out(line);
    return exitCode.ok;
  } finally {
    await connection.close();
  }
}
