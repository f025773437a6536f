import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { act, command, type TargetFlags, wholeNumber, withDirectory } from './command-options.ts';
import type { LocalConnection } from './connect.ts';
import { captureConsole } from './console-capture.ts';
import { describeError } from './describe-error.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { hostApi } from './host-api.ts';
import { createPlainLog, type Log } from './log.ts';
import { requireLocal } from './require-local.ts';
import { untilStopped } from './until-stopped.ts';
import { watchFiles } from './watch-files.ts';

interface DevFlags extends Omit<TargetFlags, 'url'> {
  port?: number;
  verbose?: boolean;
}

const graceMs = 5_000;

export function devCommand(cli: Cli): Command {
  return withDirectory(
    command('dev', 'work on runs and answer HTTP on 127.0.0.1; workflows are reloaded when they change', [
      ['pawl dev', 'on http://127.0.0.1:8787, or where the configuration says'],
      ['pawl dev --port 9000', 'on another port; 0 takes any that is free'],
    ]),
  )
    .option('-p, --port <port>', 'the port', wholeNumber(0, 65_535))
    .action(act(cli, (flags: DevFlags) => dev(cli, flags)));
}

async function dev(cli: Cli, flags: DevFlags): Promise<ExitCode> {
  const log = createPlainLog(cli);
  const restoreConsole = captureConsole((line, stream) => log.say(stream === 'stdout' ? 'info' : 'warn', line));
  const stopped = untilStopped(cli);
  const connection = await cli.connect({ ...flags, purpose: 'work', observer: log.observer });
  try {
    const local = requireLocal(connection);
    const port = flags.port ?? local.project.config.port;
    const hosted = await hostApi({ api: connection.api, host: '127.0.0.1', port, log });
    const watching = reloadOnChange(cli, local, log, flags.verbose ?? false);
    log.say(
      'info',
      `Pawl works on ${local.project.dataDir} and answers at ${hosted.url} (documentation: ${hosted.url}/docs)`,
    );
    log.say('info', workflowsOf(local));
    await stopped;
    log.say('info', 'Ending all turns; once more to quit at once');
    watching.close();
    await hosted.close();
    await local.pawl.drain(graceMs);
    log.say('info', 'Ended. Open runs go on when a worker starts again');
    return exitCode.ok;
  } finally {
    await connection.close();
    restoreConsole();
  }
}

function workflowsOf({ loaded }: LocalConnection): string {
  const names = [...new Set((loaded?.workflows ?? []).map(({ name }) => name))];
  return `Workflows: ${names.join(', ')}`;
}

/** A change that does not build leaves the workflows as they are. */
function reloadOnChange(cli: Cli, local: LocalConnection, log: Log, verbose: boolean): { close(): void } {
  const { pawl, project } = local;
  let loaded = local.loaded;
  let reloading: Promise<void> | undefined;
  let again = false;

  async function reload(): Promise<void> {
    try {
      const next = await project.loadWorkflows();
      watch.set(watched(next.watchFiles));
      if (next.hash === loaded?.hash) return;
      await pawl.setWorkflows(next.workflows);
      loaded = next;
      log.say('info', `Reloaded. ${workflowsOf({ ...local, loaded: next })}`);
    } catch (error) {
      const read = error instanceof Error && 'watchFiles' in error ? (error.watchFiles as string[]) : [];
      watch.set([...watched(loaded?.watchFiles ?? []), ...read]);
      const lines = describeError(error, { colors: cli.terminal.errColors, verbose });
      log.say('error', 'The changed workflows do not load; the old ones stay');
      for (const line of lines) cli.terminal.err(`  ${line}`);
    }
  }
  const changed = () => {
    if (reloading !== undefined) {
      again = true;
      return;
    }
    reloading = reload().finally(() => {
      reloading = undefined;
      if (again) {
        again = false;
        changed();
      }
    });
  };
  const watched = (files: string[]) => [...files, ...(project.configFile === undefined ? [] : [project.configFile])];
  const watch = watchFiles(changed);
  watch.set(watched(loaded?.watchFiles ?? []));
  return watch;
}
