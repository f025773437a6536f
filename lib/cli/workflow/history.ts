import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { act, command, type TargetFlags, wholeNumber, withTarget } from '../command-options.ts';
import { type ExitCode, exitCode } from '../exit-codes.ts';
import { changeTable } from '../render/workflow.ts';
import { suggestWorkflow } from '../suggest.ts';

interface HistoryFlags extends TargetFlags {
  limit: number;
  before?: number;
  json?: boolean;
}

export function workflowHistoryCommand(cli: Cli): Command {
  return withTarget(
    command('history', 'show what was changed about a registered workflow, when and by whom', [
      ['pawl workflow history orders', 'the latest change first'],
    ]),
  )
    .argument('<name>', 'the name of a registered workflow')
    .option('-n, --limit <number>', 'at most so many', wholeNumber(1, 200), 50)
    .option('--before <number>', 'only what was changed before this change', wholeNumber(1, 1_000_000_000))
    .option('--json', 'print one JSON object: { items, next? }')
    .action(act(cli, (name: string, flags: HistoryFlags) => history(cli, name, flags)));
}

async function history(cli: Cli, name: string, flags: HistoryFlags): Promise<ExitCode> {
  const { terminal } = cli;
  const { limit, before, json, ...target } = flags;
  const connection = await cli.connect({ ...target, purpose: 'start', codeIsOptional: true });
  try {
    const { api } = connection;
    const page = await api
      .getWorkflowHistory(name, { limit, ...(before !== undefined && { before }) })
      .catch((error: unknown) => suggestWorkflow(error, api, name));
    const canvas = { width: terminal.outWidth(), colors: terminal.outColors };
    if (json) terminal.out(JSON.stringify(page));
    else for (const line of changeTable(page.items, canvas)) terminal.out(line);
    if (!json && page.next !== undefined) terminal.err(`There are more: --before ${page.next}`);
    return exitCode.ok;
  } finally {
    await connection.close();
  }
}
