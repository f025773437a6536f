import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { act, command, type TargetFlags, withTarget } from './command-options.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';

interface RedriveFlags extends TargetFlags {
  json?: boolean;
}

export function redriveCommand(cli: Cli): Command {
  return withTarget(
    command('redrive', 'send messages once more that could not be handled', [
      ['pawl redrive --url https://pawl.example.com', '"pawl doctor" says how many there are'],
    ]),
  )
    .option('--json', 'print one JSON object: { redriven }')
    .action(act(cli, (flags: RedriveFlags) => redrive(cli, flags)));
}

async function redrive(cli: Cli, flags: RedriveFlags): Promise<ExitCode> {
  const { terminal } = cli;
  const connection = await cli.connect({ ...flags, purpose: 'read' });
  try {
    const redriven = await connection.api.redriveDeadLetters();
    if (flags.json) terminal.out(JSON.stringify(redriven));
    else terminal.err(said(redriven.redriven));
    if (connection.local !== undefined && redriven.redriven === 0) {
      terminal.err('A worker on this directory keeps its dead letters to itself: ask it with --url.');
    }
    return exitCode.ok;
  } finally {
    await connection.close();
  }
}

function said(count: number): string {
  if (count === 0) return 'There are no dead letters.';
  return count === 1 ? '1 message is sent once more.' : `${count} messages are sent once more.`;
}
