import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { act, command, type TargetFlags, wholeNumber, withDirectory } from './command-options.ts';
import { captureConsole } from './console-capture.ts';
import { devOnAws } from './dev-aws.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { hostApi } from './host-api.ts';
import { createPlainLog } from './log.ts';
import { reloadOnChange, workflowsLine } from './reload.ts';
import { requireLocal } from './require-local.ts';
import { untilStopped } from './until-stopped.ts';

interface DevFlags extends Omit<TargetFlags, 'url'> {
  port?: number;
  aws?: boolean;
  verbose?: boolean;
}

const graceMs = 5_000;

export function devCommand(cli: Cli): Command {
  return withDirectory(
    command('dev', 'work on runs and answer HTTP on 127.0.0.1; workflows are reloaded when they change', [
      ['pawl dev', 'on http://127.0.0.1:8787, or where the configuration says'],
      ['pawl dev --port 9000', 'on another port; 0 takes any that is free'],
      ['pawl dev --aws', 'the Lambda functions over local stand-ins of DynamoDB, SQS and S3'],
    ]),
  )
    .option('-p, --port <port>', 'the port', wholeNumber(0, 65_535))
    .option('--aws', 'run the functions that are deployed to AWS, here; everything stays in memory')
    .action(act(cli, (flags: DevFlags) => (flags.aws ? devOnAws(cli, flags) : dev(cli, flags))));
}

async function dev(cli: Cli, flags: DevFlags): Promise<ExitCode> {
  const log = createPlainLog(cli);
  const restoreConsole = captureConsole((line, stream) => log.say(stream === 'stdout' ? 'info' : 'warn', line));
  const stopped = untilStopped(cli);
  const connection = await cli.connect({ ...flags, purpose: 'work', observer: log.observer });
  try {
    const local = requireLocal(connection);
    const port = flags.port ?? local.project.config.port;
    const { pawl, project, loaded } = local;
    const hosted = await hostApi({
      ...{ api: connection.api, host: '127.0.0.1', port, log, load: pawl.load, limits: project.config.load },
    });
    const watching = reloadOnChange(cli, {
      project,
      loaded,
      log,
      verbose: flags.verbose ?? false,
      deploy: ({ workflows, handlers }) => pawl.setWorkflows(workflows, handlers),
    });
    log.say(
      'info',
      `Pawl works on ${local.project.dataDir} and answers at ${hosted.url} (documentation: ${hosted.url}/docs)`,
    );
    log.say('info', workflowsLine(loaded));
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
