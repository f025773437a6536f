import type { LocalAws } from '../dev/local-aws.ts';
import type { Cli } from './cli.ts';
import type { TargetFlags } from './command-options.ts';
import { captureConsole } from './console-capture.ts';
import { Complaint, type ExitCode, exitCode } from './exit-codes.ts';
import { createPlainLog, type Log } from './log.ts';
import { type LoadedWorkflows, openProject, type Project } from './project.ts';
import { reloadOnChange, workflowsLine } from './reload.ts';
import { untilStopped } from './until-stopped.ts';

export interface AwsFlags extends Omit<TargetFlags, 'url'> {
  port?: number;
  verbose?: boolean;
}

/** The functions as AWS would run them, until the user stops. */
export async function devOnAws(cli: Cli, flags: AwsFlags): Promise<ExitCode> {
  if (flags.dataDir !== undefined) {
    throw new Complaint('--aws goes without --data-dir: everything stays in memory, and is gone with the process');
  }
  const log = createPlainLog(cli);
  const restoreConsole = captureConsole((line, stream) => log.say(stream === 'stdout' ? 'info' : 'warn', line));
  const stopped = untilStopped(cli);
  try {
    const { aws, project, loaded } = await openLocalAws(cli, flags, log);
    const watching = reloadOnChange(cli, {
      project,
      loaded,
      log,
      verbose: flags.verbose ?? false,
      deploy: (next) => aws.deploy(codeOf(next)),
    });
    log.say('info', `The functions answer at ${aws.url}, over DynamoDB, SQS and S3 in memory; a sweeper each minute`);
    log.say('info', workflowsLine(loaded));
    await stopped;
    log.say('info', 'Ending all turns; once more to quit at once');
    watching.close();
    await aws.close();
    return exitCode.ok;
  } finally {
    restoreConsole();
  }
}

export interface OpenedAws {
  aws: LocalAws;
  project: Project;
  loaded: LoadedWorkflows;
}

export async function openLocalAws(
  cli: Cli,
  flags: AwsFlags,
  log: Pick<Log, 'observer'>,
  options: { eventSource?: boolean; schedule?: boolean } = {},
): Promise<OpenedAws> {
  const project = await openProject({ cwd: cli.cwd, configFile: flags.config });
  const loaded = await project.loadWorkflows();
  const [{ startLocalAws }, { systemClock }] = await Promise.all([
    import('../dev/local-aws.ts'),
    import('../wiring/system.ts'),
  ]);
  const aws = await startLocalAws({
    ...codeOf(loaded),
    ...options,
    port: flags.port ?? project.config.port,
    graphs: () => ({ hosts: [...(project.config.http?.allow ?? [])], functions: [], queues: [] }),
    clock: systemClock,
    observer: log.observer,
  });
  return { aws, project, loaded };
}

function codeOf(loaded: LoadedWorkflows): { workflows: Record<string, unknown>; deployment: string } {
  const { workflows, handlers, hash } = loaded;
  return { workflows: { workflows, handlers }, deployment: hash };
}
