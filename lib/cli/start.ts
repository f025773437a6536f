import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { act, command, type TargetFlags, withTarget } from './command-options.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { readInput } from './input.ts';
import { shellWords } from './shell-words.ts';
import { suggestWorkflow } from './suggest.ts';

interface StartFlags extends TargetFlags {
  input?: string;
  key?: string;
  correlation?: string;
  json?: boolean;
}

export function startCommand(cli: Cli): Command {
  return withTarget(
    command('start', 'start a run and return at once with its id', [
      ['pawl start nightly --key 2026-03-01', 'once per key'],
      ['id=$(pawl start hello -i hello.json)', 'nothing but the id is printed to standard output'],
      ['pawl start hello --url http://127.0.0.1:8787', 'on a server'],
    ]),
  )
    .argument('<workflow>', 'the name of a workflow; "pawl workflows" lists them')
    .option('-i, --input <input>', "a file with JSON, JSON itself, or '-' for standard input")
    .option('-k, --key <key>', 'idempotency key: the same workflow and key is the same run')
    .option('--correlation <id>', 'an id of yours to find the run by')
    .option('--json', 'print the whole run as one JSON object')
    .action(act(cli, (workflow: string, flags: StartFlags) => start(cli, workflow, flags)));
}

async function start(cli: Cli, workflow: string, flags: StartFlags): Promise<ExitCode> {
  const { terminal } = cli;
  const input = await readInput(cli, flags.input);
  const connection = await cli.connect({ ...flags, purpose: 'start' });
  try {
    const request = {
      workflow,
      input,
      origin: 'pawl start',
      ...(flags.key !== undefined && { key: flags.key }),
      ...(flags.correlation !== undefined && { correlationId: flags.correlation }),
    };
    const { api } = connection;
    const { run, created } = await api
      .startRun(request)
      .catch((error: unknown) => suggestWorkflow(error, api, workflow));
    const name = `run of ${run.workflow} version ${run.version}`;
    terminal.err(created ? `Started a ${name}` : `There is already a ${name} with this key: ${run.status}`);
    const { program } = await cli.environment();
    const target = connection.target;
    terminal.err(`To see it: ${program} ${shellWords(['watch', run.id, ...target])}`);
    if ((await connection.workers()) === 0) {
      terminal.err('No worker is running there, so the run waits. Start one and leave it running with:');
      terminal.err(`  ${program} ${shellWords(['dev', ...target])}`);
    }
    terminal.out(flags.json ? JSON.stringify(run) : run.id);
    return exitCode.ok;
  } finally {
    await connection.close();
  }
}
