import type { Command } from 'commander';
import type { PawlApi, RunView } from '../service/api.ts';
import type { Cli } from './cli.ts';
import { act, command, type TargetFlags, withTarget } from './command-options.ts';
import { createDisplay, type Display } from './display.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { follow } from './follow.ts';
import { reportOutcome } from './outcome.ts';
import { suggestRun } from './suggest.ts';

interface WatchFlags extends TargetFlags {
  json?: boolean;
  verbose?: boolean;
}

export function watchCommand(cli: Cli): Command {
  return withTarget(
    command('watch', 'follow a run live until it ends, and print its output', [
      ['pawl watch 4fq0…', 'with what has happened so far'],
      ['pawl watch 4fq0… --json | jq .type', "the journal's events, one JSON object a line"],
    ]),
  )
    .argument('<id>', "the run's id")
    .option('--json', "print the journal's events instead, one JSON object a line")
    .action(act(cli, (id: string, flags: WatchFlags) => watch(cli, id, flags)));
}

async function watch(cli: Cli, id: string, flags: WatchFlags): Promise<ExitCode> {
  const stop = new AbortController();
  const stopListening = cli.onStop((signal) => {
    const code = signal === 'SIGINT' ? exitCode.interrupted : exitCode.terminated;
    if (stop.signal.aborted) cli.quit(code);
    else stop.abort(code);
  });
  const connection = await cli.connect({ ...flags, purpose: 'read' });
  try {
    const { api } = connection;
    const first = await api.getRun(id).catch((error: unknown) => suggestRun(error, api, id));
    if (first.closedAt === undefined && (await connection.workers()) === 0) {
      cli.terminal.err('No worker is running there: the run waits until one is. "pawl dev" starts one.');
    }
    const last = await shown(cli, api, id, stop.signal, flags);
    if (stop.signal.aborted) return stop.signal.reason as ExitCode;
    if (flags.json) return last.status === 'completed' ? exitCode.ok : exitCode.failed;
    return reportOutcome(cli, last, { json: false, verbose: flags.verbose ?? false });
  } finally {
    stopListening();
    await connection.close();
  }
}

async function shown(cli: Cli, api: PawlApi, id: string, signal: AbortSignal, flags: WatchFlags): Promise<RunView> {
  const display = flags.json ? jsonLines(cli) : await createDisplay(cli);
  try {
    return await follow(api, id, display, { signal });
  } finally {
    display.close();
  }
}

function jsonLines({ terminal }: Cli): Display {
  return {
    entry: (entry) => terminal.out(JSON.stringify(entry)),
    stepStarted: () => {},
    note: (line) => terminal.err(line),
    nextRun: (id) => terminal.err(`goes on as run ${id}`),
    close: () => {},
  };
}
