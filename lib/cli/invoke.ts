import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Argument, type Command } from 'commander';
import type { FunctionName } from '../dev/local-aws.ts';
import type { Cli } from './cli.ts';
import { act, command } from './command-options.ts';
import { captureConsole } from './console-capture.ts';
import { type AwsFlags, openLocalAws } from './dev-aws.ts';
import { Complaint, type ExitCode, exitCode } from './exit-codes.ts';
import { createPlainLog } from './log.ts';
import { parseJson } from './parse-json.ts';

const names: readonly FunctionName[] = ['api', 'driver', 'sweeper', 'trigger'];

export function invokeCommand(cli: Cli): Command {
  return command('invoke', 'call one of the Lambda functions here, with an event as AWS sends it', [
    ['pawl invoke api events/aws/api-start.json', 'a request as API Gateway passes it on'],
    ['pawl invoke trigger events/aws/trigger-custom-event.json', 'an event that starts a workflow'],
    ['pawl invoke sweeper events/aws/sweeper-tick.json', 'a tick of the schedule'],
  ])
    .addArgument(new Argument('<function>', 'which of them').choices([...names]))
    .argument('<event>', 'a file with the event, as JSON')
    .option('--config <file>', 'the configuration (default: pawl.config.ts, .js, .mjs or .json here)')
    .action(act(cli, (name: FunctionName, file: string, flags: AwsFlags) => invokeFunction(cli, name, file, flags)));
}

/** The services are empty stand-ins in memory; what the function made of its event is printed. */
async function invokeFunction(cli: Cli, name: FunctionName, file: string, flags: AwsFlags): Promise<ExitCode> {
  const text = await readFile(resolve(cli.cwd, file), 'utf8').catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Complaint(`The event file ${file} cannot be read: ${why}`, { cause });
  });
  const event = parseJson(text, file);
  const log = createPlainLog(cli);
  const restoreConsole = captureConsole((line, stream) => log.say(stream === 'stdout' ? 'info' : 'warn', line));
  try {
    const { aws } = await openLocalAws(cli, { ...flags, port: 0 }, log, { eventSource: false, schedule: false });
    try {
      cli.terminal.out(JSON.stringify(await aws.invoke(name, event), undefined, 2));
      return exitCode.ok;
    } finally {
      await aws.close();
    }
  } finally {
    restoreConsole();
  }
}
