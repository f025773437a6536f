import type { Command } from 'commander';
import type { PawlApi } from '../../service/api.ts';
import type { Cli } from '../cli.ts';
import { act, command, type TargetFlags, withTarget } from '../command-options.ts';
import { type ExitCode, exitCode } from '../exit-codes.ts';
import { versionHead, workflowPage } from '../render/workflow.ts';
import { suggestWorkflow } from '../suggest.ts';
import { parseVersion } from './parse-version.ts';

interface ShowFlags extends TargetFlags {
  json?: boolean;
}

export function showWorkflowCommand(cli: Cli): Command {
  return withTarget(
    command('show', 'show a workflow and its versions, or the text of one version', [
      ['pawl workflow show orders', 'what is active, and all versions'],
      ['pawl workflow show orders 3 > orders.yaml', 'version 3 as it was registered'],
    ]),
  )
    .argument('<name>', 'the name of a workflow; "pawl workflow list" lists them')
    .argument('[version]', 'one of its versions', parseVersion)
    .option('--json', 'print one JSON object')
    .action(
      act(cli, (name: string, version: number | undefined, flags: ShowFlags) => show(cli, { name, version }, flags)),
    );
}

interface Wanted {
  name: string;
  version: number | undefined;
}

async function show(cli: Cli, { name, version }: Wanted, flags: ShowFlags): Promise<ExitCode> {
  const connection = await cli.connect({ ...flags, purpose: 'start', codeIsOptional: true });
  try {
    const { api } = connection;
    const shown = version === undefined ? showAll(cli, api, name, flags) : showOne(cli, api, name, version, flags);
    await shown.catch((error: unknown) => suggestWorkflow(error, api, name));
    return exitCode.ok;
  } finally {
    await connection.close();
  }
}

async function showAll({ terminal }: Cli, api: PawlApi, name: string, { json }: ShowFlags): Promise<void> {
  const workflow = await api.getWorkflow(name);
  const canvas = { width: terminal.outWidth(), colors: terminal.outColors };
  if (json) terminal.out(JSON.stringify(workflow));
  else for (const line of workflowPage(workflow, canvas)) terminal.out(line);
}

async function showOne(
  { terminal }: Cli,
  api: PawlApi,
  name: string,
  version: number,
  { json }: ShowFlags,
): Promise<void> {
  const found = await api.getWorkflowVersion(name, version);
  if (json) {
    terminal.out(JSON.stringify(found));
    return;
  }
  terminal.err(versionHead(found));
  if (found.source !== undefined) terminal.out(found.source.text.replace(/\n$/, ''));
}
