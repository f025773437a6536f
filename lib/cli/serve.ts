import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { isLoopback } from '../http/loopback.ts';
import type { LogLevel } from '../kernel/operations.ts';
import type { Cli } from './cli.ts';
import { act, command, type TargetFlags, wholeNumber, withDirectory } from './command-options.ts';
import { captureConsole } from './console-capture.ts';
import { Complaint, type ExitCode, exitCode } from './exit-codes.ts';
import { hostApi } from './host-api.ts';
import { createJsonLog, logLevels } from './log.ts';
import { requireLocal } from './require-local.ts';
import { untilStopped } from './until-stopped.ts';

interface ServeFlags extends Omit<TargetFlags, 'url'> {
  host?: string;
  port?: number;
  tokenFile?: string;
  grace: number;
  logLevel: LogLevel;
}

export function serveCommand(cli: Cli): Command {
  return withDirectory(
    command('serve', 'work on runs and answer HTTP, as a server: JSON logs, a token, a clean end', [
      ['pawl serve', 'on 127.0.0.1:8787, or where the configuration says'],
      ['PAWL_TOKEN=… pawl serve --host 0.0.0.0', 'beyond this machine a token is required'],
      ['pawl serve --host 0.0.0.0 --token-file /run/secrets/pawl', 'the token from a file'],
    ]),
  )
    .option('--host <address>', 'the address to listen on')
    .option('-p, --port <port>', 'the port', wholeNumber(0, 65_535))
    .option('--token-file <file>', 'a file with the token that requests have to bear (or PAWL_TOKEN)')
    .option('--grace <seconds>', 'how long running steps may end after SIGTERM', wholeNumber(0, 3_600), 20)
    .addOption(new Option('--log-level <level>', 'the least that is logged').choices(logLevels).default('info'))
    .action(act(cli, (flags: ServeFlags) => serve(cli, flags)));
}

async function serve(cli: Cli, flags: ServeFlags): Promise<ExitCode> {
  const log = createJsonLog({ terminal: cli.terminal, now: cli.now, level: flags.logLevel });
  const restoreConsole = captureConsole((line, stream) =>
    log.say(stream === 'stdout' ? 'info' : 'warn', line, { from: 'console' }),
  );
  const stopped = untilStopped(cli);
  const token = await tokenOf(cli, flags);
  if (flags.host !== undefined) requireTokenBeyondLoopback(flags.host, token);
  const connection = await cli.connect({ ...flags, purpose: 'work', observer: log.observer });
  try {
    const { pawl, project, loaded } = requireLocal(connection);
    const host = flags.host ?? project.config.host;
    const port = flags.port ?? project.config.port;
    requireTokenBeyondLoopback(host, token);
    const hosted = await hostApi({
      ...{ api: connection.api, host, port, log, load: pawl.load, limits: project.config.load },
      ...(token !== undefined && { token }),
    });
    const workflows = [...new Set((loaded?.workflows ?? []).map(({ name }) => name))];
    log.say('info', 'listening', { url: hosted.url, dataDir: project.dataDir, workflows });
    const signal = await stopped;
    log.say('info', 'draining', { signal, graceMs: flags.grace * 1_000 });
    await hosted.close();
    await pawl.drain(flags.grace * 1_000);
    log.say('info', 'stopped');
    return exitCode.ok;
  } finally {
    await connection.close();
    restoreConsole();
  }
}

async function tokenOf(cli: Cli, { tokenFile }: ServeFlags): Promise<string | undefined> {
  if (tokenFile === undefined) return (await cli.environment()).token;
  const text = await readFile(resolve(cli.cwd, tokenFile), 'utf8').catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new Complaint(`The token file ${tokenFile} cannot be read: ${why}`, { cause: error });
  });
  const token = text.trim();
  if (/^\S+$/.test(token)) return token;
  throw new Complaint(`The token file ${tokenFile} has no token: expected one line without spaces`);
}

function requireTokenBeyondLoopback(host: string, token: string | undefined): void {
  if (token !== undefined || isLoopback(host)) return;
  throw new Complaint(`A token is required to listen on ${host}, beyond this machine`, {
    advice: ['Set PAWL_TOKEN or --token-file. For a new one: openssl rand -hex 32', 'Or listen on 127.0.0.1.'],
  });
}
