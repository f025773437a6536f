import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { act, command, type TargetFlags, withTarget } from './command-options.ts';
import type { ExitCode } from './exit-codes.ts';
import { readInput } from './input.ts';
import { tellRun } from './tell-run.ts';

interface SignalFlags extends TargetFlags {
  key?: string;
  json?: boolean;
}

export function signalCommand(cli: Cli): Command {
  return withTarget(
    command('signal', 'send a signal to a run', [
      [`pawl signal 4fq0… approval '{"approved": true}'`, 'with a payload'],
      ['pawl signal 4fq0… go', 'without one'],
      ['pawl signal 4fq0… payment payment.json --key tx-77', 'once per key, the payload from a file'],
    ]),
  )
    .argument('<id>', "the run's id")
    .argument('<name>', "the signal's name")
    .argument('[json]', "the payload: JSON, a file with JSON, or '-' for standard input")
    .option('-k, --key <key>', 'idempotency key: sent again, the signal counts once')
    .option('--json', 'print one JSON object: { accepted, eventId }')
    .action(
      act(cli, async (id: string, name: string, json: string | undefined, flags: SignalFlags): Promise<ExitCode> => {
        const payload = await readInput(cli, json);
        return tellRun(cli, id, flags, `Signal ${name} is accepted`, (api) =>
          api.signalRun(id, name, { payload, by: 'cli', ...(flags.key !== undefined && { key: flags.key }) }),
        );
      }),
    );
}
